// What colours a style stands for: the 256 of xterm, true colours, and the nearest of a VGA's 16.

import {
  BACKGROUND_SHIFT,
  BOLD,
  COLOR_INDEXED,
  COLOR_MASK,
  COLOR_RGB,
  COLOR_VALUE,
  DIM,
  INVERSE,
  INVISIBLE,
} from "../terminal/cell";

/** 0xRRGGBB: the eight ANSI colours, then the bright ones. */
const ANSI: StaticArray<u32> = [
  0x000000, 0xcd3131, 0x0dbc79, 0xd7ba2a, 0x2472c8, 0xbc3fbc, 0x11a8cd, 0xd4d4d4, 0x666666, 0xf14c4c, 0x23d18b,
  0xf5f543, 0x3b8eea, 0xd670d6, 0x29b8db, 0xffffff,
];
const DEFAULT_FOREGROUND: u32 = 0xd4d4d4;
const DEFAULT_BACKGROUND: u32 = 0x000000;

/** What a VGA shows for its 16 attributes (VGA BIOS default palette). */
const VGA: StaticArray<u32> = [
  0x000000, 0x0000aa, 0x00aa00, 0x00aaaa, 0xaa0000, 0xaa00aa, 0xaa5500, 0xaaaaaa, 0x555555, 0x5555ff, 0x55ff55,
  0x55ffff, 0xff5555, 0xff55ff, 0xffff55, 0xffffff,
];
const VGA_FOREGROUND: u32 = 7;
const VGA_BACKGROUND: u32 = 0;

/** Levels of the 6x6x6 cube (xterm, 256colres.h). */
function cubeLevel(step: u32): u32 {
  return step == 0 ? 0 : 55 + 40 * step;
}

/** A palette index as 0xRRGGBB: 16 ANSI colours, a cube, a ramp of greys. */
function indexed(index: u32): u32 {
  if (index < 16) return ANSI[index];
  if (index >= 232) {
    let grey = 8 + (index - 232) * 10;
    return (grey << 16) | (grey << 8) | grey;
  }
  let place = index - 16;
  return (cubeLevel(place / 36) << 16) | (cubeLevel((place / 6) % 6) << 8) | cubeLevel(place % 6);
}

/** Bold text in one of the eight colours is bright. */
function brightened(color: u64, style: u64): u64 {
  let kind = color & (COLOR_INDEXED | COLOR_RGB);
  return (style & BOLD) != 0 && kind == COLOR_INDEXED && (color & COLOR_VALUE) < 8 ? color + 8 : color;
}

function foregroundOf(style: u64): u64 {
  return brightened(style & COLOR_MASK, style);
}

function backgroundOf(style: u64): u64 {
  return (style >> BACKGROUND_SHIFT) & COLOR_MASK;
}

function rgb(color: u64, fallback: u32): u32 {
  let value = <u32>(color & COLOR_VALUE);
  if ((color & COLOR_RGB) != 0) return value;
  return (color & COLOR_INDEXED) != 0 ? indexed(value) : fallback;
}

function mixed(left: u32, right: u32): u32 {
  return ((left & 0xfefefe) >> 1) + ((right & 0xfefefe) >> 1);
}

/** The colours of a cell: 0xRRGGBB of the text (high half) and behind it (low half). */
export function colorsOf(style: u64): u64 {
  let foreground = rgb(foregroundOf(style), DEFAULT_FOREGROUND);
  let background = rgb(backgroundOf(style), DEFAULT_BACKGROUND);
  if ((style & INVERSE) != 0) {
    let swapped = foreground;
    foreground = background;
    background = swapped;
  }
  if ((style & DIM) != 0) foreground = mixed(foreground, background);
  if ((style & INVISIBLE) != 0) foreground = background;
  return ((<u64>foreground) << 32) | <u64>background;
}

/** The VGA's number of an ANSI colour: red and blue change places. */
function vgaOf(color: u64, fallback: u32): u32 {
  let value = <u32>(color & COLOR_VALUE);
  if ((color & COLOR_RGB) != 0) return nearest(value);
  if ((color & COLOR_INDEXED) == 0) return fallback;
  return value < 16 ? (value & 0b1010) | ((value & 1) << 2) | ((value >> 2) & 1) : nearest(indexed(value));
}

function distance(left: u32, right: u32): u32 {
  let red = <i32>(left >> 16) - <i32>(right >> 16);
  let green = <i32>((left >> 8) & 0xff) - <i32>((right >> 8) & 0xff);
  let blue = <i32>(left & 0xff) - <i32>(right & 0xff);
  // The eye sees differences of green best, of blue worst.
  return <u32>(3 * red * red + 6 * green * green + blue * blue);
}

function nearest(color: u32): u32 {
  let best: u32 = 0;
  for (let i: u32 = 1; i < 16; i++) {
    if (distance(VGA[i], color) < distance(VGA[best], color)) best = i;
  }
  return best;
}

/** The attribute byte of a VGA text cell. */
export function vgaAttribute(style: u64): u32 {
  let foreground = vgaOf(foregroundOf(style), VGA_FOREGROUND);
  let background = vgaOf(backgroundOf(style), VGA_BACKGROUND);
  if ((style & BOLD) != 0 && foreground == VGA_FOREGROUND) foreground = 15;
  if ((style & DIM) != 0 && foreground == VGA_FOREGROUND) foreground = 8;
  if ((style & INVERSE) != 0) {
    let swapped = foreground;
    foreground = background;
    background = swapped;
  }
  if ((style & INVISIBLE) != 0) foreground = background;
  return (background << 4) | foreground;
}
