"""Ask LibreOffice what it shows: a workbook becomes a CSV file with every cell as it is displayed."""

import csv
import os
import shutil
import signal
import subprocess
from pathlib import Path

# Writer alone brings a soffice that reads no sheet.
PROGRAM = shutil.which("soffice") if shutil.which("localc") or shutil.which("scalc") else None
SECONDS = 60
# Tab, double quote, UTF-8, from row 1; not all texts quoted, numbers and everything else as shown. The places:
# https://help.libreoffice.org/latest/en-US/text/shared/guide/csv_params.html
AS_SHOWN = "csv:Text - txt - csv (StarCalc):9,34,76,1,,0,false,true,true"
SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Setup/L10N"><prop oor:name="ooSetupSystemLocale" oor:op="fuse">
<value>{locale}</value></prop></item>
</oor:items>
"""


def version() -> str:
    """Such as ``7.4``."""
    done = subprocess.run(
        [PROGRAM or "soffice", "--version"], capture_output=True, text=True, timeout=SECONDS, check=True
    )
    return ".".join(done.stdout.split()[1].split(".")[:2])


def shown(books: list[Path], locale: str, folder: Path) -> list[list[str]]:
    """The texts in column B of each book below its header, as a user with ``locale`` sees them.

    ``folder`` takes LibreOffice's profile and its output; nothing of the user's own is touched. Raises
    subprocess.SubprocessError if LibreOffice fails or takes too long.
    """
    profile, output = folder / f"profile-{locale}", folder / f"shown-{locale}"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(SETTINGS.format(locale=locale))
    command = [PROGRAM or "soffice", "--headless", f"-env:UserInstallation={profile.as_uri()}"]
    _run([*command, "--convert-to", AS_SHOWN, "--outdir", str(output), *map(str, books)], home=folder)
    return [_column_b(output / f"{book.stem}.csv") for book in books]


def _run(command: list[str], home: Path) -> None:
    """Run in a process group of its own: ``soffice`` starts the program that does the work, and both must end."""
    environment = {**os.environ, "HOME": str(home), "TZ": "UTC"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            if process.wait(SECONDS):
                raise subprocess.CalledProcessError(process.returncode, command)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise


def _column_b(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as stream:
        return [row[1] if len(row) > 1 else "" for row in csv.reader(stream, delimiter="\t")][1:]
