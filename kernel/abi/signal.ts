// Signals: Linux include/uapi/asm-generic/{signal-defs,siginfo}.h, arch/x86/include/uapi/asm/{signal,sigcontext,ucontext}.h.

export const SIGHUP: i32 = 1;
export const SIGINT: i32 = 2;
export const SIGQUIT: i32 = 3;
export const SIGILL: i32 = 4;
export const SIGTRAP: i32 = 5;
export const SIGABRT: i32 = 6;
export const SIGBUS: i32 = 7;
export const SIGFPE: i32 = 8;
export const SIGKILL: i32 = 9;
export const SIGUSR1: i32 = 10;
export const SIGSEGV: i32 = 11;
export const SIGUSR2: i32 = 12;
export const SIGPIPE: i32 = 13;
export const SIGALRM: i32 = 14;
export const SIGTERM: i32 = 15;
export const SIGSTKFLT: i32 = 16;
export const SIGCHLD: i32 = 17;
export const SIGCONT: i32 = 18;
export const SIGSTOP: i32 = 19;
export const SIGTSTP: i32 = 20;
export const SIGTTIN: i32 = 21;
export const SIGTTOU: i32 = 22;
export const SIGURG: i32 = 23;
export const SIGXCPU: i32 = 24;
export const SIGXFSZ: i32 = 25;
export const SIGVTALRM: i32 = 26;
export const SIGPROF: i32 = 27;
export const SIGWINCH: i32 = 28;
export const SIGIO: i32 = 29;
export const SIGPWR: i32 = 30;
export const SIGSYS: i32 = 31;
export const SIGRTMIN: i32 = 32;
/** Signals are 1 to this. */
export const SIGNAL_COUNT: i32 = 64;
/** sizeof(sigset_t) as the kernel knows it. */
export const SIGNAL_SET_SIZE: u64 = 8;

/** sa_handler values. */
export const SIG_DFL: u64 = 0;
export const SIG_IGN: u64 = 1;

/** sa_flags: man 2 sigaction. */
export const SA_NOCLDSTOP: u64 = 1;
export const SA_NOCLDWAIT: u64 = 2;
export const SA_SIGINFO: u64 = 4;
export const SA_UNSUPPORTED: u64 = 0x400;
export const SA_EXPOSE_TAGBITS: u64 = 0x800;
export const SA_RESTORER: u64 = 0x04000000;
export const SA_ONSTACK: u64 = 0x08000000;
export const SA_RESTART: u64 = 0x10000000;
export const SA_NODEFER: u64 = 0x40000000;
export const SA_RESETHAND: u64 = 0x80000000;

/** sigprocmask: man 2 sigprocmask. */
export const SIG_BLOCK: i32 = 0;
export const SIG_UNBLOCK: i32 = 1;
export const SIG_SETMASK: i32 = 2;

/** si_code of signals that a program sent: man 2 sigaction. */
export const SI_USER: i32 = 0;
export const SI_KERNEL: i32 = 0x80;
export const SI_QUEUE: i32 = -1;
export const SI_TIMER: i32 = -2;
export const SI_MESGQ: i32 = -3;
export const SI_ASYNCIO: i32 = -4;
export const SI_SIGIO: i32 = -5;
export const SI_TKILL: i32 = -6;
/** si_code of SIGILL, SIGFPE, SIGSEGV, SIGBUS, SIGTRAP, SIGCHLD, SIGPOLL, SIGSYS. */
export const ILL_ILLOPC: i32 = 1;
export const ILL_ILLOPN: i32 = 2;
export const ILL_ILLADR: i32 = 3;
export const ILL_ILLTRP: i32 = 4;
export const ILL_PRVOPC: i32 = 5;
export const ILL_PRVREG: i32 = 6;
export const FPE_INTDIV: i32 = 1;
export const FPE_INTOVF: i32 = 2;
export const FPE_FLTDIV: i32 = 3;
export const FPE_FLTOVF: i32 = 4;
export const FPE_FLTUND: i32 = 5;
export const FPE_FLTRES: i32 = 6;
export const FPE_FLTINV: i32 = 7;
export const FPE_FLTSUB: i32 = 8;
export const SEGV_MAPERR: i32 = 1;
export const SEGV_ACCERR: i32 = 2;
export const SEGV_BNDERR: i32 = 3;
export const SEGV_PKUERR: i32 = 4;
export const BUS_ADRALN: i32 = 1;
export const BUS_ADRERR: i32 = 2;
export const BUS_OBJERR: i32 = 3;
export const TRAP_BRKPT: i32 = 1;
export const TRAP_TRACE: i32 = 2;
export const CLD_EXITED: i32 = 1;
export const CLD_KILLED: i32 = 2;
export const CLD_DUMPED: i32 = 3;
export const CLD_TRAPPED: i32 = 4;
export const CLD_STOPPED: i32 = 5;
export const CLD_CONTINUED: i32 = 6;
export const POLL_IN: i32 = 1;
export const POLL_OUT: i32 = 2;
export const POLL_MSG: i32 = 3;
export const POLL_ERR: i32 = 4;
export const POLL_PRI: i32 = 5;
export const POLL_HUP: i32 = 6;

