"""What is written once, and becomes a mail for every row."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Template(models.Model):
    """The one email with fields."""

    campaign = models.OneToOneField(
        "campaigns.Campaign", verbose_name=_("campaign"), on_delete=models.CASCADE, related_name="template"
    )
    subject = models.TextField(_("subject"), blank=True)
    html = models.TextField(_("message"), blank=True)
    version = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField(_("saved"), default=timezone.now)

    class Meta:
        verbose_name = _("template")
        verbose_name_plural = _("templates")

    def __str__(self) -> str:
        return f"template of campaign {self.campaign_id}"

    @property
    def is_written(self) -> bool:
        return bool(self.subject.strip() and self.html.strip())
