// Where things stand in the kernel's half of the address space.
//
//   0xffff800000000000  DIRECT_BASE   all physical memory, NX, supervisor
//   0xffffc00000000000  DEVICE_BASE   device registers and memory, mapped as drivers ask
//   0xffffffff80000000  IMAGE_BASE    the kernel image (code R-X, constants R--, C data RW-)
//   0xffffffffc0000000  LINEAR_BASE   linear memory: a wasm pointer p is this address plus p
//       + 0x00000000    never mapped: null faults
//       + memoryBase    static data, first heap (part of the image)
//       + ...           heap, grown page by page up to STACKS_START
//       + 0x30000000    STACKS_START  kernel stacks, an unmapped guard page below each
//       + 0x38000000    STACKS_END

export const DIRECT_BASE: u64 = 0xffff800000000000;
export const DEVICE_BASE: u64 = 0xffffc00000000000;
export const DEVICE_END: u64 = 0xffffc08000000000;
export const IMAGE_BASE: u64 = 0xffffffff80000000;
export const LINEAR_BASE: u64 = 0xffffffffc0000000;
/** One past the last address a program may use (Intel SDM: canonical lower half), less a guard page as Linux keeps. */
export const USER_END: u64 = 0x00007ffffffff000;
export const STACKS_START: usize = 0x30000000;
export const STACKS_END: usize = 0x38000000;
/** A kernel stack, without its guard page. */
export const STACK_SIZE: usize = 0x4000;
/** Slots (a guard page and a stack each) that the image brings: the boot stack, then those of #DF, NMI and #MC. */
export const BOOT_STACKS: i32 = 4;
