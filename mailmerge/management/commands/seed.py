"""Fill a demo with people and a campaign in every state, over real HTTP: sign-in at the local Microsoft 365,
sending through it, opening and clicking as recipients do. Run again it adds only what is missing.

The last line it prints is JSON: {"api_token": …, "people": [{name, address}, …]}.
"""

import json
import os
import re
import time
from dataclasses import replace
from datetime import timedelta
from html import unescape
from io import BytesIO
from typing import Any

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models import F
from django.utils import timezone

from accounts.models import ApiToken, Mailbox, User, Workspace
from campaigns import importing
from campaigns.export import write_xlsx
from campaigns.models import Campaign, Suppression
from mailmerge.management.commands._samples import BROWSER, INVITATION, LIVE, NEWSLETTER, REPORT, SALARY, Sample

PEOPLE = {
    "ana@contoso.example": "Ana Albrecht",
    "ben@contoso.example": "Ben Bauer",
    "cleo@fabrikam.example": "Cleo Costa",
}
PACE = 300  # messages a minute: the demo's own Microsoft 365 allows it, the real one 30


class Command(BaseCommand):
    help = "Fill a demo with people and a campaign in every state."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--sandbox", default=f"http://127.0.0.1:{os.environ.get('SANDBOX_PORT', '8025')}")

    def handle(self, *args: Any, sandbox: str, **options: Any) -> None:
        if not settings.ON_LOOPBACK:
            raise CommandError("This is for a demo on one's own machine; APP_URL is not on 127.0.0.1.")
        self.sandbox = httpx.Client(base_url=sandbox, timeout=30, trust_env=False)
        limits = {"messages_per_minute": PACE + 30, "requests": 100_000}
        self.sandbox.post("/_control/settings", json=limits).raise_for_status()
        scopes = ["User.Read", "Mail.Send", "Mail.ReadWrite"]
        consent = {"person": "dana@contoso.example", "scopes": scopes, "whole_tenant": True}
        self.sandbox.post("/_control/consent/grant", json=consent).raise_for_status()
        for address in PEOPLE:
            if not Mailbox.objects.filter(address=address, state=Mailbox.State.CONNECTED).exists():
                self.sign_in(address, full=address.endswith("@contoso.example"))
        Workspace.objects.update(messages_per_minute=PACE, cooling_off_seconds=5)
        ana = User.objects.get(email="ana@contoso.example")
        if not ana.campaigns.exists():
            self.samples(ana)
        if not ana.campaigns.filter(status=Campaign.Status.SENDING).exists():
            self.launched(ana, LIVE)
        ApiToken.objects.filter(user=ana, name="Demo").delete()
        _token, text = ApiToken.objects.issue(ana, "Demo")
        people = [{"name": name, "address": address} for address, name in PEOPLE.items()]
        self.stdout.write(json.dumps({"api_token": text, "people": people}))

    # --- people -------------------------------------------------------------------------------------------------

    def sign_in(self, address: str, *, full: bool) -> None:
        """As a browser would: our page sends us to Microsoft, Microsoft sends us back."""
        with httpx.Client(base_url=settings.APP_URL, timeout=30, trust_env=False) as browser:
            start = browser.get("/sign-in/start/", params={"tier": "full"} if full else {})
            there = httpx.URL(start.headers["location"]).copy_merge_params({"login_hint": address, "sandbox_auto": "1"})
            there = there.copy_remove_param("prompt")
            answer = browser.get(there)
            back = browser.get(answer.headers["location"])
            if not back.is_redirect:
                raise CommandError(f"{address} could not sign in: {back.status_code}")

    # --- campaigns ----------------------------------------------------------------------------------------------

    def samples(self, ana: User) -> None:
        """One campaign in each state; the finished one has opens, clicks and an unsubscribe."""
        finished = self.launched(ana, NEWSLETTER)
        self.prepared(ana, REPORT)
        draft = Campaign.objects.new(ana, "Alumni dinner, first ideas")
        draft.save_template("Dinner on the terrace", "<p>Dear all, save the date.</p>")
        Campaign.objects.new(ana, "Supplier survey")
        later = self.launched(ana, INVITATION, after=timedelta(days=1))
        Campaign.objects.filter(pk=later.pk).update(starts_at=timezone.now() + timedelta(days=1))
        paused = self.launched(ana, SALARY, after=timedelta(days=1))
        paused.pause(ana)
        stopped = self.launched(ana, replace(SALARY, name="Car park notice (wrong list)"), after=timedelta(days=1))
        stopped.stop(ana)
        assert ana.workspace is not None  # noqa: S101  Ana has just signed in
        self.waiting_for_approval(ana)
        Suppression.objects.add(ana.workspace, ["old.contact@northwind.example"], Suppression.Reason.BY_HAND)
        self.wait_for(finished)
        self.recipients_react(finished)

    def prepared(self, owner: User, sample: Sample) -> Campaign:
        """Data and message are there: ready to be launched."""
        campaign = Campaign.objects.new(owner, sample.name)
        file = BytesIO()
        write_xlsx(file, sample.header, iter(sample.rows))
        upload = importing.accept(campaign, f"{sample.name}.xlsx", [file.getvalue()], len(file.getvalue()))
        importing.read(upload)
        campaign.refresh_from_db()
        campaign.save_template(sample.subject, sample.html)
        campaign.set_options(
            track_opens=sample.tracking, track_clicks=sample.tracking, unsubscribe_link=sample.tracking
        )
        return campaign

    def launched(self, owner: User, sample: Sample, after: timedelta = timedelta()) -> Campaign:
        campaign = self.prepared(owner, sample)
        campaign.launch(owner, owner.mailbox, starts_at=timezone.now() + after)
        return campaign

    def waiting_for_approval(self, ana: User) -> None:
        """One of Ana's that Ben may approve, and one of Ben's for her; everything else goes without."""
        workspace = Workspace.objects.filter(user=ana)
        workspace.update(approval_above=20)
        self.launched(ana, replace(NEWSLETTER, name="Fees from January"))
        self.launched(User.objects.get(email="ben@contoso.example"), replace(NEWSLETTER, name="Works council election"))
        workspace.update(approval_above=None)

    def wait_for(self, campaign: Campaign) -> None:
        """Until the workers have sent it, half a minute at most."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            campaign.refresh_from_db()
            if campaign.status == Campaign.Status.FINISHED:
                time.sleep(1)  # the delivery's lag
                return
            time.sleep(0.3)
        self.stderr.write("The sample campaign is still being sent; it has no opens yet.")

    def recipients_react(self, campaign: Campaign) -> None:
        """Some open, some click, one unsubscribes, and one scanner looks at everything."""
        # As if sent this morning: whoever clicks within a minute counts as a machine.
        campaign.messages.update(sent_at=F("sent_at") - timedelta(hours=2))
        begins = NEWSLETTER.subject.partition("{{")[0]
        for number, recipient in enumerate(campaign.recipients()):
            found = self.sandbox.get("/_control/messages", params={"to": recipient.address}).json()
            html = next((one["html"] for one in found if one["subject"].startswith(begins)), "")
            links = [unescape(link) for link in re.findall(r'(?:href|src)="(http://[^"]+)"', html)]
            with httpx.Client(headers={"User-Agent": BROWSER}, timeout=10, trust_env=False) as person:
                if number % 3 != 2:
                    self._get(person, links, "/o/")
                if number % 4 == 0:
                    self._get(person, links, "/c/")
                if number == 5 and (page := next((link for link in links if "/u/" in link), None)):
                    person.post(page)

    def _get(self, person: httpx.Client, links: list[str], kind: str) -> None:
        for link in links:
            if kind in link:
                person.get(link)
                return
