/*
 * A tiny harness for programs that check a kernel from the inside.
 *
 * A program is a list of groups; a group is a list of checks, each a sentence about behaviour. Output is TAP:
 *   # group NAME
 *   ok 1 - SENTENCE
 *   not ok 2 - SENTENCE
 *   # files.c:31: fails_with(ENOENT, open("x", 0)): returned 3, errno 0
 *   1..2
 *   # passed 1, failed 1
 * The exit status is 0 only if every check passed.
 *
 * A group that crashes or outlives its time limit counts as one failed check, and the next group runs.
 * `program NAME…` runs only the groups named, `program -NAME` all but that one, `program --list` lists them.
 *
 * Only write(2) is used for output, so a program says how far it came even on a kernel that knows few calls.
 */
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MAX_GROUPS 64
#define GROUP_LIMIT_SECONDS 20
#define WATCHDOG_SIGNAL (SIGRTMAX - 1)

struct check_group {
  const char *name;
  void (*run)(void);
};

static struct check_group check_groups[MAX_GROUPS];
static int check_group_count;
static const char *check_group_name = "";
static int check_number, check_passed, check_failed;
static int check_errno;   /* errno after the last call under fails_with, gives or succeeds */
static long check_value;  /* what that call returned */
static bool check_called; /* whether those two belong to the check at hand */
static sigjmp_buf check_escape;
static volatile int check_may_escape;
static pid_t check_owner;

/* Prints one formatted piece of output in a single write. */
__attribute__((format(printf, 1, 2))) static inline void say(const char *format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (length > (int)sizeof text - 1) length = sizeof text - 1;
  for (int done = 0; done < length;) {
    long n = write(1, text + done, length - done);
    if (n <= 0) return;
    done += n;
  }
}

static inline bool check_at(bool ok, const char *sentence, const char *file, int line, const char *expression) {
  int saved = errno;
  check_number++;
  if (ok) {
    check_passed++;
    say("ok %d - %s\n", check_number, sentence);
  } else {
    check_failed++;
    say("not ok %d - %s\n", check_number, sentence);
    if (check_called)
      say("# %s:%d: %.300s: returned %ld, errno %d (%s)\n", file, line, expression, check_value, check_errno,
          strerror(check_errno));
    else
      say("# %s:%d: %.300s\n", file, line, expression);
  }
  check_called = false;
  errno = saved;
  return ok;
}

/* check(condition, sentence): the sentence says what a right kernel does. */
#define check(condition, sentence) check_at((condition), (sentence), __FILE_NAME__, __LINE__, #condition)
#define check_note(call) (check_called = true, errno = 0, check_value = (long)(call), check_errno = errno)
/* The call fails with that errno. */
#define fails_with(error, call) (check_note(call), check_value == -1 && check_errno == (error))
/* The call returns that value. */
#define gives(value, call) (check_note(call), check_value == (long)(value))
/* The call returns anything but an error. */
#define succeeds(call) (check_note(call), check_value >= 0)

/* A group that cannot go on returns; this says why in the output. */
#define require(condition, sentence)       \
  do {                                     \
    if (!check(condition, sentence)) return; \
  } while (0)

static inline void check_add(const char *name, void (*run)(void)) {
  check_groups[check_group_count].name = name;
  check_groups[check_group_count].run = run;
  check_group_count++;
}

#define group(name)                                                               \
  static void group_##name(void);                                                 \
  __attribute__((constructor)) static void add_##name(void) { check_add(#name, group_##name); } \
  static void group_##name(void)

/* A comment line in the output. */
#define note(...)       \
  do {                  \
    say("# " __VA_ARGS__); \
    say("\n");          \
  } while (0)

static inline int64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000L + time.tv_nsec;
}

static inline void sleep_ms(int ms) {
  struct timespec time = {ms / 1000, ms % 1000 * 1000000L};
  while (nanosleep(&time, &time) < 0 && errno == EINTR) {
  }
}

/* A new directory to work in, made the current one. TMPDIR or /tmp. */
static inline const char *enter_scratch(void) {
  static char path[256];
  const char *base = getenv("TMPDIR");
  snprintf(path, sizeof path, "%s/guest-XXXXXX", base ? base : "/tmp");
  if (!mkdtemp(path) || chdir(path) < 0) {
    say("not ok %d - a scratch directory can be made\n# mkdtemp %s: %s\n", ++check_number, path, strerror(errno));
    check_failed++;
  }
  return path;
}

/* Makes a file with that content; returns 0 or -1. */
static inline int put_file(const char *path, const void *content, size_t size) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (fd < 0) return -1;
  bool ok = write(fd, content, size) == (ssize_t)size;
  close(fd);
  return ok ? 0 : -1;
}

