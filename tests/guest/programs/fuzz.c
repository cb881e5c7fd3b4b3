/*
 * A system-call fuzzer: four threads pass wild pointers, sizes, descriptors, flags and addresses to system calls.
 *
 *   fuzz [SEED [CALLS [trace]]]
 *
 * Each thread's calls follow from the seed alone. Every call must return: with a result, an errno, or EINTR when the
 * watching thread interrupts it. `trace` prints each call before it is made. The last line says how it went.
 *
 * It works in a scratch directory, with relative names. Left out are calls that would end or rewrite the program
 * itself (exit, exec, fork, rt_sigreturn …), reach others (kill of other processes, sockets with addresses), or change
 * the machine (mount, clocks, host name, modules, priorities, System V objects). Even so: run it as a plain user.
 */
#define CHECK_OWN_MAIN
#include "check.h"
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

enum { THREADS = 4, ARENA = 1 << 20, BUFFER = 1 << 16, CALL_NUMBERS = 470, STUCK_MS = 40, GIVE_UP_MS = 10000 };

struct call {
  int number;
  const char *name, *arguments;
};

/*
 * How arguments are made: f descriptor, p path, b buffer or bad pointer, B bad pointer or null, n size, o offset,
 * i small integer or flags, O open flags, a address within the arena or bad, m length for a, k own process or nobody,
 * s signal, c clock, x anything, 0 zero, g a harmless prctl or arch_prctl.
 */
