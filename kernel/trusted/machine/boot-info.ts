// What the loader told us, whichever loader it was (PVH, Multiboot2, Multiboot1): machine/x86_64/boot.S notes the
// protocol and the pointer, kernel/boot reads the rest. Passed by linear address to the exported `boot(info)`.

export const enum BootProtocol {
  PVH = 1,
  MULTIBOOT2 = 2,
  MULTIBOOT1 = 3,
}

@unmanaged
export class BootInfo {
  /** A BootProtocol. */
  protocol: u32;
  reserved: u32;
  /** Physical address of the loader's structure (hvm_start_info, Multiboot information). */
  address: u64;
  /** Time-stamp counter at the very first instruction. */
  ticksAtEntry: u64;
}
