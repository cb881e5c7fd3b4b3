// What clone(2), wait4(2), prctl(2) and pidfd_open(2) are told in: Linux include/uapi/linux/{sched,wait,prctl,pidfd}.h.

/** The low byte of clone's flags: the signal to the parent. */
export const CSIGNAL: u64 = 0xff;
export const CLONE_VM: u64 = 0x100;
export const CLONE_FS: u64 = 0x200;
export const CLONE_FILES: u64 = 0x400;
export const CLONE_SIGHAND: u64 = 0x800;
export const CLONE_PIDFD: u64 = 0x1000;
export const CLONE_PTRACE: u64 = 0x2000;
export const CLONE_VFORK: u64 = 0x4000;
export const CLONE_PARENT: u64 = 0x8000;
export const CLONE_THREAD: u64 = 0x10000;
export const CLONE_NEWNS: u64 = 0x20000;
export const CLONE_SYSVSEM: u64 = 0x40000;
export const CLONE_SETTLS: u64 = 0x80000;
export const CLONE_PARENT_SETTID: u64 = 0x100000;
export const CLONE_CHILD_CLEARTID: u64 = 0x200000;
export const CLONE_DETACHED: u64 = 0x400000;
export const CLONE_UNTRACED: u64 = 0x800000;
export const CLONE_CHILD_SETTID: u64 = 0x1000000;
export const CLONE_NEWCGROUP: u64 = 0x2000000;
export const CLONE_NEWUTS: u64 = 0x4000000;
export const CLONE_NEWIPC: u64 = 0x8000000;
export const CLONE_NEWUSER: u64 = 0x10000000;
export const CLONE_NEWPID: u64 = 0x20000000;
export const CLONE_NEWNET: u64 = 0x40000000;
export const CLONE_IO: u64 = 0x80000000;
export const CLONE_NEWTIME: u64 = 0x80;
export const CLONE_CLEAR_SIGHAND: u64 = 0x100000000;
export const CLONE_INTO_CGROUP: u64 = 0x200000000;

/** struct clone_args: man 2 clone. */
@unmanaged
export class CloneArguments {
  flags: u64;
  pidfd: u64;
  childTid: u64;
  parentTid: u64;
  exitSignal: u64;
  stack: u64;
  stackSize: u64;
  tls: u64;
  setTid: u64;
  setTidSize: u64;
  cgroup: u64;
}
/** CLONE_ARGS_SIZE_VER0 and the size known here. */
export const CLONE_ARGUMENTS_MIN: u64 = 64;
export const CLONE_ARGUMENTS_SIZE: u64 = 88;

/** wait4 and waitid options. */
export const WNOHANG: u32 = 1;
export const WUNTRACED: u32 = 2;
export const WSTOPPED: u32 = 2;
export const WEXITED: u32 = 4;
export const WCONTINUED: u32 = 8;
export const WNOWAIT: u32 = 0x01000000;
export const __WNOTHREAD: u32 = 0x20000000;
export const __WALL: u32 = 0x40000000;
export const __WCLONE: u32 = 0x80000000;
/** waitid id types. */
export const P_ALL: i32 = 0;
export const P_PID: i32 = 1;
export const P_PGID: i32 = 2;
export const P_PIDFD: i32 = 3;
/** pidfd_open flags. */
export const PIDFD_NONBLOCK: u32 = 0o4000;
export const PIDFD_THREAD: u32 = 0o200;

/** prctl options. */
export const PR_SET_PDEATHSIG: i32 = 1;
export const PR_GET_PDEATHSIG: i32 = 2;
export const PR_GET_DUMPABLE: i32 = 3;
export const PR_SET_DUMPABLE: i32 = 4;
export const PR_GET_UNALIGN: i32 = 5;
export const PR_SET_UNALIGN: i32 = 6;
export const PR_GET_KEEPCAPS: i32 = 7;
export const PR_SET_KEEPCAPS: i32 = 8;
export const PR_GET_TIMING: i32 = 13;
export const PR_SET_TIMING: i32 = 14;
export const PR_SET_NAME: i32 = 15;
export const PR_GET_NAME: i32 = 16;
export const PR_GET_SECCOMP: i32 = 21;
export const PR_SET_SECCOMP: i32 = 22;
export const PR_CAPBSET_READ: i32 = 23;
export const PR_CAPBSET_DROP: i32 = 24;
export const PR_GET_TSC: i32 = 25;
export const PR_SET_TSC: i32 = 26;
export const PR_GET_SECUREBITS: i32 = 27;
export const PR_SET_SECUREBITS: i32 = 28;
export const PR_SET_TIMERSLACK: i32 = 29;
export const PR_GET_TIMERSLACK: i32 = 30;
export const PR_SET_MM: i32 = 35;
export const PR_SET_CHILD_SUBREAPER: i32 = 36;
export const PR_GET_CHILD_SUBREAPER: i32 = 37;
export const PR_SET_NO_NEW_PRIVS: i32 = 38;
export const PR_GET_NO_NEW_PRIVS: i32 = 39;
export const PR_GET_TID_ADDRESS: i32 = 40;
export const PR_SET_THP_DISABLE: i32 = 41;
export const PR_GET_THP_DISABLE: i32 = 42;
export const PR_CAP_AMBIENT: i32 = 47;
export const PR_SET_IO_FLUSHER: i32 = 57;
export const PR_GET_IO_FLUSHER: i32 = 58;
export const PR_SET_VMA: i32 = 0x53564d41;
export const PR_SET_PTRACER: i32 = 0x59616d61;

/** arch_prctl: man 2 arch_prctl. */
export const ARCH_SET_GS: i32 = 0x1001;
export const ARCH_SET_FS: i32 = 0x1002;
export const ARCH_GET_FS: i32 = 0x1003;
export const ARCH_GET_GS: i32 = 0x1004;
export const ARCH_GET_CPUID: i32 = 0x1011;
export const ARCH_SET_CPUID: i32 = 0x1012;
export const ARCH_GET_XCOMP_SUPP: i32 = 0x1021;
export const ARCH_GET_XCOMP_PERM: i32 = 0x1022;
export const ARCH_REQ_XCOMP_PERM: i32 = 0x1023;
export const ARCH_CET_STATUS: i32 = 0x3001;
export const ARCH_SHSTK_STATUS: i32 = 0x5005;
