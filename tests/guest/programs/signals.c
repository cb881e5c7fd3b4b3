/* Signals: actions, delivery, masks, alternate stacks, restarts, waiting, faults, timers, state kept by handlers. */
#include "check.h"
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>

static volatile int hits;
static volatile siginfo_t last;
static volatile sigset_t mask_inside;
static char *volatile stack_inside;
static volatile pid_t tid_inside;

static void count(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)context;
  char here;
  hits++;
  last = *info;
  stack_inside = &here;
  tid_inside = syscall(SYS_gettid);
  sigprocmask(SIG_BLOCK, NULL, (sigset_t *)&mask_inside);
}

static void count_plain(int signal) { (void)signal, hits++; }

static sigset_t set_of(int one, int two) {
  sigset_t set;
  sigemptyset(&set);
  if (one) sigaddset(&set, one);
  if (two) sigaddset(&set, two);
  return set;
}

static void unblock_all(void) {
  sigset_t none = set_of(0, 0);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

static void reset(int signal) {
  struct sigaction action = {.sa_handler = SIG_DFL};
  sigaction(signal, &action, NULL);
  hits = 0;
}

/* The process's pending signals from /proc, to say what kill(2) leaves behind. */
static bool is_pending(int signal) {
  sigset_t pending;
  sigpending(&pending);
  return sigismember(&pending, signal);
}

group(actions) {
  struct sigaction action = {.sa_handler = count_plain, .sa_flags = SA_RESTART}, old;
  sigaddset(&action.sa_mask, SIGUSR2);
  check(gives(0, sigaction(SIGUSR1, &action, &old)) && old.sa_handler == SIG_DFL, "the first action is SIG_DFL");
  check(gives(0, sigaction(SIGUSR1, NULL, &old)) && old.sa_handler == count_plain && (old.sa_flags & SA_RESTART) &&
            sigismember(&old.sa_mask, SIGUSR2),
        "sigaction returns handler, flags and mask as set");
  check(fails_with(EINVAL, sigaction(SIGKILL, &action, NULL)) && fails_with(EINVAL, sigaction(SIGSTOP, &action, NULL)),
        "SIGKILL and SIGSTOP cannot be handled: EINVAL");
  check(succeeds(sigaction(SIGKILL, NULL, &old)), "but asked for");
  check(fails_with(EINVAL, syscall(SYS_rt_sigaction, 65, NULL, NULL, 8)) &&
            fails_with(EINVAL, syscall(SYS_rt_sigaction, 0, NULL, NULL, 8)),
        "signals 0 and 65 are EINVAL");
  check(fails_with(EINVAL, syscall(SYS_rt_sigaction, SIGUSR1, NULL, NULL, 4)), "a set of another size is EINVAL");
  check(fails_with(EFAULT, syscall(SYS_rt_sigaction, SIGUSR1, 8, NULL, 8)), "a bad address is EFAULT");
  hits = 0;
  check(gives(0, raise(SIGUSR1)) && hits == 1, "raise runs the handler before it returns");
  check(gives(0, kill(getpid(), SIGUSR1)) && hits == 2, "kill of oneself runs it before it returns");
  signal(SIGUSR1, SIG_IGN);
  check(gives(0, raise(SIGUSR1)) && hits == 2, "SIG_IGN ignores");
  reset(SIGCHLD);
  check(gives(0, raise(SIGCHLD)) && gives(0, raise(SIGURG)) && gives(0, raise(SIGWINCH)) && gives(0, raise(SIGCONT)),
        "SIGCHLD, SIGURG, SIGWINCH and SIGCONT do nothing by default");

  handle(SIGUSR1, count, SA_RESETHAND);
  hits = 0;
  raise(SIGUSR1);
  sigaction(SIGUSR1, NULL, &old);
  check(hits == 1 && old.sa_handler == SIG_DFL, "SA_RESETHAND runs the handler once");

  check(gives(0, kill(getpid(), 0)), "kill with signal 0 only asks");
  check(fails_with(EINVAL, kill(getpid(), 65)), "kill with signal 65 is EINVAL");
  check(fails_with(ESRCH, kill(0x3ffffff, SIGUSR1)), "kill of nobody is ESRCH");
  check(fails_with(ESRCH, syscall(SYS_tgkill, getpid(), 0x3ffffff, SIGUSR1)), "tgkill of nobody is ESRCH");
  check(fails_with(EINVAL, syscall(SYS_tgkill, -1, 1, SIGUSR1)), "tgkill with a negative id is EINVAL");
}

group(information) {
  handle(SIGUSR1, count, 0);
  hits = 0;
  kill(getpid(), SIGUSR1);
  check(last.si_signo == SIGUSR1 && last.si_code == SI_USER && last.si_pid == getpid() && last.si_uid == getuid(),
        "kill: SI_USER with pid and uid");
  syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1);
  check(last.si_code == SI_TKILL && last.si_pid == getpid(), "tgkill: SI_TKILL");
  union sigval value = {.sival_ptr = (void *)0x123456789abc};
  check(gives(0, sigqueue(getpid(), SIGUSR1, value)) && last.si_code == SI_QUEUE &&
            last.si_value.sival_ptr == value.sival_ptr && last.si_pid == getpid(),
        "sigqueue: SI_QUEUE with its value");
  siginfo_t forged = {.si_signo = SIGUSR1, .si_code = -77};
  forged.si_value.sival_int = 5;
  check(gives(0, syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid), SIGUSR1, &forged)) &&
            last.si_code == -77 && last.si_value.sival_int == 5,
        "rt_tgsigqueueinfo passes its information on");
  check(hits == 4, "four signals, four calls");
  reset(SIGUSR1);
}

