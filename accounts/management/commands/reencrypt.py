"""Move every stored secret to the first of ENCRYPTION_KEYS, so that an old key can be taken away."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from accounts import secrets
from accounts.models import Mailbox


class Command(BaseCommand):
    help = "Encrypt every stored secret anew with the first of ENCRYPTION_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        moved = unreadable = 0
        for pk in Mailbox.objects.exclude(token_cache=b"").values_list("pk", flat=True):
            with transaction.atomic():
                mailbox = Mailbox.objects.select_for_update().get(pk=pk)
                try:
                    mailbox.token_cache = secrets.reseal(mailbox.token_cache)
                except secrets.Unreadable:
                    unreadable += 1
                    continue
                mailbox.save(update_fields=["token_cache"])
                moved += 1
        self.stdout.write(f"{moved} encrypted with the first key, {unreadable} unreadable with any of the keys.")
