// A screen as memory: rows of pixels that a device shows. Drivers register theirs here; /dev/fb0 and the text console
// draw into it and never know which driver it is.
//
//   kernelAddress → ┌──────────────────────────┐ row 0
//                   │                          │
//                   ├──────────────────────────┤ firstRow        ┐
//                   │ shown                    │                 │ heightPixels
//                   ├──────────────────────────┤                 ┘
//                   │                          │
//                   └──────────────────────────┘ rows            strideBytes each
//
// Rules of use: draw with machine/mem (copy, fill, store32) at kernelAddress + y * strideBytes + x * bitsPerPixel / 8, then
// call `flush` with what was drawn: a device that scans memory out by itself does nothing there. After `setMode`, every
// number here may be another one; listeners hear of it. Pixels are little-endian numbers, the fields say where colors are.

import * as mem from "machine/mem";
import * as pageTables from "memory/page-tables";
import { EINVAL } from "../abi/errno";

/** Where a color stands in a pixel: its lowest bit and how many there are. */
export class ColorField {
  constructor(
    public offset: u32,
    public length: u32,
  ) {}
}

/** Sixtieths of a second, where a device has no timing of its own. */
export const DEFAULT_REFRESH_NS: u64 = 16_666_667;
/** No screen is wider or higher: products of these stay within 32 bits. */
export const LARGEST_PIXELS: u32 = 16384;

export abstract class Framebuffer {
  widthPixels: u32 = 0;
  heightPixels: u32 = 0;
  /** Bytes from one row to the next. */
  strideBytes: u32 = 0;
  /** 15, 16, 24 or 32. */
  bitsPerPixel: u32 = 0;
  red: ColorField = new ColorField(16, 8);
  green: ColorField = new ColorField(8, 8);
  blue: ColorField = new ColorField(0, 8);
  /** Rows that memory is set aside for: at least heightPixels. */
  rows: u32 = 0;
  /** The row shown at the top: `pan` moves it. */
  firstRow: u32 = 0;
  isBlanked: bool = false;
  /** All of the video memory: where it is and how many bytes. */
  physical: u64 = 0;
  sizeBytes: u64 = 0;
  /** The same memory for the kernel. */
  kernelAddress: u64 = 0;
  /** How it is mapped, for programs too: a page-tables constant. */
  caching: u64 = pageTables.WRITE_COMBINING;
  /** From one picture to the next. */
  refreshNs: u64 = DEFAULT_REFRESH_NS;
  /** Programs that have it open: while there are any, the mode is theirs. */
  users: i32 = 0;
  /** N of /dev/fbN; -1 before `register`. */
  index: i32 = -1;

  /** The driver, as /proc/fb names it. */
  abstract get name(): string;

  /** Show what was drawn in this rectangle of the memory (y counts from row 0). */
  flush(_x: u32, _y: u32, _width: u32, _height: u32): void {}

  /** Whether what is drawn shows only after `flush`. */
  get needsFlush(): bool {
    return false;
  }

  /** Whether `setMode` can do anything. */
  get hasModes(): bool {
    return false;
  }

  /** Whether a mode is possible with `rows` rows of memory: 0, -EINVAL. */
  checkMode(width: u32, height: u32, bits: u32, rows: u32 = height): i32 {
    if (width == this.widthPixels && height == this.heightPixels && bits == this.bitsPerPixel && rows <= this.rows)
      return 0;
    if (!this.hasModes || width < 64 || height < 64 || width > LARGEST_PIXELS || height > LARGEST_PIXELS)
      return -EINVAL;
    if (rows < height || rows > 4 * LARGEST_PIXELS || !this.hasDepth(bits)) return -EINVAL;
    return <u64>this.strideFor(width, bits) * <u64>rows > this.capacityBytes ? -EINVAL : 0;
  }

  /** Another resolution; `rows` asks for more memory than is shown. 0 or a negative errno, everything as it was then. */
  setMode(width: u32, height: u32, bits: u32, rows: u32 = height): i32 {
    let error = this.checkMode(width, height, bits, rows);
    if (error < 0) return error;
    if (width == this.widthPixels && height == this.heightPixels && bits == this.bitsPerPixel && rows <= this.rows)
      return 0;
    error = this.program(width, height, bits, rows);
    if (error < 0) return error;
    for (let i = 0; i < listeners.length; i++) listeners[i].modeChanged(this);
    return 0;
  }

  /** Show from row `yPixels` on: 0 or -EINVAL. */
  pan(yPixels: u32): i32 {
    return yPixels == this.firstRow ? 0 : -EINVAL;
  }

