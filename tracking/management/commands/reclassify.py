"""Judge a campaign's opens and clicks again, by today's rules."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from campaigns.models import Campaign
from tracking.verdicts import reclassify


class Command(BaseCommand):
    help = "Judge the opens and clicks of campaigns again: human, machine or unknown."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("campaign", type=int, nargs="+", help="a campaign's number")

    def handle(self, *args: Any, **options: Any) -> None:
        for number in options["campaign"]:
            campaign = Campaign.objects.filter(pk=number).first()
            if campaign is None:
                raise CommandError(f"There is no campaign {number}.")
            self.stdout.write(f"Campaign {number}: {reclassify(campaign)} verdicts changed.")
