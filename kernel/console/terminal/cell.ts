// A cell of the screen: two 64-bit words, the second of which is also the pen that characters are written with.
//
//   glyph   63       48 47       32 31     23  22    21   20          0
//          │ 2nd mark  │ 1st mark  │         │right│left│ code point  │   right, left: halves of a wide character
//
//   style   63  62    60 59                52 51          26 25           0
//          │prot│ line  │ attributes         │  background  │  foreground  │
//
//   colour  25 24 23                0
//          │ kind │ value            │   kind: 0 default, 1 value is a palette index, 2 value is 0xRRGGBB

export const CODE_MASK: u64 = 0x1fffff;
/** The left half of a wide character, and the cell beside it. */
export const WIDE: u64 = 1 << 21;
export const SPACER: u64 = 1 << 22;
/** Combining marks, at most two, all from the basic multilingual plane. */
export const FIRST_MARK_SHIFT: u64 = 32;
export const SECOND_MARK_SHIFT: u64 = 48;
export const MARK_MASK: u64 = 0xffff;

export const COLOR_MASK: u64 = 0x3ffffff;
export const BACKGROUND_SHIFT: u64 = 26;
export const COLOR_INDEXED: u64 = 1 << 24;
export const COLOR_RGB: u64 = 2 << 24;
export const COLOR_VALUE: u64 = 0xffffff;
export const BACKGROUND: u64 = COLOR_MASK << 26;

export const BOLD: u64 = (<u64>1) << 52;
export const DIM: u64 = (<u64>1) << 53;
export const ITALIC: u64 = (<u64>1) << 54;
export const BLINK: u64 = (<u64>1) << 55;
export const INVERSE: u64 = (<u64>1) << 56;
export const INVISIBLE: u64 = (<u64>1) << 57;
export const STRIKE: u64 = (<u64>1) << 58;
export const OVERLINE: u64 = (<u64>1) << 59;
/** How it is underlined: 0 not, 1 single, 2 double, 3 curly, 4 dotted, 5 dashed. */
export const UNDERLINE_SHIFT: u64 = 60;
export const UNDERLINE: u64 = (<u64>7) << 60;
/** DECSCA: selective erase leaves it. */
export const PROTECTED: u64 = (<u64>1) << 63;

/** An empty cell without any style. */
export const BLANK: u64 = 0;
export const PLAIN: u64 = 0;
