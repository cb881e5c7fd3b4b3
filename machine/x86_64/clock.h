// kernel/trusted/machine/clock.ts
static inline u64 clock_ticks(void) {
  u32 low, high;
  asm volatile("rdtsc" : "=a"(low), "=d"(high));
  return (u64)high << 32 | low;
}