#define CALL(name, arguments) {SYS_##name, #name, arguments}
static const struct call calls[] = {
    CALL(read, "fbn"), CALL(write, "fbn"), CALL(open, "pOi"), CALL(close, "f"), CALL(stat, "pb"), CALL(fstat, "fb"), CALL(lstat, "pb"),
    CALL(poll, "bni"), CALL(lseek, "foi"), CALL(mmap, "amiifo"), CALL(mprotect, "ami"), CALL(munmap, "am"), CALL(brk, "B"),
    CALL(rt_sigaction, "sBbi"), CALL(rt_sigprocmask, "iBbi"), CALL(ioctl, "fxb"), CALL(pread64, "fbno"), CALL(pwrite64, "fbno"),
    CALL(readv, "fbi"), CALL(writev, "fbi"), CALL(access, "pi"), CALL(pipe, "b"), CALL(select, "ibbbb"), CALL(sched_yield, ""),
    CALL(mremap, "ammia"), CALL(msync, "ami"), CALL(mincore, "amb"), CALL(madvise, "ami"), CALL(dup, "f"), CALL(dup2, "ff"), CALL(pause, ""),
    CALL(nanosleep, "bb"), CALL(getitimer, "ib"), CALL(alarm, "i"), CALL(setitimer, "iBb"), CALL(getpid, ""), CALL(sendfile, "ffbn"),
    CALL(socket, "uii"), CALL(accept, "fbb"), CALL(sendto, "fbniB0"), CALL(recvfrom, "fbnibb"), CALL(sendmsg, "fBi"), CALL(recvmsg, "fbi"),
    CALL(shutdown, "fi"), CALL(listen, "fi"), CALL(getsockname, "fbb"), CALL(getpeername, "fbb"), CALL(socketpair, "uiib"),
    CALL(setsockopt, "fiibi"), CALL(getsockopt, "fiibb"), CALL(wait4, "kbib"), CALL(kill, "ks"), CALL(uname, "b"), CALL(fcntl, "fFx"),
    CALL(flock, "fi"), CALL(fsync, "f"), CALL(fdatasync, "f"), CALL(truncate, "po"), CALL(ftruncate, "fo"), CALL(getdents, "fbn"),
    CALL(getcwd, "bn"), CALL(chdir, "B"), CALL(rename, "pp"), CALL(mkdir, "pi"), CALL(rmdir, "p"), CALL(creat, "pi"), CALL(link, "pp"),
    CALL(unlink, "p"), CALL(symlink, "pp"), CALL(readlink, "pbn"), CALL(chmod, "pi"), CALL(fchmod, "fi"), CALL(chown, "pxx"), CALL(fchown, "fxx"),
    CALL(lchown, "pxx"), CALL(umask, "i"), CALL(gettimeofday, "bb"), CALL(getrlimit, "ib"), CALL(getrusage, "ib"), CALL(sysinfo, "b"),
    CALL(times, "b"), CALL(getuid, ""), CALL(getgid, ""), CALL(getpgid, "k"), CALL(getsid, "k"), CALL(getgroups, "ib"), CALL(getresuid, "bbb"),
    CALL(getresgid, "bbb"), CALL(capget, "bb"), CALL(rt_sigpending, "bi"), CALL(rt_sigtimedwait, "bbbi"), CALL(rt_sigqueueinfo, "ksb"),
    CALL(sigaltstack, "Bb"), CALL(utime, "pb"), CALL(mknod, "pii"), CALL(statfs, "pb"), CALL(fstatfs, "fb"), CALL(getpriority, "ix"),
    CALL(sched_getparam, "kb"), CALL(sched_getscheduler, "k"), CALL(sched_get_priority_max, "i"), CALL(sched_get_priority_min, "i"),
    CALL(sched_rr_get_interval, "kb"), CALL(mlock, "am"), CALL(munlock, "am"), CALL(prctl, "gbxxx"), CALL(arch_prctl, "gb"), CALL(setrlimit, "iB"),
    CALL(gettid, ""), CALL(readahead, "foi"), CALL(setxattr, "ppbni"), CALL(lsetxattr, "ppbni"), CALL(fsetxattr, "fpbni"), CALL(getxattr, "ppbn"),
    CALL(lgetxattr, "ppbn"), CALL(fgetxattr, "fpbn"), CALL(listxattr, "pbn"), CALL(llistxattr, "pbn"), CALL(flistxattr, "fbn"),
    CALL(removexattr, "pp"), CALL(lremovexattr, "pp"), CALL(fremovexattr, "fp"), CALL(tkill, "ks"), CALL(time, "b"), CALL(futex, "biibbi"),
    CALL(sched_setaffinity, "0nB"), CALL(sched_getaffinity, "knb"), CALL(epoll_create, "i"), CALL(getdents64, "fbn"), CALL(set_tid_address, "b"),
    CALL(fadvise64, "fooi"), CALL(timer_create, "cBb"), CALL(timer_settime, "iiBb"), CALL(timer_gettime, "ib"), CALL(timer_getoverrun, "i"),
    CALL(timer_delete, "i"), CALL(clock_gettime, "cb"), CALL(clock_getres, "cb"), CALL(clock_nanosleep, "cibb"), CALL(epoll_wait, "fbii"),
    CALL(epoll_ctl, "fifb"), CALL(tgkill, "kks"), CALL(utimes, "pb"), CALL(waitid, "ikbib"), CALL(inotify_init, ""), CALL(inotify_add_watch, "fpi"),
    CALL(inotify_rm_watch, "fi"), CALL(openat, "fpOi"), CALL(mkdirat, "fpi"), CALL(mknodat, "fpii"), CALL(fchownat, "fpxxi"), CALL(futimesat, "fpb"),
    CALL(newfstatat, "fpbi"), CALL(unlinkat, "fpi"), CALL(renameat, "fpfp"), CALL(linkat, "fpfpi"), CALL(symlinkat, "pfp"), CALL(readlinkat, "fpbn"),
    CALL(fchmodat, "fpi"), CALL(faccessat, "fpi"), CALL(pselect6, "ibbbbB"), CALL(ppoll, "bnbBi"), CALL(set_robust_list, "bn"),
    CALL(get_robust_list, "kbb"), CALL(splice, "fbfbni"), CALL(tee, "ffni"), CALL(sync_file_range, "fooi"), CALL(vmsplice, "fbii"),
    CALL(move_pages, "kibbbi"), CALL(utimensat, "fpbi"), CALL(epoll_pwait, "fbiiBi"), CALL(signalfd, "fbi"), CALL(timerfd_create, "ci"),
    CALL(eventfd, "i"), CALL(fallocate, "fioo"), CALL(timerfd_settime, "fibb"), CALL(timerfd_gettime, "fb"), CALL(accept4, "fbbi"),
    CALL(signalfd4, "fbni"), CALL(eventfd2, "ii"), CALL(epoll_create1, "i"), CALL(dup3, "ffi"), CALL(pipe2, "bi"), CALL(inotify_init1, "i"),
    CALL(preadv, "fbioi"), CALL(pwritev, "fbioi"), CALL(rt_tgsigqueueinfo, "kksb"), CALL(recvmmsg, "fbiib"), CALL(prlimit64, "kiBb"),
    CALL(name_to_handle_at, "fpbbi"), CALL(syncfs, "f"), CALL(sendmmsg, "fBii"), CALL(getcpu, "bbb"), CALL(kcmp, "kkiff"), CALL(sched_getattr, "kbni"),
    CALL(renameat2, "fpfpi"), CALL(getrandom, "bni"), CALL(memfd_create, "pi"), CALL(membarrier, "ii"), CALL(mlock2, "ami"),
    CALL(copy_file_range, "fbfbni"), CALL(preadv2, "fbioii"), CALL(pwritev2, "fbioii"), CALL(pkey_mprotect, "amii"), CALL(pkey_alloc, "ii"),
    CALL(pkey_free, "i"), CALL(statx, "fpiib"), CALL(rseq, "bnii"), CALL(pidfd_send_signal, "fsbi"), CALL(io_uring_setup, "iB"),
    CALL(io_uring_enter, "fiiibn"), CALL(io_uring_register, "fibi"), CALL(pidfd_open, "ki"), CALL(openat2, "fpbn"), CALL(pidfd_getfd, "ffi"),
    CALL(faccessat2, "fpii"), CALL(epoll_pwait2, "fbibBi"),
    {441 + 8, "futex_waitv", "biibi"}, {451, "cachestat", "fbbi"}, {452, "fchmodat2", "fpii"}, {454, "futex_wake", "bxii"},
    {336, "number-336", "xxxxxx"}, {410, "number-410", "xxxxxx"}, {CALL_NUMBERS + 30, "number-500", "xxxxxx"}, {1 << 20, "number-1048576", "xxxxxx"},
    {-1, "number-minus-1", "xxxxxx"},
};
enum { CALLS = sizeof calls / sizeof calls[0] };

