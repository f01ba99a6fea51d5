"""What stands in for Landlock's scopes where the kernel has none (before version 6, Linux 6.12).

Programs of two slots share a network namespace, in which abstract unix sockets have names for all. A
filter of system calls leaves no way to reach a name: `connect` is refused, and so are the sockets that
can send to a name without it. Signals need no stand-in: every slot has a user of its own.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import socket
import struct

SET_SECCOMP, FILTER = 22, 2  # prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER)
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EACCES
LOAD, AND, EQUAL, RETURN = 0x20, 0x54, 0x15, 0x06  # BPF_LD+W+ABS, BPF_ALU+AND+K, BPF_JMP+JEQ+K, BPF_RET+K
NUMBER, ARCH, SECOND = 0, 4, 24  # places in struct seccomp_data: of the call, of arguments[1]
# audit number of the machine; connect, socket, socketpair
MACHINES = {"x86_64": (0xC000003E, 42, 41, 53), "aarch64": (0xC00000B7, 203, 198, 199)}
TYPE = 0xF  # of a socket, without its flags
NAMES_NEEDED = (socket.SOCK_STREAM, socket.SOCK_SEQPACKET)  # types that reach a name only by `connect`


def forbid_names() -> None:
    """For this process and all that it starts, for good. OSError where the kernel refuses."""
    machine, connect, make, make_pair = MACHINES[platform.machine()]
    code = [
        (LOAD, 0, 0, ARCH),
        (EQUAL, 0, 8, machine),  # else: refuse
        (LOAD, 0, 0, NUMBER),
        (EQUAL, 6, 0, connect),
        (EQUAL, 1, 0, make),
        (EQUAL, 0, 5, make_pair),
        (LOAD, 0, 0, SECOND),
        (AND, 0, 0, TYPE),
        (EQUAL, 2, 0, NAMES_NEEDED[0]),
        (EQUAL, 1, 0, NAMES_NEEDED[1]),
        (RETURN, 0, 0, REFUSE),
        (RETURN, 0, 0, ALLOW),
    ]
    data = b"".join(struct.pack("<HBBI", *step) for step in code)
    steps = ctypes.create_string_buffer(data, len(data))
    program = struct.pack("@HP", len(code), ctypes.addressof(steps))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(SET_SECCOMP, FILTER, ctypes.c_char_p(program), 0, 0):
        error = ctypes.get_errno()
        raise OSError(error, f"no filter of system calls: {errno.errorcode.get(error, error)}")
