// kernel/trusted/machine/mem.ts; the routines are in usercopy.S.
void *memcpy(void *destination, const void *source, unsigned long length);
void *memmove(void *destination, const void *source, unsigned long length);
void *memset(void *destination, int byte, unsigned long length);
int memcmp(const void *left, const void *right, unsigned long length);

// Any alignment, any overlap of types.
#define ACCESS(bits) \
  typedef u##bits __attribute__((may_alias, aligned(1))) any##bits; \
  static inline u##bits mem_get##bits(u64 address) { return *(any##bits *)address; } \
  static inline void mem_put##bits(u64 address, u##bits value) { *(any##bits *)address = value; }
ACCESS(8)
ACCESS(16)
ACCESS(32)
ACCESS(64)

static inline u32 mem_load8(u64 address) { return mem_get8(address); }
static inline u32 mem_load16(u64 address) { return mem_get16(address); }
static inline u32 mem_load32(u64 address) { return mem_get32(address); }
static inline u64 mem_load64(u64 address) { return mem_get64(address); }
static inline void mem_store8(u64 address, u32 value) { mem_put8(address, value); }
static inline void mem_store16(u64 address, u32 value) { mem_put16(address, value); }
static inline void mem_store32(u64 address, u32 value) { mem_put32(address, value); }
static inline void mem_store64(u64 address, u64 value) { mem_put64(address, value); }

static inline void mem_copy(u64 destination, u64 source, u64 length) { memcpy((void *)destination, (void *)source, length); }
static inline void mem_move(u64 destination, u64 source, u64 length) { memmove((void *)destination, (void *)source, length); }
static inline void mem_fill(u64 destination, u32 byte, u64 length) { memset((void *)destination, byte, length); }
static inline i32 mem_compare(u64 left, u64 right, u64 length) { return memcmp((void *)left, (void *)right, length); }
static inline void mem_zeroPage(u64 page) { memset((void *)page, 0, 4096); }
static inline void mem_copyPage(u64 destination, u64 source) { memcpy((void *)destination, (void *)source, 4096); }
