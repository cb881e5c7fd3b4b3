// Rows of bits as pixels, in every depth. Video memory is written in order and never read.

import * as mem from "machine/mem";

/** Write `count` pixels, the first one bit count - 1 of `bits`: set bits in `on`, others in `off`. */
export function pixels(address: u64, bits: u32, count: i32, bytes: u32, on: u32, off: u32): void {
  if (bytes == 4) quads(address, bits, count, on, off);
  else if (bytes == 2) pairs(address, bits, count, on, off);
  else triples(address, bits, count, on, off);
}

function both(left: u32, right: u32): u64 {
  return <u64>left | ((<u64>right) << 32);
}

/** 32 bits a pixel: two at a time. */
function quads(address: u64, bits: u32, count: i32, on: u32, off: u32): void {
  let offOff = both(off, off);
  let onOff = both(on, off);
  let offOn = both(off, on);
  let onOn = both(on, on);
  let at = address;
  for (let shift = count - 2; shift >= 0; shift -= 2) {
    let pair = (bits >> <u32>shift) & 3;
    mem.store64(at, pair == 0 ? offOff : pair == 3 ? onOn : pair == 2 ? onOff : offOn);
    at += 8;
  }
}

/** 15 or 16 bits a pixel: two at a time. */
function pairs(address: u64, bits: u32, count: i32, on: u32, off: u32): void {
  let at = address;
  for (let shift = count - 2; shift >= 0; shift -= 2) {
    let pair = bits >> <u32>shift;
    mem.store32(at, ((pair & 2) != 0 ? on : off) | (((pair & 1) != 0 ? on : off) << 16));
    at += 4;
  }
}

/** 24 bits a pixel. */
function triples(address: u64, bits: u32, count: i32, on: u32, off: u32): void {
  let at = address;
  for (let shift = count - 1; shift >= 0; shift--) {
    let pixel = ((bits >> <u32>shift) & 1) != 0 ? on : off;
    mem.store16(at, pixel & 0xffff);
    mem.store8(at + 2, (pixel >> 16) & 0xff);
    at += 3;
  }
}
