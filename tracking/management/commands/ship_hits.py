"""Ship hits from the spool into PostgreSQL: one such process beside each tracking edge."""

import signal
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from tracking.shipper import PAUSE_SECONDS, Shipper


class Command(BaseCommand):
    help = "Store the tracking edge's hits, each once. Runs until it is told to stop."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--spool", type=Path, default=settings.SPOOL_DIR, help="the edge's spool directory")
        parser.add_argument("--every", type=float, default=PAUSE_SECONDS, help="seconds between two looks")
        parser.add_argument("--once", action="store_true", help="ship what is finished now, then end")

    def handle(self, *args: Any, **options: Any) -> None:
        directory: Path = options["spool"]
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        shipper = Shipper(directory, pause_seconds=options["every"])
        if options["once"]:
            while shipper.ship().segments:
                pass
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        shipper.run(stop)