group(masks) {
  sigset_t set = set_of(SIGUSR1, SIGUSR2), old, now;
  handle(SIGUSR1, count, 0);
  handle(SIGUSR2, count, 0);
  unblock_all();
  hits = 0;
  check(gives(0, sigprocmask(SIG_BLOCK, &set, &old)) && !sigismember(&old, SIGUSR1), "SIG_BLOCK returns the old mask");
  raise(SIGUSR1);
  raise(SIGUSR1);
  check(hits == 0 && is_pending(SIGUSR1) && !is_pending(SIGUSR2), "a blocked signal is pending");
  sigset_t one = set_of(SIGUSR2, 0);
  check(gives(0, sigprocmask(SIG_UNBLOCK, &one, NULL)) && hits == 0, "unblocking another signal delivers nothing");
  sigprocmask(SIG_BLOCK, NULL, &now);
  check(sigismember(&now, SIGUSR1) && !sigismember(&now, SIGUSR2), "the mask is as asked");
  unblock_all();
  check(hits == 1 && !is_pending(SIGUSR1), "unblocking delivers it, a standard signal only once");
  check(fails_with(EINVAL, sigprocmask(7, &set, NULL)), "an unknown way to change the mask is EINVAL");
  check(fails_with(EINVAL, syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, NULL, 16)), "a set of another size is EINVAL");
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &old);
  sigprocmask(SIG_SETMASK, &old, &now);
  check(!sigismember(&now, SIGKILL) && !sigismember(&now, SIGSTOP) && sigismember(&now, SIGTERM),
        "SIGKILL and SIGSTOP cannot be blocked");

  hits = 0;
  sigprocmask(SIG_BLOCK, &set, NULL);
  raise(SIGUSR1);
  signal(SIGUSR1, SIG_IGN);
  check(!is_pending(SIGUSR1), "ignoring a pending signal drops it");
  unblock_all();

  struct sigaction action = {.sa_sigaction = count, .sa_flags = SA_SIGINFO, .sa_mask = set_of(SIGUSR2, 0)};
  sigaction(SIGUSR1, &action, NULL);
  raise(SIGUSR1);
  check(sigismember((sigset_t *)&mask_inside, SIGUSR1) && sigismember((sigset_t *)&mask_inside, SIGUSR2),
        "a handler runs with its signal and sa_mask blocked");
  sigprocmask(SIG_BLOCK, NULL, &now);
  check(!sigismember(&now, SIGUSR1) && !sigismember(&now, SIGUSR2), "and the mask is back afterwards");
  action.sa_flags |= SA_NODEFER;
  sigemptyset(&action.sa_mask);
  sigaction(SIGUSR1, &action, NULL);
  raise(SIGUSR1);
  check(!sigismember((sigset_t *)&mask_inside, SIGUSR1), "SA_NODEFER leaves its signal unblocked");
  reset(SIGUSR1);
  reset(SIGUSR2);
}

static volatile int order[8], order_count;
static void note_order(int signal, siginfo_t *info, void *context) {
  (void)info, (void)context;
  order[order_count++] = signal;
}
static volatile int values[8];
static void note_value(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)context;
  values[order_count++] = info->si_value.sival_int;
}

group(realtime) {
  handle(SIGRTMIN + 1, note_value, 0);
  sigset_t set = set_of(SIGRTMIN + 1, SIGRTMIN + 2), all;
  sigprocmask(SIG_BLOCK, &set, NULL);
  order_count = 0;
  for (int i = 0; i < 5; i++) sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = i + 10});
  unblock_all();
  check(order_count == 5, "a real-time signal queued five times is delivered five times");
  check(values[0] == 10 && values[1] == 11 && values[4] == 14, "in order, each with its value");

  sigfillset(&all);
  struct sigaction action = {.sa_sigaction = note_order, .sa_flags = SA_SIGINFO, .sa_mask = all};
  int signals[] = {SIGRTMIN + 2, SIGUSR2, SIGRTMIN + 1, SIGUSR1};
  for (int i = 0; i < 4; i++) sigaction(signals[i], &action, NULL);
  order_count = 0;
  sigprocmask(SIG_BLOCK, &all, NULL);
  for (int i = 0; i < 4; i++) raise(signals[i]);
  unblock_all();
  /* Frames are stacked in ascending order, so with full masks they run one by one, the lowest first. */
  check(order_count == 4 && order[0] == SIGUSR1 && order[1] == SIGUSR2 && order[2] == SIGRTMIN + 1 &&
            order[3] == SIGRTMIN + 2,
        "pending signals are delivered lowest number first");
  for (int i = 0; i < 4; i++) reset(signals[i]);
}

