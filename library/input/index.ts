// The keyboard and the mouse.
//
// ```ts
// import { input } from "eggos";
//
// using devices = input.open();
// for await (const event of devices) {
//   if (event.kind === "key" && event.pressed) console.log(event.name);
//   if (event.kind === "key" && event.name === "escape") break;
// }
// ```
//
// These are Linux's event devices, /dev/input/event*: the same program runs on a Linux console (as root, or in group input).

import { closeSync, openSync, readdirSync } from "node:fs";
import { ioctl, ioctlValue } from "../native/libc.ts";
import { type Button, buttonName, keyName } from "./keys.ts";
import { Reader } from "./reader.ts";

export type { Button } from "./keys.ts";
export { keyName } from "./keys.ts";

/** A keyboard, a mouse, a tablet. */
export interface InputDevice {
  /** `/dev/input/event0` */
  readonly path: string;
  /** What it calls itself. */
  readonly name: string;
}

interface EventBase {
  readonly device: InputDevice;
  /** When it happened, in milliseconds since 1970. */
  readonly timeMs: number;
}

/** A key went down or up. */
export interface KeyEvent extends EventBase {
  readonly kind: "key";
  /** KEY_* of Linux. */
  readonly code: number;
  /** The key's name by its place on a US keyboard: `a`, `space`, `enter`, `left`, `leftshift`, `f1` … */
  readonly name: string;
  readonly pressed: boolean;
  /** It is held down and repeats itself. */
  readonly repeated: boolean;
}

/** A button of a pointer went down or up. */
export interface ButtonEvent extends EventBase {
  readonly kind: "button";
  readonly button: Button;
  readonly pressed: boolean;
}

/** The mouse moved by so many of its steps. */
export interface MotionEvent extends EventBase {
  readonly kind: "motion";
  readonly dx: number;
  readonly dy: number;
}

/** A tablet or touch screen is at a place: 0 to 1 of its width and height. */
export interface PositionEvent extends EventBase {
  readonly kind: "position";
  readonly x: number;
  readonly y: number;
}

/** The wheel turned: positive is up, or to the right. */
export interface WheelEvent extends EventBase {
  readonly kind: "wheel";
  readonly dx: number;
  readonly dy: number;
}

export type InputEvent = KeyEvent | ButtonEvent | MotionEvent | PositionEvent | WheelEvent;

export interface InputOptions {
  /** Take the devices for oneself: the console types nothing meanwhile. Default: true. */
  grab?: boolean;
  /** Where the devices are. Default: `/dev/input`. */
  folder?: string;
}

/** There is no keyboard and no mouse, or they cannot be opened. */
export class InputError extends Error {
  override readonly name = "InputError";
}

// struct input_event: seconds 8, microseconds 8, type 2, code 2, value 4.
const EVENT_SIZE = 24;
const EV_SYN = 0;
const EV_KEY = 1;
const EV_REL = 2;
const EV_ABS = 3;
const REL_X = 0;
const REL_Y = 1;
const REL_HWHEEL = 6;
const REL_WHEEL = 8;
const ABS_X = 0;
const ABS_Y = 1;

/** _IOC(_IOC_READ, 'E', number, size) of Linux asm-generic/ioctl.h. */
const readRequest = (number: number, size: number): number => 0x80000000 + size * 0x10000 + 0x4500 + number;
const NAME_REQUEST = readRequest(0x06, 256);
const absoluteRequest = (axis: number): number => readRequest(0x40 + axis, 24);
const EVIOCGRAB = 0x40044590;

interface Range {
  readonly least: number;
  readonly most: number;
}

/** One device: its events put together from the pieces in which they come. */
class Source {
  readonly device: InputDevice;
  readonly fd: number;
  readonly #x: Range | undefined;
  readonly #y: Range | undefined;
  #position = { x: 0, y: 0 };
  #dx = 0;
  #dy = 0;
  #wheelX = 0;
  #wheelY = 0;
  #hasPosition = false;

  constructor(path: string, isGrabbed: boolean) {
    this.fd = openSync(path, "r");
    const name = Buffer.alloc(256);
    ioctl(this.fd, NAME_REQUEST, name);
    this.device = { path, name: name.toString("utf8", 0, Math.max(0, name.indexOf(0))) };
    this.#x = this.#range(ABS_X);
    this.#y = this.#range(ABS_Y);
    if (isGrabbed) ioctlValue(this.fd, EVIOCGRAB, 1);
  }

