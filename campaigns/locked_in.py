"""What a child process that works on what strangers wrote does first, and how it answers. It is started by `child`.

It answers in frames: one letter, the length of the rest as four bytes, the rest.
"""

import ctypes
import json
import os
import resource
import signal
import struct
import sys
from typing import Any

PR_SET_PDEATHSIG = 1
FRAME = struct.Struct(">cI")


def lock_in(parent: int, memory_bytes: int, cpu_seconds: int) -> None:
    """Memory, processor time, no files written, kept for us by the kernel; dead with its parent, whose pid this is."""
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    if libc is not None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before we could ask
            os._exit(1)
    for limit, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(limit)[1]
        resource.setrlimit(limit, (value, value) if hard == resource.RLIM_INFINITY else (min(value, hard), hard))


class Frames:
    """Standard output, for frames alone."""

    def __init__(self) -> None:
        self._out = os.dup(1)
        os.dup2(2, 1)  # nothing a library prints may get between them

    def send(self, letter: bytes, *pieces: bytes) -> None:
        view = memoryview(b"".join((FRAME.pack(letter, sum(map(len, pieces))), *pieces)))
        while view:
            view = view[os.write(self._out, view) :]

    def tell(self, letter: bytes, told: dict[str, Any]) -> None:
        self.send(letter, json.dumps(told).encode())