static volatile int depth, deepest;
static void nest(int signal, siginfo_t *info, void *context) {
  (void)info, (void)context;
  if (++depth > deepest) deepest = depth;
  if (depth < 20) raise(signal);
  depth--;
}

group(nesting) {
  handle(SIGUSR1, nest, SA_NODEFER);
  raise(SIGUSR1);
  check(deepest == 20 && depth == 0, "handlers nest 20 deep and unwind");
  for (volatile int i = 0; i < 100; i++) {
    sigjmp_buf back;
    hits = 0;
    if (sigsetjmp(back, 1) == 0) {
      fault_expected = false;
      handle(SIGUSR1, count, 0);
      raise(SIGUSR1);
      siglongjmp(back, 1);
    }
  }
  check(hits == 1, "handlers and long jumps may be mixed");
  reset(SIGUSR1);
}

static char alternate[65536];
static void probe_stack(int signal, siginfo_t *info, void *context) {
  count(signal, info, context);
  stack_t now;
  sigaltstack(NULL, &now);
  order[0] = now.ss_flags;
  stack_t other = {.ss_sp = alternate, .ss_size = sizeof alternate};
  order[1] = sigaltstack(&other, NULL) < 0 ? errno : 0;
}

static int overflow(int n) {
  volatile char page[4096];
  page[n & 4095] = 1;
  return n > 1 << 30 ? 0 : overflow(n + 1) + page[n & 4095];
}
static sigjmp_buf overflow_escape;
static void on_overflow(int signal, siginfo_t *info, void *context) {
  count(signal, info, context);
  siglongjmp(overflow_escape, 1);
}

group(alternate_stack) {
  stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate}, old;
  check(gives(0, sigaltstack(NULL, &old)) && (old.ss_flags & SS_DISABLE), "no alternate stack at first");
  check(gives(0, sigaltstack(&stack, NULL)) && gives(0, sigaltstack(NULL, &old)) && old.ss_sp == alternate &&
            old.ss_size == sizeof alternate && old.ss_flags == 0,
        "sigaltstack returns what was set");
  handle(SIGUSR1, probe_stack, SA_ONSTACK);
  raise(SIGUSR1);
  check((char *)stack_inside >= alternate && (char *)stack_inside < alternate + sizeof alternate,
        "an SA_ONSTACK handler runs on the alternate stack");
  check(order[0] == SS_ONSTACK && order[1] == EPERM, "there, the stack is SS_ONSTACK and cannot be changed: EPERM");
  handle(SIGUSR1, count, 0);
  raise(SIGUSR1);
  check(!((char *)stack_inside >= alternate && (char *)stack_inside < alternate + sizeof alternate),
        "other handlers run on the normal stack");
  stack_t tiny = {.ss_sp = alternate, .ss_size = 100};
  check(fails_with(ENOMEM, sigaltstack(&tiny, NULL)), "an alternate stack too small is ENOMEM");
  stack_t odd = {.ss_sp = alternate, .ss_size = sizeof alternate, .ss_flags = 77};
  check(fails_with(EINVAL, sigaltstack(&odd, NULL)), "unknown flags are EINVAL");

  hits = 0;
  handle(SIGSEGV, on_overflow, SA_ONSTACK);
  if (sigsetjmp(overflow_escape, 1) == 0) overflow(0);
  check(hits == 1 && last.si_signo == SIGSEGV, "a stack overflow is caught on the alternate stack");
  install_fault_handlers();
  stack.ss_flags = SS_DISABLE;
  check(gives(0, sigaltstack(&stack, NULL)), "SS_DISABLE returns 0");
  reset(SIGUSR1);
}

/* ---- interrupting calls ---- */

struct later {
  pthread_t target;
  int signal, ms, write_fd;
};
static void *send_later(void *argument) {
  struct later *later = argument;
  sleep_ms(later->ms);
  pthread_kill(later->target, later->signal);
  if (later->write_fd >= 0) {
    sleep_ms(later->ms);
    write(later->write_fd, "x", 1);
  }
  return NULL;
}
static pthread_t interrupt_later(int signal, int write_fd) {
  static struct later later;
  later = (struct later){pthread_self(), signal, 30, write_fd};
  pthread_t thread;
  pthread_create(&thread, NULL, send_later, &later);
  return thread;
}

