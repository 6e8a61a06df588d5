"""Templates a workspace has kept: looking, using, naming and deleting them."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_POST

from accounts.models import AuditEntry
from accounts.permissions import SignedInRequest, signed_in
from campaigns.framing import framed
from campaigns.models import Campaign, SavedTemplate
from campaigns.models.saved_template import NotSaved

PER_PAGE = 24


@signed_in
@require_GET
def saved_templates(request: SignedInRequest) -> HttpResponse:
    context = {"section": "campaigns", "page": _page(request)}
    return render(request, "campaigns/saved_templates.html", context)


@signed_in
@require_GET
def cards(request: SignedInRequest) -> HttpResponse:
    """Fragment: the same to choose from in the Message step."""
    return render(request, "campaigns/parts/template_cards.html", {"page": _page(request), "choosing": True})


@signed_in
@require_GET
def one(request: SignedInRequest, template_id: int) -> JsonResponse:
    """Its name, subject and HTML as JSON."""
    template = _find(request, template_id)
    return JsonResponse({"name": template.name, "subject": template.subject, "html": template.html})


@signed_in
@require_GET
@xframe_options_sameorigin
def frame(request: SignedInRequest, template_id: int) -> HttpResponse:
    """The message as it looks, for the thumbnail: it can run nothing and load nothing."""
    return framed(_find(request, template_id).html)


@signed_in
@require_POST
def save(request: SignedInRequest) -> JsonResponse:
    """Keep subject and html under a name. 200 {said}, 422 {error}."""
    given = {name: request.POST.get(name, "") for name in ("name", "subject", "html")}
    try:
        template = SavedTemplate.objects.keep(request.user, **given)
    except NotSaved as problem:
        return JsonResponse({"error": str(problem)}, status=422)
    said = _("The template “%(name)s” is saved. Everybody in your workspace may use it.") % {"name": template.name}
    return JsonResponse({"said": said})


@signed_in
@require_POST
def start(request: SignedInRequest, template_id: int) -> HttpResponse:
    """A new campaign with this message."""
    template = _find(request, template_id)
    campaign = Campaign.objects.new(request.user, template.name)
    campaign.save_template(template.subject, template.html)
    return redirect("campaign-data", campaign.pk)


@signed_in
@require_POST
def rename(request: SignedInRequest, template_id: int) -> HttpResponse:
    _to_change(request, template_id).rename(request.POST.get("name", ""))
    return redirect("saved-templates")


@signed_in
@require_POST
def delete(request: SignedInRequest, template_id: int) -> HttpResponse:
    template = _to_change(request, template_id)
    template.delete()
    AuditEntry.note(request.user, "template deleted", f"template {template_id}")
    messages.success(request, _("The template “%(name)s” is deleted.") % {"name": template.name})
    return redirect("saved-templates")


def _page(request: SignedInRequest) -> "Page[SavedTemplate]":
    """Each with `is_mine_to_change`."""
    found = SavedTemplate.objects.for_user(request.user).select_related("owner").defer("html")
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    for template in page.object_list:
        template.is_mine_to_change = template.may_change(request.user)  # type: ignore[attr-defined]
    return page


def _find(request: SignedInRequest, template_id: int) -> SavedTemplate:
    """The template, if it is of this person's workspace; else 404, as if it did not exist."""
    return get_object_or_404(SavedTemplate.objects.for_user(request.user), pk=template_id)


def _to_change(request: SignedInRequest, template_id: int) -> SavedTemplate:
    template = _find(request, template_id)
    if not template.may_change(request.user):
        raise PermissionDenied
    return template
