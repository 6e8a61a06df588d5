"""Make a virtual environment and install a locked list of packages into it, unless that is done already.

    python3 devserver/install.py .venv requirements/dev.txt

Runs on a bare machine with the standard library alone, and on an older Python as far as saying so.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST, NEWEST = (3, 11), (3, 13)
UV = "uv==0.13.9"


def main(folder: str, requirements: str) -> None:
    environment, lock = Path(folder), Path(requirements)
    stamp = environment / ".installed"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    usable = is_suitable(str(environment / "bin" / "python"))  # the Python it was made from may have gone
    if usable and stamp.exists() and stamp.read_text() == wanted:
        return
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if not usable:
        python = suitable_python()
        say(f"Making the environment {folder} with {python}")
        make_environment(python, environment)
    say(f"Installing the packages of {requirements} (seconds with uv, a minute or two with pip)")
    install(environment, lock)
    stamp.write_text(wanted)


def suitable_python() -> str:
    """The Python that runs us when it will do, else another on the PATH."""
    for python in (sys.executable, "python3.12", "python3.13", "python3.11"):
        if is_suitable(python):
            return python
    found = ".".join(str(number) for number in sys.version_info[:3])
    needed = f"Mailmerge needs Python 3.{OLDEST[1]} to 3.{NEWEST[1]}; this is {found}"
    sys.exit(f"✗ {needed}. Install one and name it: make PYTHON=python3.12")


def is_suitable(python: str) -> bool:
    code = f"import sys; sys.exit(not {OLDEST} <= sys.version_info[:2] <= {NEWEST})"
    try:
        return subprocess.run([python, "-c", code], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def make_environment(python: str, environment: Path) -> None:
    shutil.rmtree(str(environment), ignore_errors=True)
    if not succeeds(python, "-m", "venv", str(environment)):
        shutil.rmtree(str(environment), ignore_errors=True)
        sys.exit(
            f"✗ {python} could not make a virtual environment.\n"
            "  On Debian and Ubuntu its `venv` module is a package of its own: apt install python3-venv"
        )


def install(environment: Path, lock: Path) -> None:
    """By uv where it can be had, which takes seconds; by pip otherwise. Every file must match its hash."""
    python, uv = str(environment / "bin" / "python"), environment / "bin" / "uv"
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    exact = ["--quiet", "--require-hashes", "-r", str(lock)]
    if not uv.exists() and not succeeds(*pip, UV):
        say("uv could not be installed; going on with pip")
    if uv.exists() and succeeds(str(uv), "pip", "install", "--system-certs", "--python", python, *exact):
        return
    if uv.exists():
        say("uv could not install them; trying again with pip")
    if not succeeds(*pip, *exact):
        sys.exit("✗ The packages could not be installed; the lines above say why.")


def succeeds(*command: str) -> bool:
    return subprocess.run(command, check=False).returncode == 0


def say(text: str) -> None:
    print(f"→ {text}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