/* Reads a whole file (also one that claims size 0) into a static buffer, with a NUL after it; null on error. */
static inline char *read_all(const char *path) {
  static char text[1 << 18];
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return NULL;
  size_t length = 0;
  for (;;) {
    ssize_t n = read(fd, text + length, sizeof text - 1 - length);
    if (n < 0) {
      close(fd);
      return NULL;
    }
    if (n == 0) break;
    length += n;
  }
  close(fd);
  text[length] = 0;
  return text;
}

/* Sets a plain handler; returns what sigaction returned. */
static inline int handle(int signal, void (*handler)(int, siginfo_t *, void *), int flags) {
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
  return sigaction(signal, &action, NULL);
}

/* Faults on purpose: the next SIGSEGV or SIGBUS that this thread meets inside faults() is caught. */
static sigjmp_buf fault_escape;
static volatile siginfo_t fault_info;
static volatile bool fault_expected;

static inline void fault_handler(int signal, siginfo_t *info, void *context) {
  (void)context;
  if (fault_expected) {
    fault_info = *info;
    fault_expected = false;
    siglongjmp(fault_escape, 1);
  }
  if (check_may_escape && getpid() == check_owner) {
    say("# group %s: unexpected signal %d, code %d, address %p\n", check_group_name, signal, info->si_code,
        info->si_addr);
    check_may_escape = 0;
    siglongjmp(check_escape, 1);
  }
  _exit(128 + signal);
}

static inline void watchdog_handler(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info, (void)context;
  if (!check_may_escape) return;
  say("# group %s: took longer than %d s\n", check_group_name, GROUP_LIMIT_SECONDS);
  check_may_escape = 0;
  siglongjmp(check_escape, 1);
}

static inline void install_fault_handlers(void) {
  handle(SIGSEGV, fault_handler, SA_NODEFER);
  handle(SIGBUS, fault_handler, SA_NODEFER);
  handle(SIGILL, fault_handler, SA_NODEFER);
  handle(SIGFPE, fault_handler, SA_NODEFER);
}

/* The signal that reading (or writing) one byte at an address raises, 0 if none; details are left in fault_info. */
static inline int fault_of(const volatile void *address, bool writing) {
  memset((void *)&fault_info, 0, sizeof fault_info);
  fault_expected = true;
  if (sigsetjmp(fault_escape, 1)) return fault_info.si_signo;
  if (writing)
    *(volatile char *)address = 1;
  else
    (void)*(const volatile char *)address;
  fault_expected = false;
  return 0;
}
#define read_fault(address) fault_of((address), false)
#define write_fault(address) fault_of((address), true)

static inline bool check_wanted(const char *name, int count, char **names) {
  bool wanted = true;
  for (int i = 0; i < count; i++)
    if (names[i][0] != '-') wanted = false;
  for (int i = 0; i < count; i++) {
    if (strcmp(names[i], name) == 0) wanted = true;
    if (names[i][0] == '-' && strcmp(names[i] + 1, name) == 0) wanted = false;
  }
  return wanted;
}

static inline int check_main(int count, char **names) {
  if (count > 0 && strcmp(names[0], "--list") == 0) {
    for (int i = 0; i < check_group_count; i++) say("%s\n", check_groups[i].name);
    return 0;
  }
  check_owner = getpid();
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = WATCHDOG_SIGNAL};
  timer_t watchdog;
  bool watched = timer_create(CLOCK_MONOTONIC, &event, &watchdog) == 0;
  for (int i = 0; i < check_group_count; i++) {
    if (!check_wanted(check_groups[i].name, count, names)) continue;
    check_group_name = check_groups[i].name;
    say("# group %s\n", check_group_name);
    install_fault_handlers();
    handle(WATCHDOG_SIGNAL, watchdog_handler, SA_NODEFER);
    struct itimerspec limit = {.it_value = {GROUP_LIMIT_SECONDS, 0}};
    if (watched) timer_settime(watchdog, 0, &limit, NULL);
    if (sigsetjmp(check_escape, 1) == 0) {
      check_may_escape = 1;
      check_groups[i].run();
    } else {
      check_failed++;
      say("not ok %d - group %s runs to its end\n", ++check_number, check_group_name);
    }
    check_may_escape = 0;
    check_called = false;
    fault_expected = false;
  }
  if (watched) timer_delete(watchdog);
  say("1..%d\n# passed %d, failed %d\n", check_number, check_passed, check_failed);
  return check_failed ? 1 : 0;
}

#ifndef CHECK_OWN_MAIN
int main(int argc, char **argv) { return check_main(argc - 1, argv + 1); }
#endif
