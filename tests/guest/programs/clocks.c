/* Time: clocks, resolution, agreement of vDSO and system call, sleeping and its accuracy. */
#include "check.h"
#include <elf.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/time.h>
#include <sys/times.h>

static int64_t ns_of(struct timespec time) { return time.tv_sec * 1000000000L + time.tv_nsec; }
static int64_t read_ns(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return ns_of(time);
}
static int64_t call_ns(clockid_t clock) {
  struct timespec time;
  syscall(SYS_clock_gettime, clock, &time);
  return ns_of(time);
}

group(kinds) {
  static const struct {
    clockid_t clock;
    const char *name;
  } clocks[] = {{CLOCK_REALTIME, "CLOCK_REALTIME answers, also for its resolution"},
                {CLOCK_MONOTONIC, "CLOCK_MONOTONIC answers, also for its resolution"},
                {CLOCK_PROCESS_CPUTIME_ID, "CLOCK_PROCESS_CPUTIME_ID answers, also for its resolution"},
                {CLOCK_THREAD_CPUTIME_ID, "CLOCK_THREAD_CPUTIME_ID answers, also for its resolution"},
                {CLOCK_MONOTONIC_RAW, "CLOCK_MONOTONIC_RAW answers, also for its resolution"},
                {CLOCK_REALTIME_COARSE, "CLOCK_REALTIME_COARSE answers, also for its resolution"},
                {CLOCK_MONOTONIC_COARSE, "CLOCK_MONOTONIC_COARSE answers, also for its resolution"},
                {CLOCK_BOOTTIME, "CLOCK_BOOTTIME answers, also for its resolution"},
                {CLOCK_TAI, "CLOCK_TAI answers, also for its resolution"}};
  for (size_t i = 0; i < sizeof clocks / sizeof clocks[0]; i++) {
    struct timespec now = {-1, -1}, resolution = {-1, -1};
    check(gives(0, clock_gettime(clocks[i].clock, &now)) && gives(0, clock_getres(clocks[i].clock, &resolution)) && now.tv_sec >= 0 && now.tv_nsec >= 0 &&
              now.tv_nsec < 1000000000 && resolution.tv_sec == 0 && resolution.tv_nsec > 0,
          clocks[i].name);
  }
  struct timespec now;
  check(fails_with(EINVAL, clock_gettime(77, &now)) && fails_with(EINVAL, clock_getres(77, &now)), "an unknown clock is EINVAL");
  check(gives(0, clock_getres(CLOCK_MONOTONIC, NULL)), "clock_getres allows no result");
  check(gives(0, clock_getres(CLOCK_MONOTONIC, &now)) && now.tv_nsec == 1, "CLOCK_MONOTONIC's resolution is 1 ns");
  check(fails_with(EINVAL, clock_settime(CLOCK_MONOTONIC, &now)), "CLOCK_MONOTONIC cannot be set: EINVAL");
  check(read_ns(CLOCK_REALTIME) > 1700000000L * 1000000000 && read_ns(CLOCK_REALTIME) < 4000000000L * 1000000000, "the wall clock knows this century");
  check(read_ns(CLOCK_MONOTONIC) <= read_ns(CLOCK_BOOTTIME) + 1000000, "CLOCK_BOOTTIME is not behind CLOCK_MONOTONIC");
  struct timeval value;
  check(gives(0, gettimeofday(&value, NULL)) && labs(value.tv_sec - time(NULL)) <= 1, "gettimeofday and time agree");
}