group(interruption) {
  int pipes[2];
  pipe(pipes);
  char byte = 0;
  hits = 0;
  handle(SIGUSR1, count, 0);
  pthread_t thread = interrupt_later(SIGUSR1, -1);
  check(fails_with(EINTR, read(pipes[0], &byte, 1)) && hits == 1, "a handler interrupts read: EINTR");
  pthread_join(thread, NULL);

  handle(SIGUSR1, count, SA_RESTART);
  thread = interrupt_later(SIGUSR1, pipes[1]);
  check(gives(1, read(pipes[0], &byte, 1)) && byte == 'x' && hits == 2, "SA_RESTART restarts read after the handler");
  pthread_join(thread, NULL);

  thread = interrupt_later(SIGUSR1, -1);
  struct pollfd ready = {pipes[0], POLLIN, 0};
  check(fails_with(EINTR, poll(&ready, 1, 5000)), "poll is EINTR even with SA_RESTART");
  pthread_join(thread, NULL);

  thread = interrupt_later(SIGUSR1, -1);
  struct timespec sleep = {5, 0}, left = {0};
  check(fails_with(EINTR, nanosleep(&sleep, &left)) && left.tv_sec == 4 && left.tv_nsec > 500000000,
        "nanosleep is EINTR and tells the time left");
  pthread_join(thread, NULL);

  thread = interrupt_later(SIGUSR1, -1);
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += 5;
  check(gives(EINTR, clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, &left)), "an absolute sleep is EINTR");
  pthread_join(thread, NULL);

  thread = interrupt_later(SIGUSR1, -1);
  check(fails_with(EINTR, pause()), "pause is EINTR");
  pthread_join(thread, NULL);

  int pair[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  thread = interrupt_later(SIGUSR1, pair[1]);
  check(gives(1, recv(pair[0], &byte, 1, 0)), "SA_RESTART restarts recv");
  pthread_join(thread, NULL);
  close(pair[0]);
  close(pair[1]);

  signal(SIGUSR2, SIG_IGN);
  thread = interrupt_later(SIGUSR2, pipes[1]);
  check(gives(1, read(pipes[0], &byte, 1)), "an ignored signal does not interrupt read");
  pthread_join(thread, NULL);
  reset(SIGUSR2);
  thread = interrupt_later(SIGWINCH, -1);
  struct timespec brief = {0, 80 * 1000000};
  check(gives(0, nanosleep(&brief, NULL)), "a signal ignored by default does not interrupt nanosleep");
  pthread_join(thread, NULL);
  close(pipes[0]);
  close(pipes[1]);
  reset(SIGUSR1);
}

group(waiting) {
  sigset_t set = set_of(SIGUSR1, SIGRTMIN + 1), old, none = set_of(0, 0);
  handle(SIGUSR1, count, 0);
  hits = 0;
  sigprocmask(SIG_BLOCK, &set, &old);
  pthread_t thread = interrupt_later(SIGUSR1, -1);
  check(fails_with(EINTR, sigsuspend(&none)) && hits == 1, "sigsuspend runs the handler and is EINTR");
  pthread_join(thread, NULL);
  sigset_t now;
  sigprocmask(SIG_BLOCK, NULL, &now);
  check(sigismember(&now, SIGUSR1), "the mask is back after sigsuspend");
  raise(SIGUSR1);
  check(fails_with(EINTR, sigsuspend(&none)) && hits == 2, "sigsuspend with the signal pending returns at once");

  siginfo_t info;
  raise(SIGUSR1);
  check(gives(SIGUSR1, sigwaitinfo(&set, &info)) && info.si_code == SI_USER && info.si_pid == getpid() && hits == 2,
        "sigwaitinfo takes a pending signal, without the handler");
  check(!is_pending(SIGUSR1), "which is then no longer pending");
  struct timespec limit = {0, 30 * 1000000}, zero = {0, 0};
  int64_t start = now_ns();
  check(fails_with(EAGAIN, sigtimedwait(&set, &info, &limit)) && now_ns() - start >= 29 * 1000000,
        "sigtimedwait is EAGAIN after its time");
  check(fails_with(EAGAIN, sigtimedwait(&set, &info, &zero)), "sigtimedwait with time 0 is EAGAIN at once");
  sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = 42});
  check(gives(SIGRTMIN + 1, sigtimedwait(&set, &info, &limit)) && info.si_value.sival_int == 42,
        "sigtimedwait returns the value that was queued");
  thread = interrupt_later(SIGUSR1, -1);
  limit.tv_sec = 5;
  check(gives(SIGUSR1, sigtimedwait(&set, &info, &limit)), "sigtimedwait wakes for a signal that comes later");
  pthread_join(thread, NULL);
  handle(SIGUSR2, count, 0);
  thread = interrupt_later(SIGUSR2, -1);
  check(fails_with(EINTR, sigtimedwait(&set, &info, &limit)), "another signal's handler makes it EINTR");
  pthread_join(thread, NULL);
  int number;
  raise(SIGUSR1);
  check(gives(0, sigwait(&set, &number)) && number == SIGUSR1, "sigwait returns the signal's number");
  limit.tv_nsec = -1;
  check(fails_with(EINVAL, sigtimedwait(&set, &info, &limit)), "a bad time is EINVAL");
  unblock_all();

  sigset_t usr1 = set_of(SIGUSR1, 0);
  sigprocmask(SIG_BLOCK, &usr1, NULL);
  thread = interrupt_later(SIGUSR1, -1);
  hits = 0;
  struct timespec long_time = {5, 0};
  check(fails_with(EINTR, ppoll(NULL, 0, &long_time, &none)) && hits == 1, "ppoll unblocks while it waits");
  pthread_join(thread, NULL);
  sigprocmask(SIG_BLOCK, NULL, &now);
  check(sigismember(&now, SIGUSR1), "the mask is back after ppoll");
  unblock_all();
  reset(SIGUSR1);
  reset(SIGUSR2);
}

