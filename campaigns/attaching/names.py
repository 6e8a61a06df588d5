"""File names that every mail program and file system takes."""

import re
import unicodedata

from campaigns.attaching.file_types import extension

LONGEST = 150  # characters; Windows takes 255 for the whole of a name, and mail programs add to it
_NOT_IN_NAMES = re.compile(r'[/\\:*?"<>|]+')
_UNSEEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}  # line breaks, and marks that turn "fdp.exe" into "exe.pdf"


def safe_name(text: str, otherwise: str = "file") -> str:
    """The text as a file name: one line, no path, no character that Windows refuses, at most LONGEST long.

    The extension survives the cut. `otherwise` when nothing is left.
    """
    seen = "".join(" " if unicodedata.category(one) in _UNSEEN else one for one in unicodedata.normalize("NFC", text))
    name = " ".join(_NOT_IN_NAMES.sub("-", seen).split()).strip(". -")
    if len(name) > LONGEST:
        ending = f".{extension(name)}" if 0 < len(extension(name)) <= 10 else ""
        name = name[: LONGEST - len(ending)].rstrip(". ") + ending
    return name or otherwise


def base_name(path: str) -> str:
    """The last part of a path of any system."""
    return re.split(r"[/\\]", path)[-1].strip()


def with_extension_of(name: str, file_name: str) -> str:
    """A name that lacks the file's extension gets it: recipients' programs go by it."""
    wanted = extension(file_name)
    return name if not wanted or extension(name) == wanted else f"{name}.{wanted}"
