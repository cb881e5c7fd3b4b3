// Cells on a framebuffer of any depth, in the font that fits its width.

import { bytesPerPixel, Framebuffer } from "../../display/framebuffer";
import { INVERSE } from "../terminal/cell";
import * as blit from "./blit";
import { colorsOf } from "./colors";
import * as font from "./font";
import * as glyphRows from "./glyph-rows";
import { CURSOR_BLOCK, Surface } from "./surface";

/** From this width on the large font is used. */
const LARGE_FROM: u32 = 2400;
/** No style has it: nothing is remembered. */
const NO_STYLE: u64 = u64.MAX_VALUE;

export class PixelSurface extends Surface {
  private isLarge: bool = false;
  private cellWidth: i32 = 0;
  private cellHeight: i32 = 0;
  private bytes: u32 = 0;
  /** The style drawn last and its pixels. */
  private style: u64 = NO_STYLE;
  private on: u32 = 0;
  private off: u32 = 0;
  /** What was drawn and not flushed, in pixels: empty while left >= right. */
  private left: i32 = i32.MAX_VALUE;
  private top: i32 = i32.MAX_VALUE;
  private right: i32 = 0;
  private bottom: i32 = 0;

  constructor(readonly framebuffer: Framebuffer) {
    super();
    this.measure();
  }

  /** The framebuffer has another mode. */
  measure(): void {
    let framebuffer = this.framebuffer;
    this.isLarge = framebuffer.widthPixels >= LARGE_FROM;
    this.cellWidth = this.isLarge ? font.LARGE_WIDTH : font.SMALL_WIDTH;
    this.cellHeight = this.isLarge ? font.LARGE_HEIGHT : font.SMALL_HEIGHT;
    this.columns = <i32>framebuffer.widthPixels / this.cellWidth;
    this.rows = <i32>framebuffer.heightPixels / this.cellHeight;
    this.bytes = bytesPerPixel(framebuffer.bitsPerPixel);
    this.style = NO_STYLE;
  }

  override get widthPixels(): u32 {
    return this.framebuffer.widthPixels;
  }

  override get heightPixels(): u32 {
    return this.framebuffer.heightPixels;
  }

  override draw(row: i32, column: i32, glyph: u64, style: u64): void {
    let shown = (glyph & CURSOR_BLOCK) != 0 ? style ^ INVERSE : style;
    if (shown != this.style) this.mix(shown);
    glyphRows.compose(glyph, shown, this.isLarge);
    let framebuffer = this.framebuffer;
    let x = column * this.cellWidth;
    let y = row * this.cellHeight;
    let stride = <u64>framebuffer.strideBytes;
    let address = framebuffer.kernelAddress + (<u64>framebuffer.firstRow + <u64>y) * stride + <u64>x * <u64>this.bytes;
    for (let i = 0; i < this.cellHeight; i++) {
      blit.pixels(address, glyphRows.rows[i], this.cellWidth, this.bytes, this.on, this.off);
      address += stride;
    }
    this.left = min(this.left, x);
    this.top = min(this.top, y);
    this.right = max(this.right, x + this.cellWidth);
    this.bottom = max(this.bottom, y + this.cellHeight);
  }

  private mix(style: u64): void {
    this.style = style;
    let colors = colorsOf(style);
    this.on = this.pixel(<u32>(colors >> 32));
    this.off = this.pixel(<u32>colors);
  }

  private pixel(color: u32): u32 {
    return this.framebuffer.pixel((color >> 16) & 0xff, (color >> 8) & 0xff, color & 0xff);
  }

  override clear(): void {
    this.framebuffer.clear();
  }

  override finish(): void {
    if (this.left >= this.right) return;
    let width = <u32>(this.right - this.left);
    let height = <u32>(this.bottom - this.top);
    this.framebuffer.flush(<u32>this.left, this.framebuffer.firstRow + <u32>this.top, width, height);
    this.left = i32.MAX_VALUE;
    this.top = i32.MAX_VALUE;
    this.right = 0;
    this.bottom = 0;
  }
}