/* ---- threads ---- */

static volatile bool thread_ready, thread_stop, thread_blocks;
static volatile pid_t thread_tid;
static void *busy(void *unused) {
  if (thread_blocks) {
    sigset_t set = set_of(SIGUSR1, 0);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
  }
  thread_tid = syscall(SYS_gettid);
  thread_ready = true;
  while (!thread_stop) {
  }
  return unused;
}

static bool until(volatile int *counter, int value) {
  for (int i = 0; i < 3000 && *counter < value; i++) sleep_ms(1);
  return *counter >= value;
}

group(threads) {
  handle(SIGUSR1, count, SA_RESTART);
  handle(SIGURG, count, SA_RESTART | SA_ONSTACK);
  hits = 0;
  thread_ready = thread_stop = thread_blocks = false;
  pthread_t thread;
  pthread_create(&thread, NULL, busy, NULL);
  while (!thread_ready) sleep_ms(1);
  check(gives(0, syscall(SYS_tgkill, getpid(), thread_tid, SIGUSR1)) && until(&hits, 1), "tgkill reaches a busy thread");
  check(tid_inside == thread_tid, "the handler runs in that thread");
  bool ok = true;
  for (int i = 0; i < 20; i++) {
    syscall(SYS_tgkill, getpid(), thread_tid, SIGURG);
    ok = ok && until(&hits, 2 + i);
  }
  check(ok && tid_inside == thread_tid, "SIGURG preempts a busy loop 20 times, as Go does it");
  sigset_t set = set_of(SIGUSR1, 0);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  hits = 0;
  kill(getpid(), SIGUSR1);
  check(until(&hits, 1) && tid_inside == thread_tid, "a signal to the process goes to a thread that does not block it");
  syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1);
  sleep_ms(20);
  check(hits == 1 && is_pending(SIGUSR1), "a signal to a thread waits for that thread");
  unblock_all();
  check(hits == 2 && tid_inside == syscall(SYS_gettid), "and comes when it unblocks");
  thread_stop = true;
  pthread_join(thread, NULL);

  thread_ready = thread_stop = false;
  thread_blocks = true;
  pthread_create(&thread, NULL, busy, NULL);
  while (!thread_ready) sleep_ms(1);
  hits = 0;
  kill(getpid(), SIGUSR1);
  check(until(&hits, 1) && tid_inside == getpid(), "and to the first thread where the others block it");
  thread_stop = true;
  pthread_join(thread, NULL);
  reset(SIGUSR1);
  reset(SIGURG);
}

/* ---- faults ---- */

static sigjmp_buf trap_escape;
static volatile bool skip_instruction;
static void on_trap(int signal, siginfo_t *info, void *context) {
  count(signal, info, context);
  ucontext_t *user = context;
  order[0] = (int)user->uc_mcontext.gregs[REG_TRAPNO];
  order[1] = (int)user->uc_mcontext.gregs[REG_ERR];
  values[0] = (int)((uint64_t)user->uc_mcontext.gregs[REG_CR2] >> 12);
  if (skip_instruction) {
    user->uc_mcontext.gregs[REG_RIP] += 2;
    return;
  }
  siglongjmp(trap_escape, 1);
}

#define TRAP(code)                            \
  ({                                          \
    last = (siginfo_t){0};                    \
    if (sigsetjmp(trap_escape, 1) == 0) code; \
    last.si_signo;                            \
  })

static void divide_by_zero(void) {
  volatile int zero = 0;
  __asm__ volatile("cltd\n\tidivl %0" ::"m"(zero), "a"(1) : "edx");
}

