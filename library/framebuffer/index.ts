// The screen as memory.
//
// ```ts
// import { framebuffer } from "eggos";
//
// using screen = framebuffer.open();
// const { pixels, stride } = screen;
// for (let y = 100; y < 200; y++) {
//   for (let x = 100; x < 300; x++) pixels.writeUInt32LE(screen.color(255, 128, 0), y * stride + x * 4);
// }
// screen.commit();
// ```
//
// It is Linux's frame buffer device, so the same program runs on a Linux console. While the screen is open, the text console
// does not write on it.

import { closeSync, fdatasyncSync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { EINVAL, ioctl, type Mapping, mapShared, SystemCallError } from "../native/libc.ts";
import {
  type ColorField,
  FBIO_WAITFORVSYNC,
  FBIOGET_FSCREENINFO,
  FBIOGET_VSCREENINFO,
  FBIOPAN_DISPLAY,
  FBIOPUT_VSCREENINFO,
  FixedInfo,
  VariableInfo,
} from "./abi.ts";
import { ConsoleGuard } from "./console.ts";

export type { ColorField } from "./abi.ts";

/** A part of the screen, in pixels. */
export interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** How a pixel is made of colors. */
export interface PixelFormat {
  /** `xrgb8888`, `xbgr8888`, `rgb888`, `rgb565`, `xrgb1555`, or `other`: then the fields say. Names read from the highest bit down. */
  readonly name: "xrgb8888" | "xbgr8888" | "rgb888" | "rgb565" | "xrgb1555" | "other";
  readonly bytesPerPixel: number;
  readonly red: ColorField;
  readonly green: ColorField;
  readonly blue: ColorField;
}

/** A mode to set; what is left out stays as it is. */
export interface Mode {
  width?: number;
  height?: number;
  /** 16, 24 or 32. */
  bitsPerPixel?: number;
}

export interface OpenOptions extends Mode {
  /** The device. Default: `/dev/fb0`. */
  path?: string;
  /** 2: draw on one page while the other is shown; `commit` changes them over. Falls back to 1 where there is no second page. Default: 1. */
  buffers?: 1 | 2;
  /** Keep the text console from writing on the screen while it is open. Default: true. */
  graphicsConsole?: boolean;
}

/** There is no screen, or it cannot do what was asked: the message says what to do. */
export class FramebufferError extends Error {
  override readonly name = "FramebufferError";
}

/** Longest time spent in the system call itself at the end of a wait, milliseconds: timers are that exact. */
const WAIT_TAIL_MS = 4;
const DEFAULT_REFRESH_HZ = 60;

function formatName(bitsPerPixel: number, red: ColorField, green: ColorField, blue: ColorField): PixelFormat["name"] {
  const places = [red, green, blue].map(({ offset, length }) => `${offset}+${length}`).join(" ");
  if (places === "16+8 8+8 0+8") return bitsPerPixel === 24 ? "rgb888" : "xrgb8888";
  if (places === "0+8 8+8 16+8" && bitsPerPixel === 32) return "xbgr8888";
  if (places === "11+5 5+6 0+5") return "rgb565";
  return places === "10+5 5+5 0+5" ? "xrgb1555" : "other";
}

function place(value: number, { offset, length }: ColorField): number {
  const bits = length >= 8 ? value << (length - 8) : value >> (8 - length);
  return (bits << offset) >>> 0;
}

/** An open screen. */
export class Framebuffer implements Disposable {
  /** The driver's name: `bochs`, `virtio-gpu`, `firmware` … */
  readonly name: string;
  readonly #fd: number;
  readonly #console: ConsoleGuard;
  readonly #wanted: 1 | 2;
  readonly #onExit = (): void => this.close();
  #info = new VariableInfo();
  #mapping: Mapping | undefined;
  #format!: PixelFormat;
  #stride = 0;
  #pages: Buffer[] = [];
  #back = 0;
  #lastRefreshMs = 0;
  #isClosed = false;

  /** Use `open`. */
  constructor(options: OpenOptions = {}) {
    const path = options.path ?? "/dev/fb0";
    try {
      this.#fd = openSync(path, "r+");
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      const advice =
        code === "ENOENT" || code === "ENODEV" || code === "ENXIO"
          ? "this machine has no screen; start it with one (egg run --display)"
          : String(code);
      throw new FramebufferError(`${path}: ${advice}`, { cause });
    }
    this.#wanted = options.buffers ?? 1;
    try {
      const fixed = new FixedInfo();
      ioctl(this.#fd, FBIOGET_FSCREENINFO, fixed.bytes);
      this.name = fixed.name;
      this.#configure(options);
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
    this.#console = new ConsoleGuard(options.graphicsConsole ?? true);
    process.on("exit", this.#onExit);
  }

  /** Pixels a row. */
  get width(): number {
    return this.#info.width;
  }

  /** Rows. */
  get height(): number {
    return this.#info.height;
  }

  /** Bytes from one row to the next: at least `width * format.bytesPerPixel`. */
  get stride(): number {
    return this.#stride;
  }

  get format(): PixelFormat {
    return this.#format;
  }

  /** 2 when `commit` changes pages over, 1 when what is drawn is on the screen as it is drawn. */
  get buffers(): 1 | 2 {
    return this.#pages.length === 2 ? 2 : 1;
  }

  /** Pictures a second. */
  get refreshHz(): number {
    const clock = this.#info.pixelClockPs;
    return clock === 0 ? DEFAULT_REFRESH_HZ : 1e12 / (clock * this.width * this.height);
  }

  /**
   * The pixels to draw on: the screen's own memory, no copy. Row y begins at `y * stride`. With two buffers this is another one
   * after each `commit`, and holds the picture before the last one.
   */
  get pixels(): Buffer {
    const page = this.#pages[this.#back];
    if (this.#isClosed || page === undefined) throw new FramebufferError("the screen has been closed");
    return page;
  }

  /** A color, 0 to 255 each, as the number that a pixel holds. */
  color(red: number, green: number, blue: number): number {
    const { format } = this;
    return (place(red, format.red) | place(green, format.green) | place(blue, format.blue)) >>> 0;
  }

  /** Fill the page that is drawn on with one color. */
  clear(red = 0, green = 0, blue = 0): void {
    const { bytesPerPixel } = this.#format;
    const pixel = Buffer.alloc(bytesPerPixel);
    pixel.writeUIntLE(this.color(red, green, blue), 0, bytesPerPixel);
    if (this.#stride % bytesPerPixel === 0) this.pixels.fill(pixel);
    else
      for (let y = 0; y < this.height; y++)
        this.pixels.fill(pixel, y * this.#stride, y * this.#stride + this.width * bytesPerPixel);
  }

  /**
   * Copy an RGBA picture (an ImageData's `data`, a canvas's `data()`; four bytes a pixel) to the screen with its upper left corner
   * at x, y. What lies outside is left out; alpha is not looked at.
   */
  draw(rgba: Uint8Array | Uint8ClampedArray, width: number, height: number, x = 0, y = 0): void {
    const source = wordsOf(rgba, width * height);
    const first = Math.max(0, -x);
    const end = Math.min(width, this.width - x);
    for (let row = Math.max(0, -y); row < Math.min(height, this.height - y); row++) {
      this.#drawRow(
        source,
        row * width + first,
        row * width + end,
        (y + row) * this.#stride + (x + first) * this.#format.bytesPerPixel,
      );
    }
  }

  #drawRow(source: Uint32Array, from: number, end: number, target: number): void {
    const { pixels } = this;
    const { name, bytesPerPixel } = this.#format;
    if (name === "xrgb8888" && target % 4 === 0) {
      let to = target / 4;
      const words = new Uint32Array(pixels.buffer, pixels.byteOffset, pixels.length >> 2);
      for (let i = from; i < end; i++) {
        const color = source[i] as number;
        words[to++] = (color & 0xff00) | ((color & 0xff) << 16) | ((color >>> 16) & 0xff);
      }
      return;
    }
    for (let i = from; i < end; i++, target += bytesPerPixel) {
      const color = source[i] as number;
      pixels.writeUIntLE(this.color(color & 0xff, (color >>> 8) & 0xff, (color >>> 16) & 0xff), target, bytesPerPixel);
    }
  }

  /**
   * Show what was drawn. With two buffers the page drawn on becomes the one that is shown, at once and as a whole; with one, a
   * device that keeps a copy takes what has changed (`rectangle` says where at most; devices that read memory do nothing).
   */
  commit(_rectangle?: Rectangle): void {
    this.pixels;
    if (this.#pages.length < 2) {
      fdatasyncSync(this.#fd);
      return;
    }
    this.#info.yOffset = this.#back * this.height;
    ioctl(this.#fd, FBIOPAN_DISPLAY, this.#info.bytes);
    this.#back = 1 - this.#back;
  }

  /**
   * Wait until the device begins the next picture: drawing after it and committing before the next one is a frame. Where a device
   * does not tell (QEMU's do not), the kernel keeps time at `refreshHz`.
   */
  async waitForVsync(): Promise<void> {
    // The call blocks this thread: it is made only for the end of the wait.
    const periodMs = 1000 / this.refreshHz;
    const elapsedMs = (performance.now() - this.#lastRefreshMs) % periodMs;
    const restMs = periodMs - elapsedMs - WAIT_TAIL_MS;
    if (this.#lastRefreshMs !== 0 && restMs >= 1) await sleep(restMs);
    else await new Promise(setImmediate);
    if (this.#isClosed) return;
    ioctl(this.#fd, FBIO_WAITFORVSYNC, new Uint8Array(4));
    this.#lastRefreshMs = performance.now();
  }

  /** Another resolution or depth. `pixels`, `stride` and the rest are others afterwards. */
  setMode(mode: Mode): void {
    this.#configure(mode);
  }

  /** Give the screen back to the console. `pixels` is empty afterwards. Harmless when repeated. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    process.off("exit", this.#onExit);
    this.#pages = [];
    this.#mapping?.release();
    if (this.#wanted === 2) this.#showFirstPage();
    this.#console.release();
    closeSync(this.#fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #showFirstPage(): void {
    this.#info.yOffset = 0;
    ioctl(this.#fd, FBIOPAN_DISPLAY, this.#info.bytes);
  }

  /** Set a mode as far as one is asked for, get memory for the pages, and map it. */
  #configure(mode: Mode): void {
    const info = new VariableInfo();
    ioctl(this.#fd, FBIOGET_VSCREENINFO, info.bytes);
    const width = mode.width ?? info.width;
    const height = mode.height ?? info.height;
    const bits = mode.bitsPerPixel ?? info.bitsPerPixel;
    const isOther = width !== info.width || height !== info.height || bits !== info.bitsPerPixel;
    if (isOther || this.#wanted === 2) {
      const isSet =
        (this.#wanted === 2 && this.#request(width, height, bits, 2)) || this.#request(width, height, bits, 1);
      ioctl(this.#fd, FBIOGET_VSCREENINFO, info.bytes);
      if (isOther && (!isSet || info.width !== width || info.height !== height || info.bitsPerPixel !== bits)) {
        throw new FramebufferError(
          `the screen cannot show ${width}x${height} with ${bits} bits a pixel; it shows ${info.width}x${info.height} with ${info.bitsPerPixel}`,
        );
      }
    }
    this.#map(info);
  }

  #request(width: number, height: number, bits: number, pages: number): boolean {
    const info = new VariableInfo();
    ioctl(this.#fd, FBIOGET_VSCREENINFO, info.bytes);
    if (width !== info.width || height !== info.height || bits !== info.bitsPerPixel) info.request(width, height, bits);
    info.virtualHeight = height * pages;
    info.yOffset = 0;
    try {
      ioctl(this.#fd, FBIOPUT_VSCREENINFO, info.bytes);
      return true;
    } catch (error) {
      if (error instanceof SystemCallError && error.errno === EINVAL) return false;
      throw error;
    }
  }

  #map(info: VariableInfo): void {
    const fixed = new FixedInfo();
    ioctl(this.#fd, FBIOGET_FSCREENINFO, fixed.bytes);
    this.#mapping?.release();
    this.#mapping = mapShared(this.#fd, fixed.memoryBytes);
    this.#info = info;
    this.#stride = fixed.lineBytes;
    const { red, green, blue, bitsPerPixel } = info;
    const name = formatName(bitsPerPixel, red, green, blue);
    this.#format = { name, bytesPerPixel: bitsPerPixel >> 3, red, green, blue };
    const pageBytes = fixed.lineBytes * info.height;
    const count =
      this.#wanted === 2 && info.virtualHeight >= 2 * info.height && fixed.memoryBytes >= 2 * pageBytes ? 2 : 1;
    const { buffer } = this.#mapping;
    this.#pages = Array.from({ length: count }, (_, page) => Buffer.from(buffer, page * pageBytes, pageBytes));
    // The first page is the one that is shown.
    this.#back = count - 1;
  }
}

/** RGBA bytes as words, without a copy where their place allows it. */
function wordsOf(bytes: Uint8Array | Uint8ClampedArray, count: number): Uint32Array {
  if (bytes.length < count * 4) throw new RangeError(`the picture has ${bytes.length} bytes instead of ${count * 4}`);
  const isAligned = bytes.byteOffset % 4 === 0;
  const source = isAligned ? bytes : bytes.slice();
  return new Uint32Array(source.buffer, source.byteOffset, count);
}

/** Open the screen. Throws a FramebufferError that says what to do when there is none. */
export function open(options: OpenOptions = {}): Framebuffer {
  return new Framebuffer(options);
}