  /** Switch the picture off or on: 0, or -EINVAL where the device cannot. */
  blank(_isBlank: bool): i32 {
    return -EINVAL;
  }

  /** Nanoseconds since boot when the picture after the one at `nowNs` begins; the device's, where it tells. */
  nextRefreshNs(nowNs: u64): u64 {
    return nowNs - (nowNs % this.refreshNs) + this.refreshNs;
  }

  /** The time that `nextRefreshNs` gave has come: a device that tells when its picture begins is awaited for the rest. */
  awaitRefresh(): void {}

  /** Set the device to a mode that `checkMode` allows, and the fields above with it. 0 or a negative errno. */
  protected program(_width: u32, _height: u32, _bits: u32, _rows: u32): i32 {
    return -EINVAL;
  }

  /** Whether the device shows pixels of so many bits. */
  protected hasDepth(bits: u32): bool {
    return bits == 32;
  }

  /** Bytes of a row in a mode. */
  protected strideFor(width: u32, bits: u32): u32 {
    return width * bytesPerPixel(bits);
  }

  /** The most memory a mode may have. */
  protected get capacityBytes(): u64 {
    return this.sizeBytes;
  }

  /** The fields that follow from a mode, with the usual colors for its depth. */
  protected note(width: u32, height: u32, bits: u32, strideBytes: u32, rows: u32): void {
    this.widthPixels = width;
    this.heightPixels = height;
    this.bitsPerPixel = bits;
    this.strideBytes = strideBytes;
    this.rows = rows;
    this.firstRow = 0;
    if (bits == 16) this.colors(11, 5, 5, 6, 0, 5);
    else if (bits == 15) this.colors(10, 5, 5, 5, 0, 5);
    else this.colors(16, 8, 8, 8, 0, 8);
  }

  private colors(red: u32, redBits: u32, green: u32, greenBits: u32, blue: u32, blueBits: u32): void {
    this.red = new ColorField(red, redBits);
    this.green = new ColorField(green, greenBits);
    this.blue = new ColorField(blue, blueBits);
  }

  /** Make the rows that are shown black. */
  clear(): void {
    let start = this.kernelAddress + <u64>this.firstRow * <u64>this.strideBytes;
    mem.fill(start, 0, <u64>this.strideBytes * <u64>this.heightPixels);
    this.flush(0, this.firstRow, this.widthPixels, this.heightPixels);
  }

  /** A color of 8 bits each as a pixel. */
  pixel(red: u32, green: u32, blue: u32): u32 {
    return place(this.red, red) | place(this.green, green) | place(this.blue, blue);
  }
}

function place(field: ColorField, value: u32): u32 {
  return field.length >= 8 ? value << (field.offset + field.length - 8) : (value >> (8 - field.length)) << field.offset;
}

export function bytesPerPixel(bits: u32): u32 {
  return (bits + 7) >> 3;
}

/** Told of framebuffers: override what matters. */
export class FramebufferListener {
  /** One was registered. */
  came(_framebuffer: Framebuffer): void {}
  /** It has another mode, and what it showed is gone. */
  modeChanged(_framebuffer: Framebuffer): void {}
  /** A program opens it, and may draw from now on: what is still to be drawn by others must not cover that later. */
  opened(_framebuffer: Framebuffer): void {}
}

const framebuffers: Array<Framebuffer> = [] as Framebuffer[];
const listeners: Array<FramebufferListener> = [] as FramebufferListener[];

/** A driver has a screen that works. */
export function register(framebuffer: Framebuffer): void {
  framebuffer.index = framebuffers.length;
  framebuffers.push(framebuffer);
  for (let i = 0; i < listeners.length; i++) listeners[i].came(framebuffer);
}

/** A program opens one. */
export function noteOpened(framebuffer: Framebuffer): void {
  for (let i = 0; i < listeners.length; i++) listeners[i].opened(framebuffer);
}

/** Hear of framebuffers: at once of those that there are. */
export function addListener(listener: FramebufferListener): void {
  listeners.push(listener);
  for (let i = 0; i < framebuffers.length; i++) listener.came(framebuffers[i]);
}

/** The first one: /dev/fb0, where the console shows. */
export function primary(): Framebuffer | null {
  return framebuffers.length > 0 ? framebuffers[0] : null;
}

/** How many there are; `at` names them. */
export function count(): i32 {
  return framebuffers.length;
}

export function at(index: i32): Framebuffer | null {
  return index >= 0 && index < framebuffers.length ? framebuffers[index] : null;
}