struct worker {
  int index;
  volatile pid_t tid;
  uint64_t state;
  char *buffer;
  const struct call *volatile call;
  volatile unsigned long values[6];
  volatile long made, succeeded, errors;
  volatile int64_t since;
  volatile bool done;
};

static struct worker workers[THREADS];
static char *arena;
static volatile bool started;
static bool trace;
static long wanted = 20000;
static pid_t own_pid;
static char long_path[5000];
static const char *const paths[] = {"a", "b", "c/d", "c", "c/../a", "", ".", "./b", "loop", "none/none", "dir/", "dir", "/dev/null", "/dev/zero",
                                    "/proc/self/stat", "/proc/self/maps", "/proc/self/fd", "/proc/self/fd/5", "user.x", "fifo"};

static uint64_t next_random(struct worker *worker) {
  /* xorshift64* */
  uint64_t x = worker->state;
  x ^= x >> 12, x ^= x << 25, x ^= x >> 27;
  worker->state = x;
  return x * 0x2545f4914f6cdd1d;
}

static unsigned long bad_pointer(uint64_t r) {
  static const unsigned long bad[] = {0, 1, 8, 4095, 4096, 0x10000, 0x7fffffffffff, 0x7ffffffff000, 0x800000000000, 0x8000000000000000, 0xffff800000000000,
                                      0xffff800000100000, 0xffffffff80000000, 0xffffffff80200000, 0xffffffffff600000, 0xfffffffffffff000, 0xffffffffffffffff, 0xdeadbeefdeadbeef};
  return bad[r % (sizeof bad / sizeof bad[0])];
}

static unsigned long small_integer(uint64_t r) {
  static const unsigned long odd[] = {0x7fffffff, 0x80000000, 0xffffffff, -1UL, 0x100, 0x1000, 0x4000, 0x80000, 0x80800, 0x10000, 1UL << 31, 1UL << 40};
  switch (r % 4) {
    case 0: return r >> 8 & 7;
    case 1: return r >> 8 & 63;
    case 2: return 1UL << (r >> 8 & 31);
    default: return odd[(r >> 8) % (sizeof odd / sizeof odd[0])];
  }
}

