// /proc/fb and /sys/class/graphics/fbN (Linux Documentation/ABI/testing/sysfs-class-graphics).

import { EINVAL } from "../abi/errno";
import { addListener, Framebuffer, FramebufferListener, at, count } from "../display/framebuffer";
import { framebufferName, screenAt } from "../fs/framebuffer/devices";
import { Text } from "../lib/text";
import { TextSource } from "./proc-file-system";
import { registerProcFile, registerSysFile } from "./root";

const FRAMEBUFFER_MAJOR: u32 = 29;
const COMMA: u32 = 0x2c;
const NEWLINE: u32 = 0x0a;
const NS_PER_SECOND: u64 = 1_000_000_000;

/** "0 bochs" */
class FramebufferList extends TextSource {
  override render(text: Text): void {
    for (let i = 0; i < count(); i++) {
      text
        .decimal(<u64>i)
        .byte(0x20)
        .string(at(i)!.name)
        .byte(NEWLINE);
    }
  }
}

const enum Attribute {
  NAME,
  BITS_PER_PIXEL,
  VIRTUAL_SIZE,
  STRIDE,
  MODE,
  PAN,
  BLANK,
  DEVICE,
  ROTATE,
  STATE,
}

const ATTRIBUTE_NAMES: StaticArray<string> = [
  "name",
  "bits_per_pixel",
  "virtual_size",
  "stride",
  "modes",
  "pan",
  "blank",
  "dev",
  "rotate",
  "state",
];

/** One file of /sys/class/graphics/fbN. */
class FramebufferAttribute extends TextSource {
  constructor(
    private readonly framebuffer: Framebuffer,
    private readonly which: Attribute,
  ) {
    super();
  }

  override render(text: Text): void {
    let it = this.framebuffer;
    let screen = screenAt(it.index);
    switch (this.which) {
      case Attribute.NAME:
        text.string(it.name);
        break;
      case Attribute.BITS_PER_PIXEL:
        text.decimal((<u64>it.bitsPerPixel + 7) & ~7);
        break;
      case Attribute.VIRTUAL_SIZE:
        text
          .decimal(it.widthPixels)
          .byte(COMMA)
          .decimal(screen === null ? it.heightPixels : screen.virtualRows);
        break;
      case Attribute.STRIDE:
        text.decimal(it.strideBytes);
        break;
      case Attribute.MODE:
        text
          .string("U:")
          .decimal(it.widthPixels)
          .byte(0x78)
          .decimal(it.heightPixels)
          .string("p-")
          .decimal((NS_PER_SECOND + it.refreshNs / 2) / it.refreshNs);
        break;
      case Attribute.PAN:
        text.string("0,").decimal(it.firstRow);
        break;
      case Attribute.BLANK:
        if (it.isBlanked) text.byte(0x31);
        break;
      case Attribute.DEVICE:
        text
          .decimal(FRAMEBUFFER_MAJOR)
          .byte(0x3a)
          .decimal(<u64>it.index);
        break;
      default:
        text.byte(0x30);
        break;
    }
    text.byte(NEWLINE);
  }

  /** Blanking and panning can be written. */
  override accept(bytes: StaticArray<u8>, length: i32): i32 {
    let first = number(bytes, 0, length);
    if (first < 0) return -EINVAL;
    if (this.which == Attribute.BLANK) return first > 4 ? -EINVAL : this.framebuffer.blank(first != 0);
    if (this.which != Attribute.PAN) return -EINVAL;
    let comma = 0;
    while (comma < length && bytes[comma] != COMMA) comma++;
    let row = number(bytes, comma + 1, length);
    return first != 0 || row < 0 ? -EINVAL : this.framebuffer.pan(<u32>row);
  }
}

/** The decimal number at `from`, ended by anything else; -1 when there is none. */
function number(bytes: StaticArray<u8>, from: i32, length: i32): i32 {
  let value = -1;
  for (let i = from; i < length && bytes[i] >= 0x30 && bytes[i] <= 0x39 && value < 1_000_000; i++) {
    value = max(value, 0) * 10 + <i32>(bytes[i] - 0x30);
  }
  return value;
}

class AttributeMaker extends FramebufferListener {
  override came(framebuffer: Framebuffer): void {
    let name = framebufferName(framebuffer.index);
    if (name.length == 0) return;
    let place = "class/graphics/" + name + "/";
    for (let i = 0; i < ATTRIBUTE_NAMES.length; i++) {
      let which = <Attribute>i;
      let isWritable = which == Attribute.PAN || which == Attribute.BLANK;
      registerSysFile(
        place + ATTRIBUTE_NAMES[i],
        new FramebufferAttribute(framebuffer, which),
        isWritable ? 0o644 : 0o444,
      );
    }
  }
}

/** Make the files. After both file systems' roots. */
export function registerDisplayFiles(): void {
  registerProcFile("fb", new FramebufferList());
  addListener(new AttributeMaker());
}
