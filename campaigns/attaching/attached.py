"""A file as a composed mail carries it."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Attached:
    """A file of one mail. `size` is in bytes; `content` may be a function that fetches them when the mail goes.

    With an `inline_id` it is shown inside the text, by `<img src="cid:…">`.
    """

    name: str
    media_type: str
    size: int
    content: bytes | Callable[[], bytes] = field(repr=False, compare=False)
    inline_id: str = ""

    def read(self) -> bytes:
        return self.content if isinstance(self.content, bytes) else self.content()
