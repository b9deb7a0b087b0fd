"""A few lines between fork and exec that give up rights and tie a child's life to the supervisor's.

Run by path, as `python -I -S launch.py PARENT SIGNAL UID GID DIRECTORY COMMAND...`: it imports the standard
library only, so it costs some 20 ms. A `preexec_fn` would run the same code in a copy of the supervisor, which is
not safe once a library has started a thread there.

On Linux the kernel sends SIGNAL when the supervisor is gone, however it went. Other systems have no such call:
there a supervisor killed with SIGKILL leaves its children running, and the next start names the ports they hold.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
KEEP = -1  # uid and gid: stay who we are
UNREACHABLE = 78  # exit status: the account cannot enter the directory or run the command


def drop_rights(uid: int, gid: int) -> None:
    """Become an unprivileged account for good, keeping no group of the one we were."""
    if uid == KEEP:
        return
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def die_with(parent: int, number: int) -> None:
    """Have the kernel send the signal when the supervisor ends; exit now if it already has."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def first_closed(path: str) -> str | None:
    """The first part of a path, from the root on, that this account may not enter or run."""
    way = [path]
    while way[-1] != os.path.dirname(way[-1]):
        way.append(os.path.dirname(way[-1]))
    for step in reversed(way):
        if not os.access(step, os.X_OK):
            return step
    return None


def main(argv: list[str]) -> None:
    """Drop rights, then ask for the signal (a change of user clears it), then become the command."""
    parent, number, uid, gid = (int(word) for word in argv[:4])
    directory, command = argv[4], argv[5:]
    os.umask(0o077)
    drop_rights(uid, gid)
    die_with(parent, number)
    for path in (directory, command[0]):
        closed = first_closed(path)
        if closed is not None:
            sys.stderr.write(f"{closed}\n")
            sys.exit(UNREACHABLE)
    os.chdir(directory)
    os.execv(command[0], command)  # noqa: S606 - the point of this file


if __name__ == "__main__":
    main(sys.argv[1:])
