// What the entry code pushes on the kernel stack when ring 3 or an interrupt comes in. The kernel stacks lie in
// linear memory, so a frame is read as an overlay. Layout shared with machine/x86_64/entry.S, checked there.

/**
 * One trap: the fifteen general registers, the vector and error code, then what the CPU pushes (Intel SDM 3A §6.14).
 * A system call fills the same frame: `vector` is SYSCALL_VECTOR, `error` holds the call number that came in rax.
 * Whoever changes more of such a frame than rax sets `vector` to 0: then every register is loaded from it on the way out,
 * else the call returns by SYSRETQ, which leaves rbx, rbp and r12–r15 as they are.
 */
@unmanaged
export class TrapFrame {
  r15: u64;
  r14: u64;
  r13: u64;
  r12: u64;
  rbp: u64;
  rbx: u64;
  r11: u64;
  r10: u64;
  r9: u64;
  r8: u64;
  rax: u64;
  rcx: u64;
  rdx: u64;
  rsi: u64;
  rdi: u64;
  vector: u64;
  error: u64;
  rip: u64;
  cs: u64;
  rflags: u64;
  rsp: u64;
  ss: u64;
}

/** Bytes of a TrapFrame: 22 registers. */
export const TRAP_FRAME_SIZE: usize = 176;
/** The vector number of a frame that SYSCALL built. */
export const SYSCALL_VECTOR: u64 = 0x100;
/** Segment selectors, fixed by SYSCALL/SYSRET's order (Intel SDM 3A §5.8.8). */
export const KERNEL_CODE: u64 = 0x08;
export const KERNEL_DATA: u64 = 0x10;
export const USER_DATA: u64 = 0x1b;
export const USER_CODE: u64 = 0x23;
