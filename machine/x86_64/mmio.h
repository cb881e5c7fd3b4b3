// kernel/trusted/machine/mmio.ts: one access of just this width, never merged, moved or repeated.
#define DEVICE(bits, type, instruction, constraint) \
  static inline type mmio_read##bits(u64 address) { \
    u##bits value; \
    asm volatile(instruction " %1, %0" : "=" constraint(value) : "m"(*(volatile u##bits *)address) : "memory"); \
    return value; \
  } \
  static inline void mmio_write##bits(u64 address, type value) { \
    asm volatile(instruction " %1, %0" : "=m"(*(volatile u##bits *)address) : constraint((u##bits)value) : "memory"); \
  }
DEVICE(8, u32, "movb", "q")
DEVICE(16, u32, "movw", "r")
DEVICE(32, u32, "movl", "r")
DEVICE(64, u64, "movq", "r")
static inline void mmio_fence(void) { asm volatile("mfence" ::: "memory"); }