group(faults) {
  int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
  for (int i = 0; i < 5; i++) handle(signals[i], on_trap, 0);
  check(TRAP(*(volatile int *)0x123000 = 1) == SIGSEGV && last.si_code == SEGV_MAPERR && last.si_addr == (void *)0x123000,
        "a wild write: SIGSEGV, SEGV_MAPERR, the address");
  check(order[0] == 14 && (order[1] & 6) == 6 && values[0] == 0x123,
        "its context holds trap 14, a user write error code and CR2");
  check(TRAP(divide_by_zero()) == SIGFPE && last.si_code == FPE_INTDIV, "a division by zero: SIGFPE, FPE_INTDIV");
  check(TRAP(__asm__ volatile("ud2")) == SIGILL && last.si_code == ILL_ILLOPN, "ud2: SIGILL, ILL_ILLOPN");
  check(TRAP(__asm__ volatile("int3")) == SIGTRAP && last.si_code == SI_KERNEL, "int3: SIGTRAP, SI_KERNEL");
  check(TRAP(__asm__ volatile("hlt")) == SIGSEGV && last.si_code == SI_KERNEL, "a privileged instruction: SIGSEGV, SI_KERNEL");
  check(TRAP(__asm__ volatile("cli")) == SIGSEGV, "cli: SIGSEGV");
  check(TRAP(__asm__ volatile("inb $0x60, %%al" ::: "eax")) == SIGSEGV, "port input: SIGSEGV");
  check(TRAP(__asm__ volatile("int $0x21")) == SIGSEGV, "a software interrupt that is not for users: SIGSEGV");
  check(TRAP(*(volatile int *)0x8000000000000000 = 1) == SIGSEGV && last.si_code == SI_KERNEL && last.si_addr == NULL,
        "a non-canonical address: SIGSEGV, SI_KERNEL, address 0");
  check(TRAP(((void (*)(void))0x5000)()) == SIGSEGV && last.si_addr == (void *)0x5000, "a jump to nowhere: SIGSEGV there");
  unsigned int mxcsr, strict;
  __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
  strict = mxcsr & ~(0x200u | 0x3f);
  /* Emulators may not raise it: then nothing happens. */
  int raised = TRAP(({
    float one = 1, zero = 0;
    __asm__ volatile("ldmxcsr %1\n\tdivss %2, %0" : "+x"(one) : "m"(strict), "x"(zero));
  }));
  check(raised == 0 || (raised == SIGFPE && last.si_code == FPE_FLTDIV),
        "an unmasked float division by zero, where it raises anything: SIGFPE, FPE_FLTDIV");
  __asm__ volatile("ldmxcsr %0" ::"m"(mxcsr));

  skip_instruction = true;
  hits = 0;
  __asm__ volatile("ud2");
  check(hits == 1, "a handler may change the instruction pointer and return");
  skip_instruction = false;
  for (int i = 0; i < 5; i++) reset(signals[i]);
  install_fault_handlers();
}

/* A handler that repairs the fault and returns, as garbage collectors do. */
static char *guarded;
static void repair(int signal, siginfo_t *info, void *context) {
  count(signal, info, context);
  mprotect(guarded, 4096, PROT_READ | PROT_WRITE);
}

group(repair) {
  guarded = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  handle(SIGSEGV, repair, 0);
  hits = 0;
  guarded[10] = 4;
  check(hits == 1 && guarded[10] == 4, "a handler may repair the fault, and the instruction runs again");
  bool ok = true;
  for (int i = 0; i < 1000; i++) {
    mprotect(guarded, 4096, PROT_NONE);
    guarded[i] = (char)i;
    ok = ok && guarded[i] == (char)i;
  }
  check(ok && hits == 1001, "a thousand times");
  install_fault_handlers();
}

/* ---- registers ---- */

static void clobber(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info, (void)context;
  hits++;
  __asm__ volatile("pcmpeqd %%xmm0, %%xmm0\n\tmovaps %%xmm0, %%xmm1\n\tmovaps %%xmm0, %%xmm9\n\tmovaps %%xmm0, %%xmm15\n\t"
                   "fninit\n\tfld1\n\tstd\n\tcld" ::
                       : "xmm0", "xmm1", "xmm9", "xmm15", "memory");
}

__attribute__((target("avx"))) static void clobber_wide(int signal, siginfo_t *info, void *context) {
  clobber(signal, info, context);
  __asm__ volatile("vxorps %%ymm2, %%ymm2, %%ymm2\n\tvcmptrueps %%ymm2, %%ymm2, %%ymm2\n\tvmovaps %%ymm2, %%ymm13" ::
                       : "xmm2", "xmm13");
}

