"""Compiles the translations (locale/*/LC_MESSAGES/*.po to .mo) without GNU gettext: bare machines lack it."""

from pathlib import Path

import polib

from devserver.places import PROJECT


def compile_messages(locale: Path = PROJECT / "locale") -> list[Path]:
    """Write the .mo beside every .po that is newer than it; return those written."""
    written = []
    for source in sorted(locale.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime_ns < source.stat().st_mtime_ns:
            half = target.with_suffix(".mo.part")
            polib.pofile(str(source)).save_as_mofile(str(half))
            half.replace(target)
            written.append(target)
    return written
