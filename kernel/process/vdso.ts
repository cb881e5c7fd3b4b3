// The vDSO: a small shared library in every program that reads the clock without a system call (man 7 vdso). Its code is part of
// the kernel image; before it lies one page of the clock's numbers, which the program can only read.
//
//   space.vdso - 4096   "[vvar]"   R--   VdsoData (layout shared with machine/x86_64/vdso/vdso.c)
//   space.vdso          "[vdso]"   R-X   the ELF image

import * as image from "machine/image";
import * as mem from "machine/mem";
import { direct } from "memory/address";
import * as frames from "memory/frames";
import { EIO } from "../abi/errno";
import { MAP_FIXED, MAP_PRIVATE, PAGE_SHIFT, PAGE_SIZE, PROT_EXEC, PROT_READ } from "../abi/mman";
import { AddressSpace, MAP_NEVER_WRITABLE, MAP_SPECIAL } from "../memory/address-space";
import { PageSource, SpecialName } from "../memory/page-source";
import { findRoom } from "../memory/placement";
import * as clock from "../sched/clock";

const vdsoName = new SpecialName("[vdso]");
const variablesName = new SpecialName("[vvar]");

/** Offsets in the data page. */
const SEQUENCE: u64 = 0;
const IS_VALID: u64 = 4;
const BASE_TICKS: u64 = 8;
const MULTIPLIER: u64 = 16;
const WALL_OFFSET: u64 = 24;

/** The image's pages as a source; page 0 is the data page, the code follows. */
class VdsoSource extends PageSource {
  data: u64 = 0;

  override get sizeBytes(): u64 {
    return PAGE_SIZE + ((<u64>image.vdsoSize() + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1));
  }

  override pageFrame(index: u64, forWrite: bool): i64 {
    if (forWrite) return -EIO;
    let frame = index == 0 ? this.data : image.vdsoStart() + ((index - 1) << PAGE_SHIFT);
    frames.reference(frame);
    return <i64>frame;
  }

  override get isStable(): bool {
    return true;
  }

  override mapped(_delta: i32, _isShared: bool, _isWritable: bool): i32 {
    return 0;
  }
}

const source = new VdsoSource();

/** Copies the clock's numbers to the data page whenever they change. */
class DataPage extends clock.ClockObserver {
  override changed(): void {
    publish();
  }
}

function publish(): void {
  let data = direct(source.data);
  let sequence = mem.load32(data + SEQUENCE);
  mem.store32(data + SEQUENCE, sequence + 1);
  mem.store64(data + BASE_TICKS, clock.ticksAtBoot());
  mem.store64(data + MULTIPLIER, clock.multiplier());
  mem.store64(data + WALL_OFFSET, clock.wallOffsetNs());
  mem.store32(data + IS_VALID, 1);
  mem.store32(data + SEQUENCE, sequence + 2);
}

/** Make the data page, on first use. False when there is no vDSO or no memory for it. */
function prepare(): bool {
  if (image.vdsoSize() == 0) return false;
  if (source.data != 0) return true;
  source.data = frames.allocateZeroed();
  if (source.data == 0) return false;
  clock.setObserver(new DataPage());
  publish();
  return true;
}

/** Map the vDSO into a new program at a random place and note where; without it programs make system calls. */
export function mapVdso(space: AddressSpace): void {
  if (!prepare()) return;
  let start = findRoom(space, source.sizeBytes);
  if (start == 0) return;
  let flags = MAP_PRIVATE | MAP_FIXED | MAP_SPECIAL | MAP_NEVER_WRITABLE;
  if (space.map(start, PAGE_SIZE, PROT_READ, flags, source, 0, variablesName) < 0) return;
  let code = start + PAGE_SIZE;
  if (space.map(code, source.sizeBytes - PAGE_SIZE, PROT_READ | PROT_EXEC, flags, source, PAGE_SIZE, vdsoName) < 0)
    return;
  space.vdso = code;
}