  #range(axis: number): Range | undefined {
    const info = Buffer.alloc(24);
    try {
      ioctl(this.fd, absoluteRequest(axis), info);
    } catch {
      return undefined;
    }
    const range = { least: info.readInt32LE(4), most: info.readInt32LE(8) };
    return range.most > range.least ? range : undefined;
  }

  /** Events in what was read. */
  *parse(bytes: Uint8Array): Generator<InputEvent> {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + EVENT_SIZE <= bytes.length; at += EVENT_SIZE) {
      const timeMs = Number(view.getBigInt64(at, true)) * 1000 + Number(view.getBigInt64(at + 8, true)) / 1000;
      const code = view.getUint16(at + 18, true);
      const value = view.getInt32(at + 20, true);
      switch (view.getUint16(at + 16, true)) {
        case EV_KEY:
          yield* this.#moves(timeMs);
          yield this.#key(code, value, timeMs);
          break;
        case EV_REL:
          this.#relative(code, value);
          break;
        case EV_ABS:
          this.#absolute(code, value);
          break;
        case EV_SYN:
          yield* this.#moves(timeMs);
          break;
      }
    }
  }

  #key(code: number, value: number, timeMs: number): InputEvent {
    const { device } = this;
    const button = buttonName(code);
    if (button !== undefined) return { kind: "button", device, timeMs, button, pressed: value !== 0 };
    return { kind: "key", device, timeMs, code, name: keyName(code), pressed: value !== 0, repeated: value === 2 };
  }

  #relative(code: number, value: number): void {
    if (code === REL_X) this.#dx += value;
    else if (code === REL_Y) this.#dy += value;
    else if (code === REL_WHEEL) this.#wheelY += value;
    else if (code === REL_HWHEEL) this.#wheelX += value;
  }

  #absolute(code: number, value: number): void {
    const range = code === ABS_X ? this.#x : code === ABS_Y ? this.#y : undefined;
    if (range === undefined) return;
    const share = (value - range.least) / (range.most - range.least);
    this.#position = code === ABS_X ? { ...this.#position, x: share } : { ...this.#position, y: share };
    this.#hasPosition = true;
  }

  /** What has added up since the last time. */
  *#moves(timeMs: number): Generator<InputEvent> {
    const { device } = this;
    if (this.#dx !== 0 || this.#dy !== 0) yield { kind: "motion", device, timeMs, dx: this.#dx, dy: this.#dy };
    if (this.#wheelX !== 0 || this.#wheelY !== 0) {
      yield { kind: "wheel", device, timeMs, dx: this.#wheelX, dy: this.#wheelY };
    }
    if (this.#hasPosition) yield { kind: "position", device, timeMs, ...this.#position };
    this.#dx = this.#dy = this.#wheelX = this.#wheelY = 0;
    this.#hasPosition = false;
  }

  close(): void {
    closeSync(this.fd);
  }
}

/** All keyboards and mice, read as one stream of events. */
export class Input implements AsyncIterable<InputEvent>, Disposable {
  readonly #sources: Source[];
  readonly #reader: Reader;
  readonly #pressed = new Set<string>();
  readonly #waiting: InputEvent[] = [];
  #wake: (() => void) | undefined;
  #isClosed = false;

  /** Use `open`. */
  constructor(options: InputOptions = {}) {
    const folder = options.folder ?? "/dev/input";
    this.#sources = findDevices(folder).map((name) => new Source(`${folder}/${name}`, options.grab ?? true));
    if (this.#sources.length === 0) {
      throw new InputError(
        `${folder}: this machine has no keyboard and no mouse; start it with a screen (egg run --display)`,
      );
    }
    this.#reader = new Reader(
      this.#sources.map((source) => source.fd),
      (index, bytes) => this.#take(index, bytes),
    );
  }

  get devices(): readonly InputDevice[] {
    return this.#sources.map((source) => source.device);
  }

  /** Whether a key or button is held down, as far as events have come: for programs that look once a frame. */
  isPressed(name: string): boolean {
    return this.#pressed.has(name);
  }

  /** The events that have come and were not taken yet: for programs that look once a frame. */
  take(): InputEvent[] {
    return this.#waiting.splice(0);
  }

  /** Events as they come, until `close`. */
  async *[Symbol.asyncIterator](): AsyncGenerator<InputEvent> {
    while (!this.#isClosed) {
      yield* this.take();
      if (this.#isClosed || this.#waiting.length > 0) continue;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #take(index: number, bytes: Uint8Array): void {
    const source = this.#sources[index];
    if (this.#isClosed || source === undefined) return;
    for (const event of source.parse(bytes)) {
      const name = event.kind === "key" ? event.name : event.kind === "button" ? event.button : undefined;
      if (name !== undefined) {
        if ("pressed" in event && event.pressed) this.#pressed.add(name);
        else this.#pressed.delete(name);
      }
      this.#waiting.push(event);
    }
    this.#wake?.();
  }

  /** Give the devices back. Iterations end. Harmless when repeated. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#reader.stop();
    for (const source of this.#sources) source.close();
    this.#wake?.();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function findDevices(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^event\d+$/.test(name))
      .sort((a, b) => Number(a.slice(5)) - Number(b.slice(5)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** Open all keyboards and mice. Throws an InputError that says what to do when there are none. */
export function open(options: InputOptions = {}): Input {
  return new Input(options);
}
