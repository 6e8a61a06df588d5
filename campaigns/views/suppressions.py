"""Addresses the workspace must not mail."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.core.validators import validate_email
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import AuditEntry
from accounts.permissions import SignedInRequest, signed_in
from campaigns.models import Suppression
from campaigns.views.base import workspace_of

PER_PAGE = 50


@signed_in
@require_GET
def suppressions(request: SignedInRequest) -> HttpResponse:
    search = request.GET.get("search", "").strip()
    found = Suppression.objects.filter(workspace=workspace_of(request)).order_by("-created_at", "-pk")
    if search:
        found = found.filter(address__icontains=search)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {"section": "settings", "search": search, "page": page}
    return render(request, "campaigns/suppressions.html", context)


@signed_in
@require_POST
def add(request: SignedInRequest) -> HttpResponse:
    address = request.POST.get("address", "").strip()
    try:
        validate_email(address)
    except ValidationError:
        said = _("“%(address)s” is not an address. Nothing was added.")
        messages.error(request, said % {"address": address})
        return redirect("suppressions")
    Suppression.objects.add(workspace_of(request), [address], Suppression.Reason.BY_HAND)
    AuditEntry.note(request.user, "suppression added")
    messages.success(request, _("%(address)s will not be mailed from this workspace.") % {"address": address})
    return redirect("suppressions")


@signed_in
@require_POST
def remove(request: SignedInRequest, suppression_id: int) -> HttpResponse:
    """Only what was added by hand: who unsubscribed must not be mailed again."""
    by_hand = Suppression.objects.filter(workspace=workspace_of(request), reason=Suppression.Reason.BY_HAND)
    suppression = get_object_or_404(by_hand, pk=suppression_id)
    if not by_hand.filter(pk=suppression.pk).delete()[0]:
        raise Http404  # unsubscribed this very moment
    AuditEntry.note(request.user, "suppression removed")
    messages.success(request, _("%(address)s may be mailed again.") % {"address": suppression.address})
    return redirect("suppressions")
