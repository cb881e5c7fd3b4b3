import { test } from "node:test";
import { compareLayout } from "../abi-layout.ts";

/** Expressions of C for the facts that abi.as.ts collects, in its order. */
const expressions = [
  "sizeof(siginfo_t)",
  "offsetof(siginfo_t, si_code)",
  "offsetof(siginfo_t, si_addr)",
  "offsetof(siginfo_t, si_value)",
  "offsetof(siginfo_t, si_utime)",
  "sizeof(stack_t)",
  "offsetof(stack_t, ss_flags)",
  "offsetof(stack_t, ss_size)",
  "offsetof(struct kernel_ucontext, uc_mcontext)",
  "offsetof(struct kernel_ucontext, uc_sigmask)",
  "offsetof(struct kernel_ucontext, uc_link)",
  "offsetof(struct kernel_ucontext, uc_stack)",
  "offsetof(struct sigcontext, r15)",
  "offsetof(struct sigcontext, rdi)",
  "offsetof(struct sigcontext, rip)",
  "offsetof(struct sigcontext, eflags)",
  "offsetof(struct sigcontext, err)",
  "offsetof(struct sigcontext, trapno)",
  "offsetof(struct sigcontext, oldmask)",
  "offsetof(struct sigcontext, cr2)",
  "offsetof(struct sigcontext, fpstate)",
  "sizeof(struct clone_args)",
  "offsetof(struct clone_args, exit_signal)",
  "offsetof(struct clone_args, tls)",
  "offsetof(struct clone_args, cgroup)",
  "sizeof(struct futex_waitv)",
  "offsetof(struct futex_waitv, uaddr)",
  "offsetof(struct futex_waitv, flags)",
  "sizeof(struct rusage)",
  "offsetof(struct rusage, ru_maxrss)",
  "offsetof(struct rusage, ru_minflt)",
  "offsetof(struct rusage, ru_nivcsw)",
  "sizeof(struct sysinfo)",
  "offsetof(struct sysinfo, totalram)",
  "offsetof(struct sysinfo, procs)",
  "offsetof(struct sysinfo, mem_unit)",
  "offsetof(struct timespec, tv_nsec)",
  "offsetof(struct itimerspec, it_value)",
  "offsetof(struct sigevent, sigev_signo)",
  "offsetof(struct sigevent, sigev_notify)",
  "offsetof(struct sigevent, _sigev_un._tid)",
  "sizeof(struct timex)",
  "offsetof(struct timex, status)",
  "offsetof(struct timex, time)",
  "offsetof(struct timex, tick)",
];

const declarations = `
#include <linux/futex.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/timex.h>
#include <time.h>
/* asm/ucontext.h: the C library's own ends in a larger mask. */
struct kernel_ucontext {
  unsigned long uc_flags;
  struct kernel_ucontext *uc_link;
  stack_t uc_stack;
  struct sigcontext uc_mcontext;
  unsigned long uc_sigmask;
};
`;

test("signal, clone, futex, time and resource structures are laid out as C lays them out", () =>
  compareLayout(new URL("./abi.as.ts", import.meta.url), declarations, expressions));
