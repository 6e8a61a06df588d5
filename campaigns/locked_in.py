"""Bounds of a child process that reads what strangers wrote. The kernel keeps them for us."""

import ctypes
import os
import resource
import signal
import sys

PR_SET_PDEATHSIG = 1


def lock_in(parent: int, memory_bytes: int, cpu_seconds: int) -> None:
    """Memory, processor time, no files written; dead with its parent, whose pid this is."""
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