static unsigned long argument(struct worker *worker, char kind) {
  uint64_t r = next_random(worker), s = r >> 16;
  char *buffer = worker->buffer + (s % BUFFER & ~7UL);
  switch (kind) {
    case 'f': {
      static const unsigned long odd[] = {99, 1000, -1UL, -100UL, 0x7fffffff, 0x80000000, 1UL << 40};
      return r % 8 ? 3 + s % 30 : odd[s % 7];
    }
    case 'p': {
      if (r % 16 == 0) return bad_pointer(s);
      if (r % 16 == 1) return (unsigned long)long_path;
      if (r % 16 == 2) return (unsigned long)arena + ARENA - 3;
      return (unsigned long)paths[s % (sizeof paths / sizeof paths[0])];
    }
    case 'b':
      if (r % 8 == 0) return bad_pointer(s);
      if (r % 8 == 1) return (unsigned long)arena + s % (ARENA + 8192);
      if (r % 8 == 2) return (unsigned long)buffer + 1 + s % 7;
      return (unsigned long)buffer;
    case 'B': return bad_pointer(s);
    case 'n': {
      static const unsigned long sizes[] = {0, 1, 4, 7, 8, 16, 24, 64, 512, 4096, 65537, 1 << 20, -1UL, 1UL << 63, (1UL << 63) + 4096, 0xffffffff00000000};
      return sizes[s % 16];
    }
    case 'o': {
      static const unsigned long offsets[] = {0, 1, 511, 4095, 4096, 8192, 65536, 1 << 20, -1UL, 1UL << 63, LONG_MAX, -4096UL};
      return offsets[s % 12];
    }
    case 'O': return (s & 3) | (r % 4 ? O_NONBLOCK : 0) | (s >> 4 & 0x1fffc0 & (s >> 30));
    case 'F': {
      /* Not F_SETOWN, F_SETSIG, F_SETOWN_EX. */
      unsigned long command = s % 16 ? s % 18 : 1024 + s / 16 % 20;
      return command == 8 || command == 10 || command == 15 ? 1 : command;
    }
    case 'u': return r % 4 ? AF_UNIX : 100 + s % 1000;
    case 'i': return small_integer(r >> 4);
    case 'a': return r % 8 == 0 ? bad_pointer(s) : (unsigned long)arena + (s % (ARENA - 65536) & (r % 8 == 1 ? -1UL : -4096UL));
    case 'm': {
      /* Nothing that reaches past the arena without wrapping: mprotect changes what it meets before it fails. */
      static const unsigned long lengths[] = {0, 1, 4095, 4096, 8192, 65536, -1UL, -4096UL};
      return lengths[s % 8];
    }
    case 'k': return r % 2 ? (unsigned long)own_pid : r % 4 ? (unsigned long)worker->tid : 0x3ffffff;
    case 's': {
      static const unsigned long signals[] = {0, SIGUSR1, SIGUSR2, SIGURG, SIGCHLD, SIGPIPE, SIGALRM, SIGWINCH, 40, 63, 64, 65, -1UL, 1UL << 32};
      return signals[s % 14];
    }
    case 'c': return s % 3 ? s % 12 : small_integer(s);
    case 'g': {
      static const unsigned long options[] = {2, 3, 7, 16, 21, 23, 25, 27, 30, 39, 12345, -1UL, 0x1003, 0x1004, 0x9999};
      return options[s % 15];
    }
    case 'x': return argument(worker, "fpbBnoim"[s % 8]);
    default: return 0;
  }
}

/* New content for the buffer: random, small numbers, or pointers, so that structures in it are sometimes plausible. */
static void fill(struct worker *worker) {
  uint64_t *words = (uint64_t *)worker->buffer;
  for (int i = 0; i < BUFFER / 8; i++) {
    uint64_t r = next_random(worker);
    switch (r % 5) {
      case 0: words[i] = 0; break;
      case 1: words[i] = r >> 60; break;
      case 2: words[i] = r; break;
      case 3: words[i] = (uint64_t)worker->buffer + (r >> 8) % BUFFER; break;
      default: words[i] = (r >> 8 & 31) | (r >> 16 & 0xff) << 32; break;
    }
  }
}

static long raw(long number, const volatile unsigned long *v) {
  long result;
  register long r10 __asm__("r10") = v[3];
  register long r8 __asm__("r8") = v[4];
  register long r9 __asm__("r9") = v[5];
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(v[0]), "S"(v[1]), "d"(v[2]), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
  return result;
}

static void describe(const char *why, struct worker *worker) {
  const volatile unsigned long *v = worker->values;
  say("%s thread %d call %ld: %s(%#lx, %#lx, %#lx, %#lx, %#lx, %#lx)\n", why, worker->index, worker->made, worker->call->name, v[0], v[1], v[2], v[3], v[4], v[5]);
}