group(vdso) {
  uintptr_t base = getauxval(AT_SYSINFO_EHDR);
  require(base != 0, "there is a vDSO");
  Elf64_Ehdr *head = (void *)base;
  check(memcmp(head->e_ident, ELFMAG, SELFMAG) == 0 && head->e_type == ET_DYN && head->e_machine == EM_X86_64, "it is an x86-64 ELF library");
  Elf64_Phdr *program = (void *)(base + head->e_phoff);
  Elf64_Dyn *dynamic = NULL;
  uintptr_t load = base;
  for (int i = 0; i < head->e_phnum; i++) {
    if (program[i].p_type == PT_DYNAMIC) dynamic = (void *)(base + program[i].p_offset);
    if (program[i].p_type == PT_LOAD) load = base + program[i].p_offset - program[i].p_vaddr;
  }
  const char *strings = NULL;
  Elf64_Sym *symbols = NULL;
  uint32_t *hash = NULL;
  for (; dynamic && dynamic->d_tag != DT_NULL; dynamic++) {
    uintptr_t at = load + dynamic->d_un.d_ptr;
    if (dynamic->d_tag == DT_STRTAB) strings = (void *)at;
    if (dynamic->d_tag == DT_SYMTAB) symbols = (void *)at;
    if (dynamic->d_tag == DT_HASH) hash = (void *)at;
  }
  /* Newer Linux has only DT_GNU_HASH: walk up to the string table then, which follows the symbols. */
  uint32_t count = hash ? hash[1] : symbols && (uintptr_t)strings > (uintptr_t)symbols ? (uint32_t)(((uintptr_t)strings - (uintptr_t)symbols) / sizeof *symbols) : 0;
  int found = 0;
  int (*get_time)(clockid_t, struct timespec *) = NULL;
  for (uint32_t i = 0; i < count; i++) {
    const char *name = strings + symbols[i].st_name;
    if (strcmp(name, "__vdso_clock_gettime") == 0) {
      found++;
      get_time = (void *)(load + symbols[i].st_value);
    }
    found += strcmp(name, "__vdso_gettimeofday") == 0 || strcmp(name, "__vdso_time") == 0 || strcmp(name, "__vdso_getcpu") == 0;
  }
  check(found == 4, "it exports clock_gettime, gettimeofday, time and getcpu");
  struct timespec time;
  check(get_time && get_time(CLOCK_MONOTONIC, &time) == 0 && time.tv_nsec < 1000000000, "its clock_gettime works");
  if (!get_time) return;
  int64_t start = read_ns(CLOCK_MONOTONIC);
  for (int i = 0; i < 20000; i++) get_time(CLOCK_MONOTONIC, &time);
  int64_t inside = read_ns(CLOCK_MONOTONIC) - start;
  for (int i = 0; i < 20000; i++) syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &time);
  int64_t called = read_ns(CLOCK_MONOTONIC) - start - inside;
  note("clock_gettime: %ld ns by the vDSO, %ld ns by the call", inside / 20000, called / 20000);
}

group(monotonicity) {
  bool ok = true, agree = true;
  int64_t last = read_ns(CLOCK_MONOTONIC);
  for (int i = 0; i < 100000; i++) {
    int64_t now = i % 16 ? read_ns(CLOCK_MONOTONIC) : call_ns(CLOCK_MONOTONIC);
    ok = ok && now >= last;
    last = now;
  }
  check(ok, "CLOCK_MONOTONIC never goes back, between vDSO and call either");
  for (int i = 0; i < 1000; i++) {
    int64_t before = read_ns(CLOCK_REALTIME), between = call_ns(CLOCK_REALTIME), after = read_ns(CLOCK_REALTIME);
    agree = agree && before <= between && between <= after;
  }
  check(agree, "vDSO and call agree on CLOCK_REALTIME");
  int64_t coarse = read_ns(CLOCK_MONOTONIC_COARSE), fine = read_ns(CLOCK_MONOTONIC);
  check(coarse <= fine && fine - coarse < 100 * 1000000L, "the coarse clock is at most 100 ms behind");
  int64_t wall = read_ns(CLOCK_REALTIME), mono = read_ns(CLOCK_MONOTONIC);
  sleep_ms(100);
  int64_t drift = (read_ns(CLOCK_REALTIME) - wall) - (read_ns(CLOCK_MONOTONIC) - mono);
  check(labs(drift) < 5 * 1000000L, "both clocks run equally fast");
}

