// The clock without a system call (man 7 vdso): a shared library that the kernel maps into every program, right after a page
// with the clock's numbers that kernel/process/vdso.ts keeps. ns = (ticks - base) * multiplier >> 32, as kernel/sched/clock.ts.
typedef unsigned int u32;
typedef unsigned long u64;
typedef long i64;

struct data {
  volatile u32 sequence; // odd while the numbers change
  volatile u32 is_valid;
  volatile u64 base_ticks, multiplier, wall_offset;
};
struct timespec {
  i64 seconds, nanoseconds;
};
struct timeval {
  i64 seconds, microseconds;
};

extern const struct data clock_data __attribute__((visibility("hidden"))); // the page before the image: vdso.ld
static const struct data *const data = &clock_data;

enum { SYS_GETTIMEOFDAY = 96, SYS_TIME = 201, SYS_CLOCK_GETTIME = 228, SYS_CLOCK_GETRES = 229 };
enum { REALTIME, MONOTONIC, MONOTONIC_RAW = 4, REALTIME_COARSE, MONOTONIC_COARSE, BOOTTIME, TAI = 11 };
#define WALL (1 << REALTIME | 1 << REALTIME_COARSE | 1 << TAI)
#define FINE (1 << REALTIME | 1 << MONOTONIC | 1 << MONOTONIC_RAW | 1 << BOOTTIME | 1 << TAI)
#define KNOWN (FINE | 1 << REALTIME_COARSE | 1 << MONOTONIC_COARSE)
#define has(set, clock) ((u32)(clock) < 32 && ((set) >> (clock) & 1))

static inline i64 call(i64 number, i64 a, i64 b) {
  __asm__ volatile("syscall" : "+a"(number) : "D"(a), "S"(b) : "rcx", "r11", "memory");
  return number;
}

// Nanoseconds since boot, or since 1970.
static inline u64 now(int is_wall) {
  u32 sequence, low, high;
  u64 ns;
  do {
    while ((sequence = data->sequence) & 1) __builtin_ia32_pause();
    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    u64 ticks = ((u64)high << 32 | low) - data->base_ticks;
    ns = (unsigned __int128)ticks * data->multiplier >> 32;
    if (is_wall) ns += data->wall_offset;
    __asm__ volatile("" : : : "memory");
  } while (data->sequence != sequence);
  return ns;
}

int __vdso_clock_gettime(int clock, struct timespec *time) {
  if (!has(KNOWN, clock) || !data->is_valid) return call(SYS_CLOCK_GETTIME, clock, (i64)time);
  u64 ns = now(has(WALL, clock));
  time->seconds = ns / 1000000000;
  time->nanoseconds = ns % 1000000000;
  return 0;
}

int __vdso_clock_getres(int clock, struct timespec *resolution) {
  if (!has(FINE, clock)) return call(SYS_CLOCK_GETRES, clock, (i64)resolution);
  if (resolution) *resolution = (struct timespec){0, 1};
  return 0;
}

int __vdso_gettimeofday(struct timeval *time, u32 *zone) {
  if (!data->is_valid) return call(SYS_GETTIMEOFDAY, (i64)time, (i64)zone);
  if (time) {
    u64 ns = now(1);
    time->seconds = ns / 1000000000;
    time->microseconds = ns % 1000000000 / 1000;
  }
  if (zone) zone[0] = zone[1] = 0;
  return 0;
}

i64 __vdso_time(i64 *seconds) {
  if (!data->is_valid) return call(SYS_TIME, (i64)seconds, 0);
  i64 now_seconds = now(1) / 1000000000;
  if (seconds) *seconds = now_seconds;
  return now_seconds;
}

// One CPU, one node.
i64 __vdso_getcpu(u32 *cpu, u32 *node, void *cache) {
  (void)cache;
  if (cpu) *cpu = 0;
  if (node) *node = 0;
  return 0;
}

#define alias(name) __typeof__(__vdso_##name) name __attribute__((weak, alias("__vdso_" #name)));
alias(clock_gettime) alias(clock_getres) alias(gettimeofday) alias(time) alias(getcpu)
