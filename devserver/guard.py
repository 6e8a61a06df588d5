"""Become the program named on the command line, tied to the life of the process that started us.

    python -I -S guard.py PARENT_PID DEATH_SIGNAL UID GID PROGRAM [ARGUMENT …]

Gives up root for UID and GID (-1 keeps who we are), asks the kernel for DEATH_SIGNAL when the parent dies,
and execs. A program of its own rather than a `preexec_fn`: that is Python run after a fork of a process with
threads, and may hang. Giving up root clears the parent-death signal, so the signal is asked for last.

Linux ties the signal to the parent's *thread*: start guarded programs from one that lives as long as they
should. Elsewhere there is no such signal; the next start ends what a killed parent left (processes.py).
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html


def main() -> None:
    parent, death_signal, uid, gid = (int(word) for word in sys.argv[1:5])
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:  # it died before we asked
            sys.exit(1)
    for ignored_by_python in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored_by_python, signal.SIG_DFL)
    os.execvp(sys.argv[5], sys.argv[5:])


if __name__ == "__main__":
    main()
