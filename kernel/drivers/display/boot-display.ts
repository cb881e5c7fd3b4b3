// The screen that the firmware or the boot loader has set up (VBE, UEFI's graphics output): memory that is shown, in a mode
// that cannot be changed. For machines whose graphics adapter has no driver here.

import * as pageTables from "memory/page-tables";
import { bytesPerPixel, ColorField, Framebuffer } from "../../display/framebuffer";
import * as framebuffers from "../../display/framebuffer";

export class BootDisplay extends Framebuffer {
  override get name(): string {
    return "firmware";
  }

  /** Take the loader's description. False when it cannot be so, or there is no room to map it. */
  describe(physical: u64, width: u32, height: u32, strideBytes: u32, bits: u32): bool {
    if (physical == 0 || width == 0 || height == 0) return false;
    if (width > framebuffers.LARGEST_PIXELS || height > framebuffers.LARGEST_PIXELS) return false;
    if ((bits != 15 && bits != 16 && bits != 24 && bits != 32) || strideBytes < width * bytesPerPixel(bits))
      return false;
    if (strideBytes > 4 * 4 * framebuffers.LARGEST_PIXELS) return false;
    this.physical = physical;
    this.sizeBytes = <u64>strideBytes * <u64>height;
    this.note(width, height, bits, strideBytes, height);
    this.kernelAddress = pageTables.mapDevice(physical, this.sizeBytes, pageTables.WRITE_COMBINING);
    return this.kernelAddress != 0;
  }

  /** Where its colors are. False when a field does not lie in a pixel. */
  setColors(red: ColorField, green: ColorField, blue: ColorField): bool {
    this.red = red;
    this.green = green;
    this.blue = blue;
    return this.isInside(red) && this.isInside(green) && this.isInside(blue);
  }

  private isInside(field: ColorField): bool {
    let bits = bytesPerPixel(this.bitsPerPixel) * 8;
    return field.length > 0 && field.length <= 16 && field.offset < bits && field.offset + field.length <= bits;
  }
}

/** Whether a driver has the screen at this address already, so that the loader's description is out of date. */
export function isTaken(physical: u64): bool {
  for (let i = 0; i < framebuffers.count(); i++) {
    let other = framebuffers.at(i)!;
    if (physical >= other.physical && physical - other.physical < other.sizeBytes) return true;
  }
  return false;
}