group(sleeping) {
  static const int lengths_us[] = {50, 500, 2000, 10000, 50000};
  bool early = false, late = false;
  for (int i = 0; i < 5; i++) {
    int64_t best = INT64_MAX;
    for (int round = 0; round < 5; round++) {
      struct timespec time = {0, lengths_us[i] * 1000L};
      int64_t start = now_ns();
      nanosleep(&time, NULL);
      int64_t took = now_ns() - start;
      early = early || took < lengths_us[i] * 1000L;
      if (took < best) best = took;
    }
    late = late || best > lengths_us[i] * 1000L + 10 * 1000000L;
    note("sleeping %d us takes %ld us at best", lengths_us[i], best / 1000);
  }
  check(!early, "no sleep is too short");
  check(!late, "sleeps from 50 us to 50 ms are at most 10 ms too long at best");
  struct timespec time = {0, 0};
  check(gives(0, nanosleep(&time, NULL)), "a sleep of 0 returns");
  time = (struct timespec){0, 1000000000};
  check(fails_with(EINVAL, nanosleep(&time, NULL)), "1e9 ns are EINVAL");
  time = (struct timespec){-1, 0};
  check(fails_with(EINVAL, nanosleep(&time, NULL)), "a negative time is EINVAL");
  check(fails_with(EFAULT, nanosleep((void *)8, NULL)), "a bad address is EFAULT");
  clock_gettime(CLOCK_MONOTONIC, &time);
  int64_t target = ns_of(time) + 20 * 1000000;
  time = (struct timespec){target / 1000000000, target % 1000000000};
  check(gives(0, clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL)) && now_ns() >= target, "an absolute sleep ends at its time");
  check(gives(0, clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL)), "one in the past at once");
  clock_gettime(CLOCK_REALTIME, &time);
  time.tv_nsec += 10000000;
  if (time.tv_nsec >= 1000000000) time.tv_sec++, time.tv_nsec -= 1000000000;
  check(gives(0, clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &time, NULL)), "the wall clock serves too");
  check(gives(EINVAL, clock_nanosleep(77, 0, &time, NULL)) && gives(EINVAL, clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &time, NULL)), "unknown clocks and the thread's own are EINVAL");
}

static void *sleeper(void *argument) {
  int ms = (int)(intptr_t)argument;
  int64_t start = now_ns();
  sleep_ms(ms);
  return (void *)(intptr_t)(now_ns() - start >= ms * 1000000L && now_ns() - start < (ms + 200) * 1000000L);
}

group(many_sleepers) {
  pthread_t threads[50];
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 65536);
  for (intptr_t i = 0; i < 50; i++) pthread_create(&threads[i], &attributes, sleeper, (void *)(i * 37 % 50 + 1));
  bool ok = true;
  for (int i = 0; i < 50; i++) {
    void *result;
    pthread_join(threads[i], &result);
    ok = ok && result;
  }
  check(ok, "50 sleepers each wake at their own time");
}

group(processor_time) {
  int64_t start = read_ns(CLOCK_PROCESS_CPUTIME_ID), thread = read_ns(CLOCK_THREAD_CPUTIME_ID);
  sleep_ms(50);
  check(read_ns(CLOCK_PROCESS_CPUTIME_ID) - start < 30 * 1000000L, "sleeping takes no processor time");
  int64_t wall = now_ns();
  while (now_ns() - wall < 60 * 1000000L) {
  }
  int64_t used = read_ns(CLOCK_PROCESS_CPUTIME_ID) - start;
  check(used > 10 * 1000000L && used < 1000 * 1000000L, "working does");
  check(read_ns(CLOCK_THREAD_CPUTIME_ID) - thread > 10 * 1000000L, "the thread's clock counts it too");
  struct tms spent;
  check(times(&spent) != (clock_t)-1 && spent.tms_utime + spent.tms_stime >= 1, "times counts ticks");
  check(clock() > 0, "clock() answers");
}
