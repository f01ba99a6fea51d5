"""The system calls that both containers may make: an allow-list, everything else is refused (EPERM).

Left out on purpose: ptrace and reading other processes' memory, keyrings, System V and POSIX IPC,
io_uring, bpf, perf, mounting, namespaces (by masked clone flags; clone3 does not exist here, so that the
C library falls back), setting extended attributes and inode flags, file locks, every socket family but
AF_UNIX, setting clocks, the whole machine's load and memory (sysinfo).
"""

from __future__ import annotations

import functools
import json
from typing import Any

FILES = """access chdir chmod chown close close_range copy_file_range creat dup dup2 dup3 faccessat
faccessat2 fadvise64 fallocate fchdir fchmod fchmodat fchmodat2 fchown fchownat
fdatasync fgetxattr flistxattr fremovexattr fstat fstatfs fsync ftruncate futimesat
getcwd getdents getdents64 getxattr lchown lgetxattr link linkat listxattr llistxattr
lremovexattr lseek lstat mkdir mkdirat newfstatat open openat openat2 pread64 preadv preadv2
pwrite64 pwritev pwritev2 read readlink readlinkat readv removexattr rename renameat
renameat2 rmdir sendfile splice stat statfs statx symlink symlinkat sync_file_range tee
truncate umask unlink unlinkat utime utimensat utimes vmsplice write writev"""

WAITING = """alarm clock_getres clock_gettime clock_nanosleep epoll_create epoll_create1 epoll_ctl
epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2 getitimer
gettimeofday nanosleep pause pipe pipe2 poll ppoll pselect6 select setitimer signalfd
signalfd4 time timer_create timer_delete timer_getoverrun timer_gettime timer_settime
timerfd_create timerfd_gettime timerfd_settime times"""

MEMORY = "brk madvise membarrier mincore mmap mprotect mremap msync munmap"

PROCESSES = """arch_prctl capget capset execve exit exit_group fork futex futex_waitv get_robust_list
getcpu getegid geteuid getgid getgroups getpgid getpgrp getpid getppid getpriority getrandom
getresgid getresuid getrlimit getrusage getsid gettid getuid kill pidfd_open
pidfd_send_signal prctl prlimit64 restart_syscall rseq rt_sigaction rt_sigpending
rt_sigprocmask rt_sigreturn rt_sigsuspend rt_sigtimedwait sched_get_priority_max
sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler
sched_rr_get_interval sched_setaffinity sched_setscheduler sched_yield seccomp set_robust_list set_tid_address
setfsgid setfsuid setgid setgroups setpgid setpriority setregid setresgid setresuid setreuid
setrlimit setsid setuid sigaltstack tgkill tkill uname vfork wait4 waitid waitpid
landlock_add_rule landlock_create_ruleset landlock_restrict_self"""

SOCKETS = """accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom recvmmsg
recvmsg sendmmsg sendmsg sendto setsockopt shutdown"""

# fcntl: copies of descriptors, flags, who holds a lock, sizes of pipes; no owners, signals, leases, notices
FCNTL = (0, 1, 2, 3, 4, 5, 36, 1030, 1031, 1032)
# Locks would be seen through the files that all programs can open (/dev/null, /usr), by neighbours and by
# those who come after: setting one succeeds and does nothing. Nobody but the program itself is there.
FCNTL_LOCKS = (6, 7, 37, 38)
IOCTL_GROUP, TERMINALS = 0xFFFFFF00, 0x5400  # ioctl: what is common to all files, none that marks an inode
AF_UNIX = 1
NAMESPACE_FLAGS = 0x7E020000  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
ENOSYS = 38


@functools.cache
def profile() -> str:
    """The profile as the engine wants it: JSON."""
    plain = " ".join((FILES, WAITING, MEMORY, PROCESSES, SOCKETS)).split()
    rules: list[dict[str, Any]] = [{"names": sorted(plain), "action": "SCMP_ACT_ALLOW"}]
    for name in ("socket", "socketpair"):
        only = {"index": 0, "value": AF_UNIX, "op": "SCMP_CMP_EQ"}
        rules.append({"names": [name], "action": "SCMP_ACT_ALLOW", "args": [only]})
    nothing: dict[str, Any] = {"action": "SCMP_ACT_ERRNO", "errnoRet": 0}  # returns 0 and does nothing
    for command in (*FCNTL, *FCNTL_LOCKS):
        only = {"index": 1, "value": command, "op": "SCMP_CMP_EQ"}
        action = nothing if command in FCNTL_LOCKS else {"action": "SCMP_ACT_ALLOW"}
        rules.append({"names": ["fcntl"], "args": [only], **action})
    rules.append({"names": ["flock"], **nothing})
    group = {"index": 1, "value": IOCTL_GROUP, "valueTwo": TERMINALS, "op": "SCMP_CMP_MASKED_EQ"}
    rules.append({"names": ["ioctl"], "action": "SCMP_ACT_ALLOW", "args": [group]})
    no_namespace = {"index": 0, "value": NAMESPACE_FLAGS, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}
    rules.append({"names": ["clone"], "action": "SCMP_ACT_ALLOW", "args": [no_namespace]})
    rules.append({"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": ENOSYS})
    return json.dumps({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": rules})
