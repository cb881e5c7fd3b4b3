/* build: static -O2
 * What it costs to make a process, run a program in it, and talk with it.
 *
 *   processes [NAME…]
 *
 * Each is run seven times over; the line says the median and the best, in ns an operation:
 *   bench NAME MEDIAN ns BEST
 */
#define _GNU_SOURCE
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 7, MB = 1 << 20, LARGE_MB = 200, HUGE_MB = 1024, BLOCK = 65536 };

extern char **environ;

static int64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000L + time.tv_nsec;
}

static bool failed;

static void end_well(pid_t child) {
  int status;
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0) failed = true;
}

static void fork_exit_wait(long count) {
  for (long i = 0; i < count && !failed; i++) {
    pid_t child = fork();
    if (child == 0) _exit(0);
    end_well(child);
  }
}

/* The child becomes this program again, which ends at once when it is called "end". */
static void fork_exec_wait(long count) {
  char *words[] = {"end", NULL};
  for (long i = 0; i < count && !failed; i++) {
    pid_t child = fork();
    if (child == 0) {
      execv("/proc/self/exe", words);
      _exit(127);
    }
    end_well(child);
  }
}

static void posix_spawn_wait(long count) {
  char *words[] = {"end", NULL};
  for (long i = 0; i < count && !failed; i++) {
    pid_t child;
    if (posix_spawn(&child, "/proc/self/exe", NULL, NULL, words, environ) != 0) child = -1;
    end_well(child);
  }
}

/* `count` blocks of 64 KiB from a child to its parent. */
static void carry(int ends[2], long count) {
  static char block[BLOCK];
  pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    for (long i = 0; i < count; i++) {
      for (ssize_t done = 0; done < BLOCK;) {
        ssize_t part = write(ends[1], block + done, BLOCK - done);
        if (part <= 0) _exit(1);
        done += part;
      }
    }
    _exit(0);
  }
  close(ends[1]);
  int64_t total = 0;
  for (ssize_t part; (part = read(ends[0], block, BLOCK)) > 0;) total += part;
  if (total != (int64_t)count * BLOCK) failed = true;
  close(ends[0]);
  end_well(child);
}

static void pipe_64k(long count) {
  int ends[2];
  if (pipe(ends) < 0) failed = true;
  else carry(ends, count);
}

static void socketpair_64k(long count) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0) failed = true;
  else carry(ends, count);
}

static void shell_200_commands(long count) {
  for (long i = 0; i < count && !failed; i++) {
    pid_t child = fork();
    if (child == 0) {
      execl("/usr/bin/busybox", "sh", "-c", "i=0; while [ $i -lt 200 ]; do /usr/bin/busybox true; i=$((i+1)); done", NULL);
      _exit(127);
    }
    end_well(child);
  }
}

static char *large;
static size_t held;
static void hold(size_t size) {
  char *more = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (more == MAP_FAILED) failed = true;
  else memset(more, 1, size);
  if (held == 0) large = more;
  held += size;
}
static void grow(void) { hold((size_t)LARGE_MB * MB); }
static void grow_on(void) { hold((size_t)(HUGE_MB - LARGE_MB) * MB); }

/* A child while the parent stores into each of its 200 MB: what copy-on-write costs in the end. */
static void fork_store(long count) {
  for (long i = 0; i < count && !failed; i++) {
    int ends[2];
    char byte;
    if (pipe(ends) < 0) failed = true;
    pid_t child = fork();
    if (child == 0) {
      close(ends[1]);
      _exit(read(ends[0], &byte, 1) == 0 ? 0 : 1);
    }
    close(ends[0]);
    for (size_t at = 0; at < (size_t)LARGE_MB * MB; at += 4096) large[at]++;
    close(ends[1]);
    end_well(child);
  }
}

static const struct {
  const char *name;
  void (*run)(long count);
  long count;
  void (*prepare)(void);
} benchmarks[] = {
    {"fork_exit_wait", fork_exit_wait, 50, NULL},
    {"fork_exec_wait", fork_exec_wait, 20, NULL},
    {"posix_spawn_wait", posix_spawn_wait, 20, NULL},
    {"pipe_64k", pipe_64k, 500, NULL},
    {"socketpair_64k", socketpair_64k, 500, NULL},
    {"shell_200_commands", shell_200_commands, 1, NULL},
    {"fork_exit_wait_200mb", fork_exit_wait, 5, grow},
    {"posix_spawn_wait_200mb", posix_spawn_wait, 20, NULL},
    {"fork_store_200mb", fork_store, 1, NULL},
    {"fork_exit_wait_1gb", fork_exit_wait, 3, grow_on},
};

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int count, char **words) {
  if (strcmp(words[0], "end") == 0) return 0;
  for (size_t i = 0; i < sizeof benchmarks / sizeof benchmarks[0]; i++) {
    bool wanted = count == 1;
    for (int k = 1; k < count; k++) wanted = wanted || strcmp(words[k], benchmarks[i].name) == 0;
    if (benchmarks[i].prepare == grow_on && (size_t)sysconf(_SC_PHYS_PAGES) < HUGE_MB * (size_t)MB / 4096 * 5 / 4) {
      printf("%s: not measured, the machine has too little memory\n", benchmarks[i].name);
      continue;
    }
    if (benchmarks[i].prepare) benchmarks[i].prepare();
    if (!wanted) continue;
    double results[ROUNDS];
    benchmarks[i].run(1);
    for (int round = 0; round < ROUNDS && !failed; round++) {
      int64_t start = now_ns();
      benchmarks[i].run(benchmarks[i].count);
      results[round] = (double)(now_ns() - start) / (double)benchmarks[i].count;
    }
    if (failed) {
      printf("bench-failed %s\n", benchmarks[i].name);
      failed = false;
      continue;
    }
    qsort(results, ROUNDS, sizeof results[0], compare);
    printf("bench %s %.1f ns %.1f\n", benchmarks[i].name, results[ROUNDS / 2], results[0]);
    fflush(stdout);
  }
  return 0;
}