__attribute__((target("avx"))) static bool wide_kept(void) {
  uint64_t in[4] = {1, 2, 3, 0xdeadbeef12345678}, out[8];
  int pid = getpid(), number = SIGUSR1;
  long result = SYS_kill;
  __asm__ volatile("vmovups (%[in]), %%ymm2\n\tvmovups (%[in]), %%ymm13\n\tsyscall\n\t"
                   "vmovups %%ymm2, (%[out])\n\tvmovups %%ymm13, 32(%[out])\n\tvzeroupper"
                   : "+a"(result)
                   : "D"((long)pid), "S"((long)number), [in] "r"(in), [out] "r"(out)
                   : "rcx", "r11", "memory", "xmm2", "xmm13");
  return memcmp(in, out, 32) == 0 && memcmp(in, out + 4, 32) == 0;
}

group(registers) {
  handle(SIGUSR1, clobber, 0);
  hits = 0;
  uint64_t in[2] = {0x1122334455667788, 0x99aabbccddeeff00}, out[8];
  double st_in = 3.25, st_out = 0;
  uint64_t general[2];
  long result = SYS_kill;
  __asm__ volatile("fldl %[st_in]\n\t"
                   "movups (%[in]), %%xmm0\n\tmovups (%[in]), %%xmm1\n\tmovups (%[in]), %%xmm9\n\tmovups (%[in]), %%xmm15\n\t"
                   "mov $0x1234, %%r12\n\tmov $0x5678, %%r10\n\tsyscall\n\t"
                   "mov %%r12, (%[general])\n\tmov %%r10, 8(%[general])\n\t"
                   "movups %%xmm0, (%[out])\n\tmovups %%xmm1, 16(%[out])\n\tmovups %%xmm9, 32(%[out])\n\t"
                   "movups %%xmm15, 48(%[out])\n\tfstpl %[st_out]"
                   : "+a"(result), [st_out] "=m"(st_out)
                   : "D"((long)getpid()), "S"((long)SIGUSR1), [in] "r"(in), [out] "r"(out), [general] "r"(general),
                     [st_in] "m"(st_in)
                   : "rcx", "r11", "r10", "r12", "memory", "xmm0", "xmm1", "xmm9", "xmm15", "st");
  check(hits == 1 && result == 0, "a handler runs at the end of a call, whose result is kept");
  check(memcmp(out, in, 16) == 0 && memcmp(out + 2, in, 16) == 0 && memcmp(out + 4, in, 16) == 0 &&
            memcmp(out + 6, in, 16) == 0,
        "vector registers are kept across a handler");
  check(general[0] == 0x1234 && general[1] == 0x5678, "general registers are kept across a handler");
  check(st_out == 3.25, "the x87 stack is kept across a handler");
  if (__builtin_cpu_supports("avx")) {
    handle(SIGUSR1, clobber_wide, 0);
    check(wide_kept(), "AVX registers are kept across a handler");
  }

  /* Asynchronously: a timer's handler overwrites vector registers while a loop computes with them. */
  handle(SIGALRM, __builtin_cpu_supports("avx") ? clobber_wide : clobber, SA_RESTART);
  struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
  hits = 0;
  setitimer(ITIMER_REAL, &often, NULL);
  double sum = 0;
  int64_t start = now_ns();
  long rounds = 0;
  bool ok = true;
  while (now_ns() - start < 200 * 1000000L) {
    double x = 1.0;
    for (int i = 0; i < 10000; i++) x = x * 1.0000001 + 0.5;
    if (rounds++ == 0) sum = x;
    ok = ok && x == sum;
  }
  setitimer(ITIMER_REAL, &never, NULL);
  check(ok && hits > 10, "a computation is not disturbed by a timer's handler at 1 kHz");
  note("%d timer signals in 200 ms", hits);
  reset(SIGALRM);
  reset(SIGUSR1);
}

/* ---- timers ---- */

