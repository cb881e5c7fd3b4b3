// Numbers that assembly, C and the linker script share. The TypeScript side of each is kernel/trusted/machine/linear.ts
// and frame.ts; traps.c asserts the frame offsets.
#define IMAGE_BASE 0xffffffff80000000
#ifndef LINEAR_BASE
#define LINEAR_BASE 0xffffffffc0000000
#endif
#define DIRECT_BASE 0xffff800000000000
#define USER_END 0x00007ffffffff000

// Kernel stacks in linear memory: slots of one guard page and STACK_SIZE. The image brings the first BOOT_STACKS.
#define STACKS_START 0x30000000
#define STACK_SIZE 0x4000
#define STACK_SLOT (STACK_SIZE + 0x1000)
#define BOOT_STACKS 4
#define STACK_TOP(slot) (LINEAR_BASE + STACKS_START + ((slot) + 1) * STACK_SLOT)

// Segment selectors, in the order SYSCALL and SYSRET demand (Intel SDM 3A §5.8.8).
#define KERNEL_CODE 0x08
#define KERNEL_DATA 0x10
#define USER_DATA 0x1b
#define USER_CODE 0x23
#define TASK_STATE 0x28

#define SYSCALL_VECTOR 0x100
#define GENERAL_PROTECTION 13

// Byte offsets in a TrapFrame.
#define FRAME_RAX 80
#define FRAME_RDX 96
#define FRAME_VECTOR 120
#define FRAME_RIP 136
#define FRAME_RSP 160
#define FRAME_SIZE 176

// Byte offsets in the task state segment, which is also what GS reaches on SYSCALL entry (Intel SDM 3A §8.7).
#define TSS_RSP0 4
#define TSS_RSP2 20
