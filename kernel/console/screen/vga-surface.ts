// A VGA in text mode: cells of a character in code page 437 and an attribute, at 0xb8000 (IBM, "VGA Technical Reference").
// The cursor is the adapter's own.

import * as mmio from "machine/mmio";
import * as port from "machine/port";
import * as pageTables from "memory/page-tables";
import { CODE_MASK, FIRST_MARK_SHIFT, MARK_MASK, SPACER } from "../terminal/cell";
import { vgaAttribute } from "./colors";
import { cp437Of } from "./cp437";
import { composed } from "./font";
import { CURSOR_BAR, CURSOR_BLOCK, CURSOR_UNDERLINE, Surface } from "./surface";

const TEXT_MEMORY: u64 = 0xb8000;
const TEXT_MEMORY_SIZE: u64 = 0x8000;

const GRAPHICS_INDEX: u32 = 0x3ce;
const GRAPHICS_DATA: u32 = 0x3cf;
/** Miscellaneous graphics register: bit 0 graphics mode, bits 2–3 which addresses, 3: 0xb8000. */
const MISCELLANEOUS: u32 = 6;
const GRAPHICS_MODE: u32 = 1;
const AT_B8000: u32 = 3;

const CRTC_INDEX: u32 = 0x3d4;
const CRTC_DATA: u32 = 0x3d5;
const HORIZONTAL_END: u32 = 0x01;
const OVERFLOW: u32 = 0x07;
const CELL_HEIGHT: u32 = 0x09;
const CURSOR_START: u32 = 0x0a;
const CURSOR_END: u32 = 0x0b;
const START_HIGH: u32 = 0x0c;
const START_LOW: u32 = 0x0d;
const CURSOR_HIGH: u32 = 0x0e;
const CURSOR_LOW: u32 = 0x0f;
const VERTICAL_END: u32 = 0x12;
const CURSOR_OFF: u32 = 0x20;

const INPUT_STATUS: u32 = 0x3da;
const ATTRIBUTE_INDEX: u32 = 0x3c0;
const ATTRIBUTE_READ: u32 = 0x3c1;
const ATTRIBUTE_MODE: u32 = 0x10;
/** In the index: the palette is in use, the picture shows. */
const PALETTE_ON: u32 = 0x20;
const BLINKS: u32 = 0x08;

const BLANK_CELL: u32 = 0x0720;

function readCrtc(register: u32): u32 {
  port.out8(CRTC_INDEX, register);
  return port.in8(CRTC_DATA);
}

function writeCrtc(register: u32, value: u32): void {
  port.out8(CRTC_INDEX, register);
  port.out8(CRTC_DATA, value);
}

/** Let attribute bit 7 mean a bright background, not blinking. */
function setBrightBackgrounds(): void {
  port.in8(INPUT_STATUS); // the next access is to the index
  port.out8(ATTRIBUTE_INDEX, ATTRIBUTE_MODE | PALETTE_ON);
  let mode = port.in8(ATTRIBUTE_READ);
  port.out8(ATTRIBUTE_INDEX, mode & ~BLINKS);
  port.in8(INPUT_STATUS);
  port.out8(ATTRIBUTE_INDEX, PALETTE_ON);
}

/** Columns of the text mode that a VGA is in, 0 when there is no VGA or it shows pixels. */
export function textColumns(): i32 {
  port.out8(GRAPHICS_INDEX, MISCELLANEOUS);
  let graphics = port.in8(GRAPHICS_DATA);
  if ((graphics & GRAPHICS_MODE) != 0 || ((graphics >> 2) & 3) != AT_B8000) return 0;
  let columns = <i32>readCrtc(HORIZONTAL_END) + 1;
  return columns == 40 || columns == 80 || columns == 132 ? columns : 0;
}

/** Rows of that mode. */
export function textRows(): i32 {
  let overflow = readCrtc(OVERFLOW);
  let lines = (readCrtc(VERTICAL_END) | ((overflow & 2) << 7) | ((overflow & 0x40) << 3)) + 1;
  return <i32>(lines / ((readCrtc(CELL_HEIGHT) & 0x1f) + 1));
}

export class VgaSurface extends Surface {
  private cursorShape: u64 = 0;

  constructor(
    private readonly memory: u64,
    columns: i32,
    rows: i32,
  ) {
    super();
    this.columns = columns;
    this.rows = rows;
    writeCrtc(START_HIGH, 0);
    writeCrtc(START_LOW, 0);
    setBrightBackgrounds();
  }

  override draw(row: i32, column: i32, glyph: u64, style: u64): void {
    let place = row * this.columns + column;
    let code = <u32>(glyph & CODE_MASK);
    let mark = <u32>((glyph >> FIRST_MARK_SHIFT) & MARK_MASK);
    let both = mark == 0 ? 0 : composed(code, mark);
    if (both != 0) code = both;
    let byte = code == 0 || (glyph & SPACER) != 0 ? 0x20 : cp437Of(code);
    mmio.write16(this.memory + <u64>(place * 2), byte | (vgaAttribute(style) << 8));
    let cursor = glyph & (CURSOR_BLOCK | CURSOR_UNDERLINE | CURSOR_BAR);
    if (cursor != 0) this.placeCursor(place, cursor);
  }

  private placeCursor(place: i32, shape: u64): void {
    writeCrtc(CURSOR_HIGH, <u32>place >> 8);
    writeCrtc(CURSOR_LOW, <u32>place & 0xff);
    if (shape == this.cursorShape) return;
    this.cursorShape = shape;
    writeCrtc(CURSOR_START, shape == CURSOR_UNDERLINE ? 13 : 0);
    writeCrtc(CURSOR_END, 15);
  }

  override clear(): void {
    for (let i = 0; i < this.columns * this.rows; i++) mmio.write16(this.memory + <u64>(i * 2), BLANK_CELL);
  }

  override hideCursor(): void {
    this.cursorShape = 0;
    writeCrtc(CURSOR_START, CURSOR_OFF);
  }
}

/** The VGA's text memory for the kernel, mapped once; 0 when there is no room. */
let mapped: u64 = 0;
export function textMemory(): u64 {
  if (mapped == 0) mapped = pageTables.mapDevice(TEXT_MEMORY, TEXT_MEMORY_SIZE, pageTables.UNCACHED);
  return mapped;
}

/** The VGA of this machine as a surface; null when there is none, or it shows no text. */
export function findVga(): VgaSurface | null {
  let columns = textColumns();
  if (columns == 0) return null;
  let rows = textRows();
  if (rows < 10 || rows * columns * 2 > <i32>TEXT_MEMORY_SIZE) return null;
  let memory = textMemory();
  return memory == 0 ? null : new VgaSurface(memory, columns, rows);
}
