"""What a process that runs a stranger's code may still ask of the kernel: seccomp.

Everything that is not in this list is refused with "Operation not permitted": new
processes and threads, sockets, signals to others, and every change to a file. Files can
be opened for reading only. So there is no fork bomb, no full disk, and nothing to be
deleted, whoever the process runs as.
"""

import ctypes
import platform
import struct

# name: (number on x86_64, number on aarch64); None where there is no such call. Those
# of aarch64 are looked up and not tried: `make grade` tries our own solutions first.
PLAIN = {
    # memory
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "brk": (12, 214),
    "mremap": (25, 216),
    "madvise": (28, 233),
    # what is open already; without write access to any file it can only be a pipe
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "fstat": (5, 80),
    "lseek": (8, 62),
    "pread64": (17, 67),
    "readv": (19, 65),
    "writev": (20, 66),
    "dup": (32, 23),
    "poll": (7, None),
    "ppoll": (271, 73),
    # looking for files
    "stat": (4, None),
    "lstat": (6, None),
    "access": (21, None),
    "readlink": (89, None),
    "getcwd": (79, 17),
    "getdents64": (217, 61),
    "newfstatat": (262, 79),
    "readlinkat": (267, 78),
    "faccessat": (269, 48),
    "statx": (332, 291),
    "faccessat2": (439, 439),
    # its own time, signals and numbers
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "sched_yield": (24, 124),
    "nanosleep": (35, 101),
    "getitimer": (36, 102),
    "setitimer": (38, 103),
    "gettimeofday": (96, 169),
    "times": (100, 153),
    "time": (201, None),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "restart_syscall": (219, 128),
    "getpid": (39, 172),
    "getppid": (110, 173),
    "gettid": (186, 178),
    "getuid": (102, 174),
    "getgid": (104, 176),
    "geteuid": (107, 175),
    "getegid": (108, 177),
    "uname": (63, 160),
    "sysinfo": (99, 179),
    "getrusage": (98, 165),
    "sched_getaffinity": (204, 123),
    "getrandom": (318, 278),
    "futex": (202, 98),
    "set_robust_list": (273, 99),
    "rseq": (334, 293),
    # the end
    "exit": (60, 93),
    "exit_group": (231, 94),
}
# name: (numbers, which argument is looked at, what it may be)
ONLY = {
    # is it a terminal? close it when another program starts
    "ioctl": ((16, 29), 1, (0x5401, 0x5450, 0x5451)),
    # copies of an open file and its flags; never whom to send a signal
    "fcntl": ((72, 25), 1, (0, 1, 2, 3, 1030)),
}
# name: (numbers, which argument holds the flags)
OPENING = {"open": ((2, None), 1), "openat": ((257, 56), 2)}
TO_WRITE = 0o1 | 0o2 | 0o100 | 0o1000  # O_WRONLY, O_RDWR, O_CREAT, O_TRUNC

MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

# The words of the little language in which the kernel is told (BPF).
LOAD, EQUAL, ANY_BIT, RETURN = 0x20, 0x15, 0x45, 0x06
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050001, 0x80000000


def program(machine: str) -> bytes:
    """The list above for one kind of machine, as the kernel reads it."""
    column, architecture = MACHINES[machine]
    # Of what is asked, the number stands at byte 0, the architecture at 4, and the
    # arguments from 16 on, each 8 bytes with the lower half first.
    steps = [(LOAD, 0, 0, 4), (EQUAL, 1, 0, architecture), (RETURN, 0, 0, KILL)]
    steps.append((LOAD, 0, 0, 0))
    for numbers in PLAIN.values():
        if (number := numbers[column]) is not None:
            steps += [(EQUAL, 0, 1, number), (RETURN, 0, 0, ALLOW)]
    for numbers, place, allowed in ONLY.values():
        tests = [(LOAD, 0, 0, 16 + 8 * place)]
        for value in allowed:
            tests += [(EQUAL, 0, 1, value), (RETURN, 0, 0, ALLOW)]
        tests.append((RETURN, 0, 0, REFUSE))
        steps += [(EQUAL, 0, len(tests), numbers[column]), *tests]
    for numbers, place in OPENING.values():
        if (number := numbers[column]) is not None:
            steps += [(EQUAL, 0, 4, number), (LOAD, 0, 0, 16 + 8 * place)]
            steps += [(ANY_BIT, 0, 1, TO_WRITE), (RETURN, 0, 0, REFUSE)]
            steps.append((RETURN, 0, 0, ALLOW))
    steps.append((RETURN, 0, 0, REFUSE))
    return b"".join(struct.pack("HBBI", *step) for step in steps)


def allow_only_these() -> None:
    """From here on this process can do nothing else; there is no way back.

    Raises OSError where the kernel, or the machine, does not know how.
    """
    machine = platform.machine()
    if machine not in MACHINES:
        raise OSError(f"the calls of a {machine} are not known")
    steps = program(machine)
    kept = ctypes.create_string_buffer(steps, len(steps))
    # struct sock_fprog: how many, and where
    told = struct.pack("HxxxxxxQ", len(steps) // 8, ctypes.addressof(kept))
    c = ctypes.CDLL(None, use_errno=True)
    no_new_privileges, seccomp, by_filter = 38, 22, 2
    if c.prctl(no_new_privileges, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no_new_privs")
    if c.prctl(seccomp, by_filter, told, 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp")
