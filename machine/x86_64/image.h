// kernel/trusted/machine/image.ts: what kernel.ld and boot.S fixed. `&symbol` is the value.
extern u8 image_physical_start[], image_physical_end[], image_text_start[], image_text_end[], image_read_only_end[];
extern u8 image_data_end[], linear_memory_base[], linear_physical_base[], linear_end[], boot_page_table[], boot_stacks[];
extern u8 image_root[], vdso_start[], vdso_end[];

static inline u64 image_physicalStart(void) { return (u64)image_physical_start; }
static inline u64 image_physicalEnd(void) { return (u64)image_physical_end; }
static inline u64 image_textStart(void) { return (u64)image_text_start; }
static inline u64 image_textEnd(void) { return (u64)image_text_end; }
static inline u64 image_readOnlyEnd(void) { return (u64)image_read_only_end; }
static inline u64 image_dataEnd(void) { return (u64)image_data_end; }
static inline u32 image_linearBytes(void) { return (u64)linear_end - LINEAR_BASE - (u64)linear_memory_base; }
static inline u64 image_linearPhysicalBase(void) { return (u64)linear_physical_base; }
static inline u64 image_bootPageTable(void) { return (u64)boot_page_table; }
static inline u64 image_bootStacks(void) { return (u64)boot_stacks - IMAGE_BASE; }
static inline u64 image_rootRecord(void) { return (u64)image_root; }
static inline u64 image_vdsoStart(void) { return (u64)vdso_start - IMAGE_BASE; }
static inline u32 image_vdsoSize(void) { return vdso_end - vdso_start; }