/** ss_flags: man 2 sigaltstack. */
export const SS_ONSTACK: u32 = 1;
export const SS_DISABLE: u32 = 2;
export const SS_AUTODISARM: u32 = 0x80000000;
export const MINSIGSTKSZ: u64 = 2048;

/** sigev_notify: man 7 sigevent. */
export const SIGEV_SIGNAL: i32 = 0;
export const SIGEV_NONE: i32 = 1;
export const SIGEV_THREAD: i32 = 2;
export const SIGEV_THREAD_ID: i32 = 4;

/** struct sigaction of rt_sigaction: arch/x86/include/asm/signal.h. */
@unmanaged
export class KernelSigaction {
  handler: u64;
  flags: u64;
  restorer: u64;
  mask: u64;
}
export const SIGACTION_SIZE: u64 = 32;

/** siginfo_t: four words of what the signal's kind says, by si_code; the rest of the 128 bytes is zero. */
@unmanaged
export class KernelSiginfo {
  signal: i32;
  error: i32;
  code: i32;
  padding: u32;
  /** si_pid and si_uid; si_addr; si_timerid and si_overrun; si_band; si_call_addr. */
  word0: u64;
  /** si_value; si_status; si_addr_lsb; si_fd; si_syscall and si_arch. */
  word1: u64;
  /** si_utime of SIGCHLD. */
  word2: u64;
  /** si_stime of SIGCHLD. */
  word3: u64;
}
export const SIGINFO_SIZE: u64 = 128;
/** Bytes of a KernelSiginfo that carry something. */
export const SIGINFO_USED: u64 = 48;

/** stack_t. */
@unmanaged
export class KernelStack {
  pointer: u64;
  flags: u32;
  padding: u32;
  size: u64;
}
export const STACK_T_SIZE: u64 = 24;

/** struct sigcontext_64. */
@unmanaged
export class SignalContext {
  r8: u64;
  r9: u64;
  r10: u64;
  r11: u64;
  r12: u64;
  r13: u64;
  r14: u64;
  r15: u64;
  rdi: u64;
  rsi: u64;
  rbp: u64;
  rbx: u64;
  rdx: u64;
  rax: u64;
  rcx: u64;
  rsp: u64;
  rip: u64;
  rflags: u64;
  cs: u16;
  gs: u16;
  fs: u16;
  ss: u16;
  error: u64;
  trapNumber: u64;
  oldMask: u64;
  cr2: u64;
  /** User address of the extended state, 0 for none. */
  state: u64;
  reserved0: u64;
  reserved1: u64;
  reserved2: u64;
  reserved3: u64;
  reserved4: u64;
  reserved5: u64;
  reserved6: u64;
  reserved7: u64;
}

/** uc_flags: arch/x86/include/uapi/asm/ucontext.h. */
export const UC_FP_XSTATE: u64 = 1;
export const UC_SIGCONTEXT_SS: u64 = 2;
export const UC_STRICT_RESTORE_SS: u64 = 4;

/** What lies on the program's stack while a handler runs: struct rt_sigframe, arch/x86/include/asm/sigframe.h. */
//
//   0    return address: the restorer, which calls rt_sigreturn
//   8    ucontext: flags, link, stack (16), context (40), mask (296)
//   312  siginfo
//   440  end; the extended state stands above, 64-byte aligned
export const FRAME_CONTEXT: u64 = 8;
export const FRAME_INFO: u64 = 312;
export const FRAME_SIZE: u64 = 440;

/** The part of the frame below siginfo. */
@unmanaged
export class SignalFrame {
  restorer: u64;
  flags: u64;
  link: u64;
  stackPointer: u64;
  stackFlags: u32;
  stackPadding: u32;
  stackSize: u64;
  /** A SignalContext stands here: 256 bytes. */
  context: u64;
}
export const FRAME_REGISTERS: u64 = 48;
export const FRAME_MASK: u64 = 304;

/** struct _fpx_sw_bytes at byte 464 of the state, and the word after it. */
export const STATE_SOFTWARE_BYTES: u64 = 464;
export const FP_XSTATE_MAGIC1: u32 = 0x46505853;
export const FP_XSTATE_MAGIC2: u32 = 0x46505845;
