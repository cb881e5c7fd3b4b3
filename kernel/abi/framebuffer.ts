// The frame buffer device's requests and structures: Linux include/uapi/linux/fb.h, Documentation/fb/api.rst.

export const FBIOGET_VSCREENINFO: u32 = 0x4600;
export const FBIOPUT_VSCREENINFO: u32 = 0x4601;
export const FBIOGET_FSCREENINFO: u32 = 0x4602;
export const FBIOGETCMAP: u32 = 0x4604;
export const FBIOPUTCMAP: u32 = 0x4605;
export const FBIOPAN_DISPLAY: u32 = 0x4606;
export const FBIOBLANK: u32 = 0x4611;
/** _IOR('F', 0x12, struct fb_vblank). */
export const FBIOGET_VBLANK: u32 = 0x80204612;
/** _IOW('F', 0x20, __u32). */
export const FBIO_WAITFORVSYNC: u32 = 0x40044620;

/** struct fb_fix_screeninfo, 80 bytes. */
@unmanaged
export class FixedScreenInfo {
  id0: u64;
  id1: u64;
  memoryStart: u64;
  memoryLength: u32;
  type: u32;
  typeAuxiliary: u32;
  visual: u32;
  xPanStep: u16;
  yPanStep: u16;
  yWrapStep: u16;
  lineLength: u32;
  registersStart: u64;
  registersLength: u32;
  acceleration: u32;
  capabilities: u16;
}
export const FIXED_SCREEN_INFO_SIZE: u64 = 80;

/** struct fb_var_screeninfo, 160 bytes. */
@unmanaged
export class VariableScreenInfo {
  width: u32;
  height: u32;
  virtualWidth: u32;
  virtualHeight: u32;
  xOffset: u32;
  yOffset: u32;
  bitsPerPixel: u32;
  grayscale: u32;
  redOffset: u32;
  redLength: u32;
  redMsbRight: u32;
  greenOffset: u32;
  greenLength: u32;
  greenMsbRight: u32;
  blueOffset: u32;
  blueLength: u32;
  blueMsbRight: u32;
  transparencyOffset: u32;
  transparencyLength: u32;
  transparencyMsbRight: u32;
  nonStandard: u32;
  activate: u32;
  heightMm: u32;
  widthMm: u32;
  accelerationFlags: u32;
  pixelClockPs: u32;
  leftMargin: u32;
  rightMargin: u32;
  upperMargin: u32;
  lowerMargin: u32;
  horizontalSync: u32;
  verticalSync: u32;
  sync: u32;
  mode: u32;
  rotate: u32;
  colorSpace: u32;
}
export const VARIABLE_SCREEN_INFO_SIZE: u64 = 160;

/** struct fb_cmap: arrays of 16-bit colors. */
@unmanaged
export class ColorMap {
  start: u32;
  length: u32;
  red: u64;
  green: u64;
  blue: u64;
  transparency: u64;
}
export const COLOR_MAP_SIZE: u64 = 40;

/** struct fb_vblank, 32 bytes. */
@unmanaged
export class VerticalBlank {
  flags: u32;
  count: u32;
  vcount: u32;
  hcount: u32;
}
export const VERTICAL_BLANK_SIZE: u64 = 32;

export const FB_VISUAL_TRUECOLOR: u32 = 2;
export const FB_ACTIVATE_MASK: u32 = 15;
export const FB_ACTIVATE_NOW: u32 = 0;
export const FB_ACTIVATE_TEST: u32 = 2;
export const FB_VMODE_YWRAP: u32 = 256;
export const FB_BLANK_UNBLANK: u64 = 0;
export const FB_BLANK_POWERDOWN: u64 = 4;
export const FB_VBLANK_HAVE_COUNT: u32 = 0x010;
