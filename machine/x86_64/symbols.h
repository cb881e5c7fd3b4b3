// kernel/trusted/machine/symbols.ts
u32 symbols_describe(u64 address, u32 depth, u32 buffer, u32 capacity);
static inline u64 symbols_framePointer(void) { return *(u64 *)__builtin_frame_address(0); }
