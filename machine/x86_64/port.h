// kernel/trusted/machine/port.ts
#define PORT(bits, suffix) \
  static inline u32 port_in##bits(u32 port) { \
    u##bits value; \
    asm volatile("in" suffix " %w1, %0" : "=a"(value) : "d"(port) : "memory"); \
    return value; \
  } \
  static inline void port_out##bits(u32 port, u32 value) { \
    asm volatile("out" suffix " %0, %w1" ::"a"((u##bits)value), "d"(port) : "memory"); \
  }
PORT(8, "b")
PORT(16, "w")
PORT(32, "l")
static inline void port_outBytes(u32 port, u64 address, u64 count) {
  asm volatile("rep outsb" : "+S"(address), "+c"(count) : "d"((u16)port) : "memory");
}
