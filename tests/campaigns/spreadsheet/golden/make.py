"""Make the stored expectations anew: ``python -m tests.campaigns.spreadsheet.golden.make``.

Needs LibreOffice (Debian: libreoffice-calc). Look at the difference in expectations.tsv before you commit
it: every changed line is a cell that some user sees otherwise than before.
"""

import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.campaigns.spreadsheet.golden import libreoffice, reading
from tests.campaigns.spreadsheet.golden.cases import LOCALES, cases
from tests.campaigns.spreadsheet.golden.expectations import SYSTEMS, Outcome, Place, store
from tests.campaigns.spreadsheet.golden.reasons import reason_for


def main() -> None:
    every = list(cases())
    outcomes: dict[Place, Outcome] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        books = reading.books(folder, every)
        for locale in LOCALES:
            theirs = libreoffice.shown(books, locale, folder)
            for system, book, texts in zip(SYSTEMS, books, theirs, strict=True):
                for case, text, ours in zip(every, texts, reading.shown(book, locale), strict=True):
                    place = Place(case.format, case.value, system, locale)
                    outcomes[place] = Outcome(text, ours, reason_for(place, text, ours))
    store(every, outcomes, libreoffice.version())
    counts = Counter(outcome.reason or "the same" for outcome in outcomes.values())
    sys.stdout.writelines(f"{count:7} {reason}\n" for reason, count in counts.most_common())


if __name__ == "__main__":
    main()
