// QEMU's firmware configuration device (QEMU docs/specs/fw_cfg.rst): files by name, read and written by DMA. Numbers in it are
// big-endian.
//
//   DMA request   | control 4 | length 4 | address 8 |

import * as mem from "machine/mem";
import * as mmio from "machine/mmio";
import * as port from "machine/port";
import { direct } from "memory/address";
import * as frames from "memory/frames";
import { features } from "../cpu/features";

const SELECTOR: u32 = 0x510;
const DATA: u32 = 0x511;
const DMA_HIGH: u32 = 0x514;
const DMA_LOW: u32 = 0x518;

/** Keys. */
const SIGNATURE: u32 = 0x00;
const FEATURES: u32 = 0x01;
const DIRECTORY: u32 = 0x19;
/** "QEMU", as bytes are read. */
const SIGNATURE_VALUE: u32 = 0x554d4551;
const FEATURE_DMA: u32 = 2;

/** The control word's bits; the key stands in the upper half. */
const CONTROL_ERROR: u32 = 0x01;
const CONTROL_READ: u32 = 0x02;
const CONTROL_SELECT: u32 = 0x08;
const CONTROL_WRITE: u32 = 0x10;

/** A directory entry: size 4, key 2, reserved 2, name 56. */
const ENTRY: u64 = 64;
const ENTRY_NAME: u64 = 8;
const NAME_LENGTH: i32 = 56;
/** What fits the one page in which requests and data stand. */
const BUFFER: u64 = 64;
const BUFFER_SIZE: u32 = 4096 - 64;
/** The device works while the port is written: it is done by then, or never. */
const PATIENCE: i32 = 1_000_000;

let page: u64 = 0;

/** The key of a file and its size in `foundSize`; 0 when there is no such device or file. */
export function findFile(name: string): u32 {
  if (!isThere()) return 0;
  if (!transfer(DIRECTORY, CONTROL_READ, BUFFER_SIZE)) return 0;
  let buffer = direct(page) + BUFFER;
  let count = min(bswap(mem.load32(buffer)), (BUFFER_SIZE - 4) / <u32>ENTRY);
  for (let i: u32 = 0; i < count; i++) {
    let entry = buffer + 4 + <u64>i * ENTRY;
    if (!hasName(entry + ENTRY_NAME, name)) continue;
    foundSize = bswap(mem.load32(entry));
    return bswap<u16>(<u16>mem.load16(entry + 4));
  }
  return 0;
}

/** Bytes of the file that `findFile` found last. */
export let foundSize: u32 = 0;

/** The first bytes of a file, at most `most`; empty when there is none. */
export function readFile(name: string, most: u32): StaticArray<u8> {
  let key = findFile(name);
  if (key == 0) return new StaticArray<u8>(0);
  let bytes = new StaticArray<u8>(<i32>min(foundSize, most));
  port.out16(SELECTOR, key);
  for (let i = 0; i < bytes.length; i++) bytes[i] = <u8>port.in8(DATA);
  return bytes;
}

/** Write a small file from kernel memory. False when the device refuses. */
export function writeFile(key: u32, source: u64, length: u32): bool {
  if (!isThere() || length > BUFFER_SIZE) return false;
  mem.copy(direct(page) + BUFFER, source, length);
  return transfer(key, CONTROL_WRITE, length);
}

/** Whether this is QEMU and its device does DMA. Ports of real machines are left alone. */
function isThere(): bool {
  if (page != 0) return true;
  if (!features.isVirtual) return false;
  port.out16(SELECTOR, SIGNATURE);
  if (readData32() != SIGNATURE_VALUE) return false;
  port.out16(SELECTOR, FEATURES);
  if ((readData32() & FEATURE_DMA) == 0) return false;
  page = frames.allocateZeroed();
  return page != 0;
}

/** Four bytes, the first lowest. */
function readData32(): u32 {
  let value = port.in8(DATA);
  value |= port.in8(DATA) << 8;
  value |= port.in8(DATA) << 16;
  return value | (port.in8(DATA) << 24);
}

function transfer(key: u32, direction: u32, length: u32): bool {
  let request = direct(page);
  mmio.write32(request + 4, bswap(length));
  mmio.write64(request + 8, bswap(page + BUFFER));
  mmio.write32(request, bswap((key << 16) | CONTROL_SELECT | direction));
  mmio.fence();
  port.out32(DMA_HIGH, bswap(<u32>(page >> 32)));
  port.out32(DMA_LOW, bswap(<u32>page));
  for (let tries = 0; tries < PATIENCE; tries++) {
    let control = bswap(mmio.read32(request));
    if (control == 0) return true;
    if ((control & CONTROL_ERROR) != 0) return false;
  }
  return false;
}

function hasName(address: u64, name: string): bool {
  for (let i = 0; i < NAME_LENGTH; i++) {
    let byte = mem.load8(address + <u64>i);
    if (i == name.length) return byte == 0;
    if (<i32>byte != name.charCodeAt(i)) return false;
  }
  return false;
}
