// The structures of kernel/abi/framebuffer, field by field, in the order of abi.test.ts.

import {
  COLOR_MAP_SIZE,
  ColorMap,
  FBIO_WAITFORVSYNC,
  FBIOBLANK,
  FBIOGET_FSCREENINFO,
  FBIOGET_VBLANK,
  FBIOGET_VSCREENINFO,
  FBIOGETCMAP,
  FBIOPAN_DISPLAY,
  FBIOPUT_VSCREENINFO,
  FBIOPUTCMAP,
  FB_ACTIVATE_TEST,
  FB_VBLANK_HAVE_COUNT,
  FB_VISUAL_TRUECOLOR,
  FB_VMODE_YWRAP,
  FIXED_SCREEN_INFO_SIZE,
  FixedScreenInfo,
  VARIABLE_SCREEN_INFO_SIZE,
  VariableScreenInfo,
  VERTICAL_BLANK_SIZE,
  VerticalBlank,
} from "../../../kernel/abi/framebuffer";

const facts: Array<u64> = [] as u64[];

export function collect(): i32 {
  facts.push(FBIOGET_VSCREENINFO);
  facts.push(FBIOPUT_VSCREENINFO);
  facts.push(FBIOGET_FSCREENINFO);
  facts.push(FBIOGETCMAP);
  facts.push(FBIOPUTCMAP);
  facts.push(FBIOPAN_DISPLAY);
  facts.push(FBIOBLANK);
  facts.push(FBIOGET_VBLANK);
  facts.push(FBIO_WAITFORVSYNC);
  facts.push(FB_VISUAL_TRUECOLOR);
  facts.push(FB_ACTIVATE_TEST);
  facts.push(FB_VMODE_YWRAP);
  facts.push(FB_VBLANK_HAVE_COUNT);
  facts.push(FIXED_SCREEN_INFO_SIZE);
  facts.push(offsetof<FixedScreenInfo>("id0"));
  facts.push(offsetof<FixedScreenInfo>("memoryStart"));
  facts.push(offsetof<FixedScreenInfo>("memoryLength"));
  facts.push(offsetof<FixedScreenInfo>("type"));
  facts.push(offsetof<FixedScreenInfo>("typeAuxiliary"));
  facts.push(offsetof<FixedScreenInfo>("visual"));
  facts.push(offsetof<FixedScreenInfo>("xPanStep"));
  facts.push(offsetof<FixedScreenInfo>("yPanStep"));
  facts.push(offsetof<FixedScreenInfo>("yWrapStep"));
  facts.push(offsetof<FixedScreenInfo>("lineLength"));
  facts.push(offsetof<FixedScreenInfo>("registersStart"));
  facts.push(offsetof<FixedScreenInfo>("registersLength"));
  facts.push(offsetof<FixedScreenInfo>("acceleration"));
  facts.push(offsetof<FixedScreenInfo>("capabilities"));
  facts.push(VARIABLE_SCREEN_INFO_SIZE);
  facts.push(offsetof<VariableScreenInfo>("width"));
  facts.push(offsetof<VariableScreenInfo>("height"));
  facts.push(offsetof<VariableScreenInfo>("virtualWidth"));
  facts.push(offsetof<VariableScreenInfo>("virtualHeight"));
  facts.push(offsetof<VariableScreenInfo>("xOffset"));
  facts.push(offsetof<VariableScreenInfo>("yOffset"));
  facts.push(offsetof<VariableScreenInfo>("bitsPerPixel"));
  facts.push(offsetof<VariableScreenInfo>("grayscale"));
  facts.push(offsetof<VariableScreenInfo>("redOffset"));
  facts.push(offsetof<VariableScreenInfo>("redLength"));
  facts.push(offsetof<VariableScreenInfo>("greenOffset"));
  facts.push(offsetof<VariableScreenInfo>("greenLength"));
  facts.push(offsetof<VariableScreenInfo>("blueOffset"));
  facts.push(offsetof<VariableScreenInfo>("blueMsbRight"));
  facts.push(offsetof<VariableScreenInfo>("transparencyOffset"));
  facts.push(offsetof<VariableScreenInfo>("nonStandard"));
  facts.push(offsetof<VariableScreenInfo>("activate"));
  facts.push(offsetof<VariableScreenInfo>("heightMm"));
  facts.push(offsetof<VariableScreenInfo>("widthMm"));
  facts.push(offsetof<VariableScreenInfo>("accelerationFlags"));
  facts.push(offsetof<VariableScreenInfo>("pixelClockPs"));
  facts.push(offsetof<VariableScreenInfo>("leftMargin"));
  facts.push(offsetof<VariableScreenInfo>("verticalSync"));
  facts.push(offsetof<VariableScreenInfo>("sync"));
  facts.push(offsetof<VariableScreenInfo>("mode"));
  facts.push(offsetof<VariableScreenInfo>("rotate"));
  facts.push(offsetof<VariableScreenInfo>("colorSpace"));
  facts.push(COLOR_MAP_SIZE);
  facts.push(offsetof<ColorMap>("start"));
  facts.push(offsetof<ColorMap>("length"));
  facts.push(offsetof<ColorMap>("red"));
  facts.push(offsetof<ColorMap>("green"));
  facts.push(offsetof<ColorMap>("blue"));
  facts.push(offsetof<ColorMap>("transparency"));
  facts.push(VERTICAL_BLANK_SIZE);
  facts.push(offsetof<VerticalBlank>("flags"));
  facts.push(offsetof<VerticalBlank>("count"));
  facts.push(offsetof<VerticalBlank>("vcount"));
  facts.push(offsetof<VerticalBlank>("hcount"));
  return facts.length;
}

export function fact(index: i32): u64 {
  return facts[index];
}
