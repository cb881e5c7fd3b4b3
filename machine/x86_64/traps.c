// Descriptor tables and the system-call registers (Intel SDM 3A §3, §6, §8), the exception table:
// what cpu.h and user.h do not do in an instruction or two.
#include "imports.h"
#include <stddef.h>

struct trap_frame {
  u64 r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi, vector, error, rip, cs, rflags, rsp, ss;
};
_Static_assert(offsetof(struct trap_frame, rax) == FRAME_RAX, "frame.ts and layout.h");
_Static_assert(offsetof(struct trap_frame, rdx) == FRAME_RDX, "frame.ts and layout.h");
_Static_assert(offsetof(struct trap_frame, vector) == FRAME_VECTOR, "frame.ts and layout.h");
_Static_assert(offsetof(struct trap_frame, rip) == FRAME_RIP, "frame.ts and layout.h");
_Static_assert(offsetof(struct trap_frame, rsp) == FRAME_RSP, "frame.ts and layout.h");
_Static_assert(sizeof(struct trap_frame) == FRAME_SIZE && FRAME_SIZE % 16 == 0, "the stack stays aligned for C");
_Static_assert(offsetof(struct task_state, rsp0) == TSS_RSP0, "layout.h");
_Static_assert(offsetof(struct task_state, rsp2) == TSS_RSP2, "layout.h");

#define MSR_EFER 0xc0000080
#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_FMASK 0xc0000084
#define MSR_KERNEL_GS_BASE 0xc0000102
#define EFER_SCE 1
#define RFLAGS_CLEARED 0x57700 // TF, IF, DF, IOPL, NT, RF, AC: what SYSCALL clears

enum { BREAKPOINT = 3, OVERFLOW = 4, DOUBLE_FAULT = 8, NMI = 2, MACHINE_CHECK = 18 };
enum { GATE_INTERRUPT = 0x8e, GATE_USER = 0x60 };

struct gate {
  u16 offset_low, selector;
  u8 stack, type;
  u16 offset_middle;
  u32 offset_high, reserved;
} __attribute__((packed));
struct table_pointer {
  u16 limit;
  u64 base;
} __attribute__((packed));
struct pair {
  u64 address, value;
};

extern u8 trap_vectors[256][16], syscall_entry[];
extern const struct pair exception_table_start[], exception_table_end[], smap_sites_start[], smap_sites_end[];

struct task_state task_state;
u8 cpu_has_fsgsbase, cpu_has_xsave, cpu_has_xsaveopt, cpu_has_fast_strings;
static struct gate idt[256];
static u64 gdt[] = {
    0,
    0x00af9b000000ffff, // KERNEL_CODE
    0x00cf93000000ffff, // KERNEL_DATA
    0x00cff3000000ffff, // USER_DATA
    0x00affb000000ffff, // USER_CODE
    0, 0,               // TASK_STATE
};

static void set_gate(u32 vector, u8 stack, u8 type) {
  u64 entry = (u64)trap_vectors[vector];
  idt[vector] = (struct gate){entry, KERNEL_CODE, stack, type, entry >> 16, entry >> 32, 0};
}

// `stac` and `clac` over the no-ops that stand for them. The image is still writable: boot comes here first.
static void patch_smap_sites(void) {
  if (!(cpu_cpuidEbx(7, 0) & 1 << 20)) return;
  for (const struct pair *site = smap_sites_start; site < smap_sites_end; site++)
    __builtin_memcpy((void *)site->address, &site->value, 3);
}

// Enhanced rep movsb (CPUID 7 EBX bit 9), but for QEMU's emulation, which claims it and goes byte by byte.
static int has_fast_strings(void) {
  int is_emulated = (cpu_cpuidEcx(1, 0) >> 31) && cpu_cpuidEbx(0x40000000, 0) == 0x54474354; // "TCGT"
  return !is_emulated && (cpu_cpuidEbx(7, 0) & 1 << 9);
}

void install_traps(void) {
  cpu_has_fast_strings = has_fast_strings();
  for (u32 vector = 0; vector < 256; vector++) set_gate(vector, 0, GATE_INTERRUPT);
  set_gate(BREAKPOINT, 0, GATE_INTERRUPT | GATE_USER);
  set_gate(OVERFLOW, 0, GATE_INTERRUPT | GATE_USER);
  set_gate(DOUBLE_FAULT, 1, GATE_INTERRUPT);
  set_gate(NMI, 2, GATE_INTERRUPT);
  set_gate(MACHINE_CHECK, 3, GATE_INTERRUPT);
  for (u32 stack = 1; stack < BOOT_STACKS; stack++) task_state.interrupt_stack[stack - 1] = STACK_TOP(stack);
  task_state.rsp0 = STACK_TOP(0);
  task_state.io_map_base = sizeof task_state;

  u64 base = (u64)&task_state;
  gdt[TASK_STATE / 8] = (sizeof task_state - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
  gdt[TASK_STATE / 8 + 1] = base >> 32;
  struct table_pointer pointer = {sizeof gdt - 1, (u64)gdt};
  asm volatile("lgdt %0" ::"m"(pointer));
  asm volatile("ltr %w0" ::"r"(TASK_STATE));
  pointer = (struct table_pointer){sizeof idt - 1, (u64)idt};
  asm volatile("lidt %0" ::"m"(pointer));

  cpu_writeMsr(MSR_STAR, (u64)KERNEL_DATA << 48 | (u64)KERNEL_CODE << 32);
  cpu_writeMsr(MSR_LSTAR, (u64)syscall_entry);
  cpu_writeMsr(MSR_FMASK, RFLAGS_CLEARED);
  cpu_writeMsr(MSR_EFER, cpu_readMsr(MSR_EFER) | EFER_SCE);
  cpu_writeMsr(MSR_KERNEL_GS_BASE, base);
  patch_smap_sites();
}

u64 user_fixup(u64 address) {
  for (const struct pair *entry = exception_table_start; entry < exception_table_end; entry++)
    if (entry->address == address) return entry->value;
  return 0;
}