group(timers) {
  handle(SIGALRM, count, 0);
  hits = 0;
  struct itimerval once = {{0, 0}, {0, 30000}}, left;
  check(gives(0, setitimer(ITIMER_REAL, &once, NULL)), "setitimer returns 0");
  check(gives(0, getitimer(ITIMER_REAL, &left)) && left.it_value.tv_usec > 0 && left.it_value.tv_usec <= 30000,
        "getitimer tells the time left");
  int64_t start = now_ns();
  pause();
  check(hits == 1 && now_ns() - start > 20 * 1000000L, "SIGALRM comes after the time");
  check(last.si_code == SI_KERNEL, "with SI_KERNEL");
  getitimer(ITIMER_REAL, &left);
  check(left.it_value.tv_sec == 0 && left.it_value.tv_usec == 0, "a timer without interval stops");
  struct itimerval often = {{0, 10000}, {0, 10000}}, never = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &often, NULL);
  check(until(&hits, 5), "a timer with an interval repeats");
  setitimer(ITIMER_REAL, &never, NULL);
  int seen = hits;
  sleep_ms(40);
  check(hits == seen, "and stops when set to 0");
  check(fails_with(EINVAL, setitimer(9, &never, NULL)), "an unknown timer is EINVAL");
  hits = 0;
  alarm(2);
  unsigned int remaining = alarm(1);
  check(remaining == 2 || remaining == 1, "alarm returns the seconds left of the one before");
  start = now_ns();
  pause();
  check(hits == 1 && now_ns() - start > 900 * 1000000L, "alarm(1) rings after a second");
  check(alarm(0) == 0, "alarm(0) with none set returns 0");

  handle(SIGVTALRM, count, 0);
  hits = 0;
  once.it_value.tv_usec = 20000;
  setitimer(ITIMER_VIRTUAL, &once, NULL);
  sleep_ms(60);
  bool asleep = hits == 0;
  for (volatile long i = 0; i < 4000000000L && hits == 0; i++) {
  }
  check(asleep && hits == 1, "ITIMER_VIRTUAL counts only time spent running");

  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 99};
  handle(SIGUSR1, count, 0);
  timer_t timer;
  check(gives(0, timer_create(CLOCK_MONOTONIC, &event, &timer)), "timer_create returns 0");
  struct itimerspec spec = {{0, 0}, {0, 20000000}}, state;
  hits = 0;
  check(gives(0, timer_settime(timer, 0, &spec, NULL)) && gives(0, timer_gettime(timer, &state)) &&
            state.it_value.tv_nsec > 0 && state.it_value.tv_nsec <= 20000000,
        "timer_gettime tells the time left");
  pause();
  check(hits == 1 && last.si_code == SI_TIMER && last.si_value.sival_int == 99, "it rings with SI_TIMER and its value");
  clock_gettime(CLOCK_MONOTONIC, &spec.it_value);
  spec.it_value.tv_nsec += 20000000;
  if (spec.it_value.tv_nsec >= 1000000000) spec.it_value.tv_sec++, spec.it_value.tv_nsec -= 1000000000;
  timer_settime(timer, TIMER_ABSTIME, &spec, NULL);
  pause();
  check(hits == 2, "an absolute time rings too");
  sigset_t set = set_of(SIGUSR1, 0);
  sigprocmask(SIG_BLOCK, &set, NULL);
  spec = (struct itimerspec){{0, 2000000}, {0, 2000000}};
  timer_settime(timer, 0, &spec, NULL);
  sleep_ms(50);
  siginfo_t info;
  sigwaitinfo(&set, &info);
  check(info.si_overrun > 3 && timer_getoverrun(timer) > 3, "rings missed are counted as overrun");
  check(gives(0, timer_delete(timer)), "timer_delete returns 0");
  check(fails_with(EINVAL, syscall(SYS_timer_gettime, 12345, &state)), "an unknown timer is EINVAL");
  struct timespec no_time = {0, 0};
  while (sigtimedwait(&set, &info, &no_time) > 0) {
  }
  unblock_all();
  event.sigev_notify = SIGEV_THREAD_ID;
  event._sigev_un._tid = syscall(SYS_gettid);
  check(gives(0, timer_create(CLOCK_REALTIME, &event, &timer)), "a timer may signal one thread");
  hits = 0;
  spec = (struct itimerspec){{0, 0}, {0, 1000000}};
  timer_settime(timer, 0, &spec, NULL);
  check(until(&hits, 1) && tid_inside == getpid(), "and does");
  timer_delete(timer);
  reset(SIGALRM);
  reset(SIGUSR1);
  reset(SIGVTALRM);
}

/* Signals against every call boundary: none lost, none twice, no call disturbed. */
static volatile bool storm_over;
static volatile int storm_sent;
static void *storm(void *target) {
  while (!storm_over && storm_sent < 20000) {
    if (pthread_kill(*(pthread_t *)target, SIGUSR1) == 0) storm_sent++;
    if (storm_sent % 64 == 0) sched_yield();
  }
  return NULL;
}

group(storm) {
  handle(SIGUSR1, count, SA_RESTART);
  hits = 0;
  pthread_t self = pthread_self(), thread;
  int pipes[2];
  pipe(pipes);
  pthread_create(&thread, NULL, storm, &self);
  bool ok = true;
  int64_t start = now_ns();
  for (int i = 0; i < 20000 && now_ns() - start < 3000000000L; i++) {
    char out = (char)i, in = 0;
    ok = ok && write(pipes[1], &out, 1) == 1 && read(pipes[0], &in, 1) == 1 && in == out && getppid() >= 0;
  }
  storm_over = true;
  pthread_join(thread, NULL);
  sleep_ms(5);
  note("%d sent, %d handled", storm_sent, hits);
  check(ok, "reads and writes stay right under a storm of signals");
  check(hits > 0 && hits <= storm_sent, "and the handlers run");
  close(pipes[0]);
  close(pipes[1]);
}
