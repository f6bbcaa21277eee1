"""Calls of Linux that Python does not make: namespaces, mounts, rights.

Each raises OSError where the system refuses. Where there is no such call, as on other
systems, `LIBRARY` is None or lacks it, and each raises AttributeError.
"""

import ctypes
import os
import sys

NEW_USER, NEW_PID, NEW_NETWORK = 0x10000000, 0x20000000, 0x40000000
NEW_MOUNTS, NEW_HOST, NEW_MESSAGES = 0x00020000, 0x04000000, 0x08000000
# MS_NOSUID, MS_NODEV, MS_NOEXEC
NO_RIGHTS, NO_DEVICES, NO_PROGRAMS = 0x2, 0x4, 0x8
BIND, WHOLE, PRIVATE = 0x1000, 0x4000, 0x40000  # MS_BIND, MS_REC, MS_PRIVATE
DETACH = 0x2  # MNT_DETACH
READ_ONLY = 0x1 | 0x2  # MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID
BELOW = 0x8000  # AT_RECURSIVE
HERE = -100  # AT_FDCWD
SET_ATTRIBUTES = 442  # mount_setattr, since Linux 5.12, on every processor
DEATH_SIGNAL, DROP_BOUNDING, NO_NEW_RIGHTS = 1, 24, 38  # of prctl
RIGHTS = 64  # more than there are kinds of them
RIGHTS_VERSION = 0x20080522

LIBRARY = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class Attributes(ctypes.Structure):
    """struct mount_attr."""

    _fields_ = [
        (name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "user")
    ]


def checked(result: int) -> None:
    """Raise the error of a call that has failed."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def unshare(kinds: int) -> None:
    """Leave the namespaces of these kinds for new ones."""
    checked(LIBRARY.unshare(kinds))


def mount(
    source: str, target: str, kind: str = "", flags: int = 0, options: str = ""
) -> None:
    """Mount `source` at `target`."""
    words = [os.fsencode(word) or None for word in (source, target, kind)]
    checked(LIBRARY.mount(*words, ctypes.c_ulong(flags), os.fsencode(options) or None))


def make_read_only(target: str, below: bool = True) -> None:
    """Let nobody write to a mount, and to those below it."""
    wanted = Attributes(set=READ_ONLY)
    size = ctypes.c_size_t(ctypes.sizeof(wanted))
    where = ctypes.c_char_p(os.fsencode(target))
    flags = BELOW if below else 0
    done = LIBRARY.syscall(
        SET_ATTRIBUTES, HERE, where, flags, ctypes.byref(wanted), size
    )
    checked(done)


def change_root(folder: str) -> None:
    """Make a mounted folder the root of all paths; what was there is out of reach."""
    os.chdir(folder)
    checked(LIBRARY.pivot_root(b".", b"."))
    checked(LIBRARY.umount2(b".", DETACH))
    os.chdir("/")


def die_with_parent(number: int) -> None:
    """Let this process get a signal when its parent ends."""
    checked(LIBRARY.prctl(DEATH_SIGNAL, number))


def give_up_rights() -> None:
    """Give up what makes a process more than its user, for itself and all it starts."""
    checked(LIBRARY.prctl(NO_NEW_RIGHTS, 1, 0, 0, 0))
    for right in range(RIGHTS):
        if LIBRARY.prctl(DROP_BOUNDING, right, 0, 0, 0):
            break  # there is no such right
    header = (ctypes.c_uint32 * 2)(RIGHTS_VERSION, 0)
    checked(LIBRARY.capset(header, (ctypes.c_uint32 * 6)()))
