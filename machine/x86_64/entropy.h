// kernel/trusted/machine/entropy.ts: up to ten tries, as Intel's guide advises; 0 for failure.
#define RANDOM(name) \
  static inline u64 entropy_##name(void) { \
    u64 value; \
    for (int tries = 0; tries < 10; tries++) { \
      u8 ready; \
      asm volatile(#name " %0; setc %1" : "=r"(value), "=qm"(ready)::"cc"); \
      if (ready) return value; \
    } \
    return 0; \
  }
RANDOM(rdrand)
RANDOM(rdseed)
