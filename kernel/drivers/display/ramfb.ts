// QEMU's ramfb (`-device ramfb`): it shows memory of ours, wherever the fw_cfg file "etc/ramfb" says (QEMU hw/display/ramfb.c).
//
//   | address 8 | fourcc 4 | flags 4 | width 4 | height 4 | stride 4 |      big-endian

import * as mem from "machine/mem";
import { bytesAddress, direct } from "memory/address";
import * as frames from "memory/frames";
import * as pageTables from "memory/page-tables";
import { EINVAL, EIO, ENOMEM } from "../../abi/errno";
import { Framebuffer } from "../../display/framebuffer";
import * as framebuffers from "../../display/framebuffer";
import * as fwCfg from "../fw-cfg";

const FILE: string = "etc/ramfb";
const SIZE: u32 = 28;
/** DRM_FORMAT_XRGB8888, "XR24" (Linux include/uapi/drm/drm_fourcc.h). */
const XRGB8888: u32 = 0x34325258;
const FIRST_WIDTH: u32 = 1280;
const FIRST_HEIGHT: u32 = 800;
const LARGEST_BYTES: u64 = (<u64>frames.FRAME_SIZE) << frames.MAX_ORDER;

const configuration: StaticArray<u8> = new StaticArray<u8>(<i32>SIZE);

class RamDisplay extends Framebuffer {
  constructor(private readonly key: u32) {
    super();
    this.caching = pageTables.WRITE_BACK;
  }

  override get name(): string {
    return "ramfb";
  }

  override get hasModes(): bool {
    return true;
  }

  protected override get capacityBytes(): u64 {
    return LARGEST_BYTES;
  }

  override pan(yPixels: u32): i32 {
    if (yPixels > this.rows - this.heightPixels) return -EINVAL;
    if (!this.point(yPixels)) return -EIO;
    this.firstRow = yPixels;
    return 0;
  }

  protected override program(width: u32, height: u32, bits: u32, rows: u32): i32 {
    let stride = width * 4;
    let bytes = (<u64>stride * <u64>rows + frames.FRAME_SIZE - 1) & ~(frames.FRAME_SIZE - 1);
    let old = this.physical;
    let oldBytes = this.sizeBytes;
    // Memory that is there stays where it is, so that mappings stay good; it grows and never shrinks.
    if (bytes > oldBytes) {
      let physical = frames.allocateContiguous(<u32>(bytes / frames.FRAME_SIZE));
      if (physical == 0) return -ENOMEM;
      this.physical = physical;
      this.sizeBytes = bytes;
      this.kernelAddress = direct(physical);
    }
    this.note(width, height, bits, stride, rows);
    mem.fill(this.kernelAddress, 0, this.sizeBytes);
    if (!this.point(0)) return -EIO;
    if (this.physical != old) {
      for (let offset: u64 = 0; offset < oldBytes; offset += frames.FRAME_SIZE) frames.release(old + offset);
    }
    return 0;
  }

  /** Have the device show the mode's rows from `row` on. */
  private point(row: u32): bool {
    let at = bytesAddress(configuration);
    mem.store64(at, bswap(this.physical + <u64>row * <u64>this.strideBytes));
    mem.store32(at + 8, bswap(XRGB8888));
    mem.store32(at + 12, 0);
    mem.store32(at + 16, bswap(this.widthPixels));
    mem.store32(at + 20, bswap(this.heightPixels));
    mem.store32(at + 24, bswap(this.strideBytes));
    return fwCfg.writeFile(this.key, at, SIZE);
  }
}

/** Bring it up where there is one. */
export function register(): void {
  let key = fwCfg.findFile(FILE);
  if (key == 0 || fwCfg.foundSize != SIZE) return;
  let display = new RamDisplay(key);
  if (display.setMode(FIRST_WIDTH, FIRST_HEIGHT, 32) == 0) framebuffers.register(display);
}