static void *work(void *argument_) {
  struct worker *worker = argument_;
  worker->tid = syscall(SYS_gettid);
  while (!started) sched_yield();
  while (worker->made < wanted) {
    if (worker->made % 64 == 0) fill(worker);
    if (worker->made % 256 == 255 && worker->index == 0) {
      unsigned long values[6] = {40, 400, 0};
      raw(SYS_close_range, values);
      mmap(arena, ARENA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    }
    const struct call *call = &calls[next_random(worker) % CALLS];
    for (int i = 0; i < 6; i++) worker->values[i] = call->arguments[i] ? argument(worker, call->arguments[i]) : 0;
    for (int i = (int)strlen(call->arguments); i < 6; i++) worker->values[i] = argument(worker, 'i');
    if (call->number == SYS_mmap && worker->values[1] < 1UL << 40) worker->values[3] |= MAP_NORESERVE;
    worker->call = call;
    if (trace) describe("#", worker);
    worker->since = now_ns();
    long result = raw(call->number, worker->values);
    worker->since = 0;
    worker->made++;
    if (result < 0 && result >= -4095)
      worker->errors++;
    else
      worker->succeeded++;
    /* Mappings made outside the arena are given back. */
    if ((call->number == SYS_mmap || call->number == SYS_mremap) && result > 0 && ((char *)result < arena || (char *)result >= arena + ARENA)) {
      unsigned long length = call->number == SYS_mmap ? worker->values[1] : worker->values[2];
      munmap((void *)result, length);
    }
  }
  worker->done = true;
  for (;;) pause();
  return NULL;
}

static void on_any(int signal, siginfo_t *info, void *context) {
  (void)context;
  if (info->si_code <= 0 || (signal != SIGSEGV && signal != SIGBUS && signal != SIGILL && signal != SIGFPE && signal != SIGTRAP)) return;
  pid_t tid = syscall(SYS_gettid);
  say("signal %d, code %d, address %p in the fuzzer itself\n", signal, info->si_code, info->si_addr);
  for (int i = 0; i < THREADS; i++)
    if (workers[i].tid == tid && workers[i].call) describe("after", &workers[i]);
  _exit(1);
}

int main(int argc, char **argv) {
  uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
  if (argc > 2) wanted = atol(argv[2]);
  trace = argc > 3;
  own_pid = getpid();
  const char *scratch = enter_scratch();
  say("fuzz: seed %lu, %ld calls in each of %d threads, in %s\n", (unsigned long)seed, wanted, THREADS, scratch);
  for (int signal = 1; signal < 65; signal++) handle(signal, on_any, 0);
  struct rlimit limit = {8 << 20, 8 << 20};
  setrlimit(RLIMIT_FSIZE, &limit);
  memset(long_path, 'x', sizeof long_path - 1);
  mkdir("c", 0700), mkdir("dir", 0700), symlink("loop", "loop"), mkfifo("fifo", 0600);
  put_file("a", "content", 7);
  arena = mmap(NULL, ARENA + 131072, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  int pipes[2];
  pipe2(pipes, O_NONBLOCK);
  socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pipes);
  syscall(SYS_eventfd2, 0, O_NONBLOCK);
  syscall(SYS_epoll_create1, 0);
  open("a", O_RDWR), open("dir", O_RDONLY), open("/dev/zero", O_RDWR);

  for (int i = 0; i < THREADS; i++) {
    workers[i].index = i;
    workers[i].state = (seed * THREADS + i + 1) * 0x9e3779b97f4a7c15;
    workers[i].buffer = mmap(NULL, BUFFER + 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_t thread;
    if (pthread_create(&thread, NULL, work, &workers[i]) != 0) {
      say("fuzz: no thread\n");
      return 1;
    }
  }
  started = true;
  long interrupted = 0;
  for (;;) {
    sleep_ms(10);
    int done = 0;
    for (int i = 0; i < THREADS; i++) {
      struct worker *worker = &workers[i];
      done += worker->done;
      int64_t since = worker->since, now = now_ns();
      if (worker->done || since == 0 || now - since < STUCK_MS * 1000000L) continue;
      if (now - since > GIVE_UP_MS * 1000000L) {
        describe("stuck:", worker);
        _exit(1);
      }
      interrupted += syscall(SYS_tgkill, own_pid, worker->tid, SIGUSR1) == 0;
    }
    if (done == THREADS) break;
  }
  long made = 0, succeeded = 0;
  for (int i = 0; i < THREADS; i++) made += workers[i].made, succeeded += workers[i].succeeded;
  say("fuzz: survived %ld calls with seed %lu: %ld succeeded, %ld failed, %ld interrupted\n", made, (unsigned long)seed, succeeded, made - succeeded, interrupted);
  return 0;
}
