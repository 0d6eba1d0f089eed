"""What a worker process gives up before it sees the first frame: files, network, core dumps, outliving the agent.

Called once by a child's entry, before heavy imports start threads. Linux only where it says so; elsewhere left out.
"""

import ctypes
import errno
import os
import resource
import signal
import socket
import struct
import sys
import threading

NICENESS = 10
_PR_SET_PDEATHSIG = 1


def confine(parent_pid: int, *, with_network: bool, niceness: int = NICENESS) -> bool:
    """Be nice, never write a byte to a file (RLIMIT_FSIZE 0), leave no picture in a core dump, die with the parent.

    Returns whether the kernel now refuses network sockets; False with `with_network` or where it cannot.
    """
    os.nice(niceness)
    os.umask(0o777)
    for limit in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        resource.setrlimit(limit, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:  # it died before we asked
        os._exit(0)
    return not with_network and refuse_network()


def refuse_network() -> bool:
    """Have the kernel refuse every socket but local ones (seccomp), for this thread and all it starts; False if it cannot."""
    machine = _MACHINES.get(os.uname().machine)
    if sys.platform != "linux" or machine is None:
        return False
    program = _no_sockets(*machine)
    instructions = ctypes.create_string_buffer(b"".join(_INSTRUCTION.pack(*line) for line in program))
    filter_program = _Program(len(program), ctypes.addressof(instructions))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(filter_program), 0, 0) == 0)


def end_with(pipe: int) -> None:
    """End this process at once when `pipe` closes: whoever held its other end is gone. Nothing needs saving here."""
    threading.Thread(target=_wait_for_end, args=(pipe,), name="parent-watch", daemon=True).start()


def _wait_for_end(pipe: int) -> None:
    while os.read(pipe, 1024):
        pass
    os._exit(0)


# --- seccomp: classic BPF over struct seccomp_data (linux/seccomp.h, linux/bpf_common.h, linux/audit.h) ---

_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, _PR_SET_NO_NEW_PRIVS = 22, 2, 38
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06  # 32 bits absolute; against a constant
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EACCES
_FOREIGN_ABI = 0x40000000  # x32 calls count from here on
_IO_URING_SETUP = 425  # it could open sockets past this filter
_MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}  # audit architecture, number of socket()
_INSTRUCTION = struct.Struct("=HBBI")  # code, jump if true, jump if false, constant


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def _no_sockets(architecture: int, socket_call: int) -> list[tuple[int, int, int, int]]:
    """Refuse foreign calling conventions, io_uring, and socket() of any family but AF_UNIX; allow the rest."""
    return [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_IF_EQUAL, 0, 7, architecture),
        (_LOAD, 0, 0, _NUMBER),
        (_IF_AT_LEAST, 5, 0, _FOREIGN_ABI),
        (_IF_EQUAL, 4, 0, _IO_URING_SETUP),
        (_IF_EQUAL, 0, 2, socket_call),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_IF_EQUAL, 0, 1, socket.AF_UNIX),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
