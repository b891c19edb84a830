"""Walls around a stranger's code, on Linux: what it sees, and how much it may take.

Three kinds, each tried, and each enough to hide the teacher's files by itself:

    namespaces    an empty root in which only the given paths appear; no network card
    Landlock      the kernel lets it read under the given paths and nowhere else
    seccomp       no new process, no socket, no change to any file (calls.py)

seccomp must be had, and one of the other two: a container often forbids namespaces, an
older kernel knows no Landlock. Where that is not so, nothing is run.
"""

import ctypes
import os
import struct
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from grading.calls import allow_only_these

WAYS = ("namespaces", "Landlock")  # how files are hidden


class Limits(NamedTuple):
    """How much one job may take."""

    seconds: int = 5  # of work
    patience: int = 20  # seconds on the clock
    memory: int = 2**30  # bytes, beyond what is there before it begins
    output: int = 2**24  # bytes of answers


# What is taken ------------------------------------------------------------------------


def limit(limits: Limits) -> None:
    """Time, memory and files of this process, and no process besides it."""
    import resource  # not on Windows

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    memory = pages * resource.getpagesize() + limits.memory
    for what, most in (
        (resource.RLIMIT_CPU, limits.seconds),
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_NPROC, 1),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


# What is seen -------------------------------------------------------------------------


def python_needs() -> list[Path]:
    """Where Python, its packages and the system's libraries lie."""
    folders = ["/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/dev/urandom"]
    folders += [sys.prefix, sys.base_prefix]
    folders += [path for path in sys.path if "site-packages" in path]
    return [Path(folder) for folder in folders if os.path.exists(folder)]


C = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _ask(done: int, what: str) -> int:
    if done < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")
    return done


def new_root(visible: Iterable[Path], root: Path) -> None:
    """Go into namespaces of our own, where nothing but these paths is there.

    Args:
        root: an empty folder, over which the new root is laid; it stays empty
    """
    user, mounts, network, messages = 0x10000000, 0x00020000, 0x40000000, 0x08000000
    me, group = os.getuid(), os.getgid()
    _ask(C.unshare(user | mounts | network | messages), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{me} {me} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    bind, remount, recursive, private, read_only = 0x1000, 0x20, 0x4000, 0x40000, 1

    def mount(source, target, kind, flags):
        names = [None if x is None else os.fsencode(x) for x in (source, target, kind)]
        return C.mount(*names, ctypes.c_ulong(flags), None)

    _ask(mount(None, "/", None, recursive | private), "private mounts")
    _ask(mount("none", root, "tmpfs", 0), "tmpfs")
    for path in visible:
        place = root / path.relative_to("/")
        if path.is_dir():
            place.mkdir(parents=True, exist_ok=True)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
        _ask(mount(path, place, None, bind | recursive), f"bind {path}")
        # Some mounts may not be changed by us; then seccomp alone forbids writing.
        mount(None, place, None, bind | remount | read_only)
    os.chroot(root)
    os.chdir("/")


def landlock(visible: Iterable[Path]) -> None:
    """Reading is allowed under these paths, and nothing else anywhere."""
    create, add, restrict = 444, 445, 446
    version = _ask(C.syscall(create, None, ctypes.c_size_t(0), 1), "Landlock")
    # Each version of Landlock knows some more kinds of access; all are forbidden.
    every = (1 << {1: 13, 2: 14}.get(version, 15)) - 1
    read_file, read_folder = 1 << 2, 1 << 3
    told = struct.pack("Q", every)
    rules = _ask(C.syscall(create, told, ctypes.c_size_t(8), 0), "Landlock")
    for path in visible:
        allowed = read_file | read_folder if path.is_dir() else read_file
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        rule = struct.pack("=Qi", allowed, place)
        _ask(C.syscall(add, rules, 1, rule, 0), f"Landlock for {path}")
        os.close(place)
    _ask(C.prctl(38, 1, 0, 0, 0), "no_new_privs")
    _ask(C.syscall(restrict, rules, 0), "Landlock")
    os.close(rules)


def close_in(
    visible: Iterable[Path], root: Path, limits: Limits, ways: Iterable[str] = WAYS
) -> list[str]:
    """Raise all walls that this machine has around this process; says which.

    Raises OSError unless files are hidden and calls are refused.
    """
    visible = [path for path in visible if path.exists()]
    limit(limits)
    held, why = [], []
    for way in ways:
        try:
            if way == "namespaces":
                new_root(visible, root)
            else:
                landlock(visible)
        except OSError as error:
            why.append(f"{way}: {error}")
        else:
            held.append(way)
    if not held:
        raise OSError("; ".join(why))
    allow_only_these()
    return [*held, "seccomp"]


# Can it be done here? -----------------------------------------------------------------


def what_holds(root: Path, ways: Iterable[str] = WAYS) -> tuple[list[str], str]:
    """Which walls this machine has, and why not if it has too few.

    Tried in a process that ends at once.
    """
    if sys.platform != "linux":
        return [], f"they are Linux's, and this is {sys.platform}"
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            held = close_in(python_needs(), root, Limits(), ways)
            os.write(theirs, ("ok " + " ".join(held)).encode())
        except BaseException as error:
            os.write(theirs, str(error).encode())
        os._exit(0)
    os.close(theirs)
    os.waitpid(child, 0)
    with open(ours, encoding="utf-8") as pipe:
        said = pipe.read()
    if said.startswith("ok "):
        return said.split()[1:], ""
    return [], said
