"""Messages a workspace keeps for next time."""

from typing import ClassVar, Self

from django.db import models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import User, Workspace

MOST_PER_WORKSPACE = 500
MAX_CHARACTERS = 8_000_000  # as of a message


class NotSaved(ValueError):
    """The template was not kept; the text is for the user."""


class SavedTemplateQuerySet(models.QuerySet["SavedTemplate"]):
    def for_user(self, user: User) -> Self:
        """The one door: what this person's workspace has kept."""
        return self.filter(workspace_id=user.workspace_id)

    def keep(self, owner: User, name: str, subject: str, html: str) -> "SavedTemplate":
        """Keep this message under a name. Raises NotSaved."""
        if owner.workspace is None:
            raise ValueError("An operator has no workspace, and so no templates.")
        if not name.strip() or not (subject.strip() or html.strip()):
            raise NotSaved(_now("A template needs a name and a message. Nothing was saved."))
        if len(html) > MAX_CHARACTERS:
            raise NotSaved(_now("The message is too large for a template. Nothing was saved."))
        with transaction.atomic():
            Workspace.objects.select_for_update().get(pk=owner.workspace.pk)  # one counts and keeps at a time
            if self.for_user(owner).count() >= MOST_PER_WORKSPACE:
                raise NotSaved(_now("Your workspace has as many templates as it can keep. Delete one first."))
            return self.create(
                workspace=owner.workspace, owner=owner, name=name.strip()[:100], subject=subject, html=html
            )


class SavedTemplate(models.Model):
    """Subject and message under a name: anybody of the workspace may use it, its owner and admins may change it."""

    workspace = models.ForeignKey(Workspace, verbose_name=_("workspace"), on_delete=models.CASCADE)
    owner = models.ForeignKey(
        User, verbose_name=_("owner"), null=True, on_delete=models.SET_NULL, related_name="saved_templates"
    )
    name = models.CharField(_("name"), max_length=100)
    subject = models.TextField(_("subject"), blank=True)
    html = models.TextField(_("message"), blank=True)
    saved_at = models.DateTimeField(_("saved"), default=timezone.now)

    objects: ClassVar[SavedTemplateQuerySet] = SavedTemplateQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("saved template")
        verbose_name_plural = _("saved templates")
        ordering = [F("saved_at").desc(), "-pk"]

    def __str__(self) -> str:
        return f"saved template {self.pk}"  # its name may be telling, and operators see this

    def may_change(self, user: User) -> bool:
        """Renaming and deleting are for whoever saved it, and for admins of the workspace."""
        return self.workspace_id == user.workspace_id and (self.owner_id == user.pk or user.is_workspace_admin)

    def rename(self, name: str) -> None:
        """An empty name changes nothing."""
        if name.strip():
            self.name = name.strip()[:100]
            self.save(update_fields=["name"])
