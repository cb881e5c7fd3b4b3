// The frame buffer device's requests and structures: Linux include/uapi/linux/fb.h and kd.h, x86-64.

export const FBIOGET_VSCREENINFO = 0x4600;
export const FBIOPUT_VSCREENINFO = 0x4601;
export const FBIOGET_FSCREENINFO = 0x4602;
export const FBIOPAN_DISPLAY = 0x4606;
export const FBIO_WAITFORVSYNC = 0x40044620;
export const KDSETMODE = 0x4b3a;
export const KDGETMODE = 0x4b3b;
export const KD_TEXT = 0;
export const KD_GRAPHICS = 1;

/** Where a color stands in a pixel: its lowest bit, and how many bits it has. */
export interface ColorField {
  readonly offset: number;
  readonly length: number;
}

/** struct fb_var_screeninfo, the fields that are used. */
export class VariableInfo {
  readonly bytes = new Uint8Array(160);
  readonly #view = new DataView(this.bytes.buffer);

  #get(offset: number): number {
    return this.#view.getUint32(offset, true);
  }

  #set(offset: number, value: number): void {
    this.#view.setUint32(offset, value, true);
  }

  get width(): number {
    return this.#get(0);
  }

  get height(): number {
    return this.#get(4);
  }

  get virtualHeight(): number {
    return this.#get(12);
  }

  get bitsPerPixel(): number {
    return this.#get(24);
  }

  set virtualHeight(value: number) {
    this.#set(12, value);
  }

  set yOffset(value: number) {
    this.#set(20, value);
  }

  /** Ask for a mode; the kernel chooses the colors' places. */
  request(width: number, height: number, bitsPerPixel: number): void {
    this.#set(0, width);
    this.#set(4, height);
    this.#set(8, width);
    this.#set(16, 0);
    this.#set(20, 0);
    this.#set(24, bitsPerPixel);
    for (let offset = 32; offset < 80; offset += 4) this.#set(offset, 0);
    this.#set(84, 0);
  }

  #field(offset: number): ColorField {
    return { offset: this.#get(offset), length: this.#get(offset + 4) };
  }

  get red(): ColorField {
    return this.#field(32);
  }

  get green(): ColorField {
    return this.#field(44);
  }

  get blue(): ColorField {
    return this.#field(56);
  }

  /** Picoseconds a pixel, from which the refresh rate follows; 0 when the driver does not say. */
  get pixelClockPs(): number {
    return this.#get(100);
  }
}

/** struct fb_fix_screeninfo. */
export class FixedInfo {
  readonly bytes = new Uint8Array(80);
  readonly #view = new DataView(this.bytes.buffer);

  get name(): string {
    const end = this.bytes.subarray(0, 16).indexOf(0);
    return Buffer.from(this.bytes.subarray(0, end < 0 ? 16 : end)).toString("latin1");
  }

  get memoryBytes(): number {
    return this.#view.getUint32(24, true);
  }

  get lineBytes(): number {
    return this.#view.getUint32(48, true);
  }
}
