// What a monitor says of itself (VESA E-EDID A.2 §3): 128 bytes, of which the first detailed timing is the mode it likes best.

import * as mmio from "machine/mmio";

const SIZE: u64 = 128;
/** The first detailed timing descriptor (§3.10.2). */
const TIMING: u64 = 54;

/** The resolution that `readPreferred` found. */
export let preferredWidth: u32 = 0;
export let preferredHeight: u32 = 0;

/** Read the block at a kernel-virtual address of device memory. False when there is none, or it is damaged. */
export function readPreferred(block: u64): bool {
  preferredWidth = 0;
  preferredHeight = 0;
  let sum: u32 = 0;
  for (let i: u64 = 0; i < SIZE; i++) {
    let byte = mmio.read8(block + i);
    // The header is 00 FF FF FF FF FF FF 00 (§3.3).
    if (i < 8 && byte != (i == 0 || i == 7 ? 0 : 0xff)) return false;
    sum += byte;
  }
  if ((sum & 0xff) != 0) return false;
  // A descriptor that begins with a zero clock is no timing.
  if (mmio.read8(block + TIMING) == 0 && mmio.read8(block + TIMING + 1) == 0) return false;
  preferredWidth = mmio.read8(block + TIMING + 2) | ((mmio.read8(block + TIMING + 4) & 0xf0) << 4);
  preferredHeight = mmio.read8(block + TIMING + 5) | ((mmio.read8(block + TIMING + 7) & 0xf0) << 4);
  return preferredWidth != 0 && preferredHeight != 0;
}
