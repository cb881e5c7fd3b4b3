// kernel/trusted/machine/cpu.ts

// Task state segment (Intel SDM 3A §8.7). KERNEL_GS_BASE points at it: rsp0 is the kernel stack, rsp2 scratch of
// system-call entry.
struct task_state {
  u32 reserved0;
  u64 rsp0, rsp1, rsp2, reserved1, interrupt_stack[7], reserved2;
  u16 reserved3, io_map_base;
} __attribute__((packed));
extern struct task_state task_state;
extern u8 cpu_has_fsgsbase, cpu_has_xsave, cpu_has_xsaveopt;

void install_traps(void);
void switch_to(u64 from, u64 to);
u32 prepare_stack(u32 top, u32 argument);
void enter_user(u32 frame) __attribute__((noreturn));

static inline void cpu_halt(void) { asm volatile("sti; hlt; cli" ::: "memory"); }
static inline void cpu_pollInterrupts(void) { asm volatile("sti; nop; cli" ::: "memory"); }
static inline void cpu_stop(void) { for (;;) asm volatile("cli; hlt" ::: "memory"); }
static inline void cpu_trap(void) { asm volatile("ud2" ::: "memory"); }
static inline void cpu_pause(void) { asm volatile("pause" ::: "memory"); }

static inline void cpu_switchTo(u32 from, u32 to) { switch_to(from, to); }
static inline u32 cpu_prepareStack(u32 top, u32 argument) { return prepare_stack(top, argument); }
static inline u32 cpu_stackPointer(void) {
  u64 pointer; // the clobbers make the calling function save these registers in its frame, above the pointer
  asm volatile("mov %%rsp, %0" : "=a"(pointer)::"rbx", "r12", "r13", "r14", "r15", "memory");
  return pointer - LINEAR_BASE;
}
static inline void cpu_enterUser(u32 frame) { enter_user(frame); }
static inline void cpu_setKernelStack(u32 top) { task_state.rsp0 = LINEAR_BASE + top; }
static inline void cpu_installTraps(void) { install_traps(); }

#define READ_CONTROL(name, register) \
  static inline u64 cpu_read##name(void) { \
    u64 value; \
    asm volatile("mov %%" register ", %0" : "=r"(value)::"memory"); \
    return value; \
  }
READ_CONTROL(Cr0, "cr0")
READ_CONTROL(Cr2, "cr2")
READ_CONTROL(Cr3, "cr3")
READ_CONTROL(Cr4, "cr4")
static inline void cpu_writeCr0(u64 value) { asm volatile("mov %0, %%cr0" ::"r"(value) : "memory"); }
static inline void cpu_writeCr3(u64 value) { asm volatile("mov %0, %%cr3" ::"r"(value) : "memory"); }
static inline void cpu_invalidatePage(u64 address) { asm volatile("invlpg (%0)" ::"r"(address) : "memory"); }

#define CPUID(name, select) \
  static inline u32 cpu_cpuid##name(u32 leaf, u32 subleaf) { \
    u32 a = leaf, b, c = subleaf, d; \
    asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d)); \
    return select; \
  }
CPUID(Eax, a)
CPUID(Ebx, b)
CPUID(Ecx, c)
CPUID(Edx, d)

#define CR4_FSGSBASE (1 << 16)
#define CR4_OSXSAVE (1 << 18)
static inline void cpu_writeCr4(u64 value) {
  asm volatile("mov %0, %%cr4" ::"r"(value) : "memory");
  cpu_has_fsgsbase = (value & CR4_FSGSBASE) != 0;
  cpu_has_xsave = (value & CR4_OSXSAVE) != 0;
  cpu_has_xsaveopt = cpu_has_xsave && (cpu_cpuidEax(0xd, 1) & 1);
}
static inline void cpu_writeXcr0(u64 value) { asm volatile("xsetbv" ::"c"(0), "a"(value), "d"(value >> 32)); }

static inline u64 cpu_readMsr(u32 number) {
  u32 low, high;
  asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
  return (u64)high << 32 | low;
}
static inline void cpu_writeMsr(u32 number, u64 value) {
  asm volatile("wrmsr" ::"c"(number), "a"((u32)value), "d"((u32)(value >> 32)) : "memory");
}

#define SEGMENT_BASE(name, instruction, msr) \
  static inline u64 cpu_read##name(void) { \
    if (!cpu_has_fsgsbase) return cpu_readMsr(msr); \
    u64 value; \
    asm volatile("rd" instruction " %0" : "=r"(value)); \
    return value; \
  } \
  static inline void cpu_write##name(u64 value) { \
    if (cpu_has_fsgsbase) asm volatile("wr" instruction " %0" ::"r"(value)); \
    else cpu_writeMsr(msr, value); \
  }
SEGMENT_BASE(FsBase, "fsbase", 0xc0000100)
SEGMENT_BASE(UserGsBase, "gsbase", 0xc0000101)

static inline void cpu_saveExtendedState(u64 area) {
  if (cpu_has_xsaveopt) asm volatile("xsaveopt64 (%0)" ::"r"(area), "a"(-1), "d"(-1) : "memory");
  else if (cpu_has_xsave) asm volatile("xsave64 (%0)" ::"r"(area), "a"(-1), "d"(-1) : "memory");
  else asm volatile("fxsave64 (%0)" ::"r"(area) : "memory");
}
static inline void cpu_restoreExtendedState(u64 area) {
  if (cpu_has_xsave) asm volatile("xrstor64 (%0)" ::"r"(area), "a"(-1), "d"(-1) : "memory");
  else asm volatile("fxrstor64 (%0)" ::"r"(area) : "memory");
}
