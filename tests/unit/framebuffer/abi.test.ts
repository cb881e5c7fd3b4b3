// The fbdev structures and numbers are those of Linux's headers.

import { test } from "node:test";
import { compareLayout } from "../abi-layout.ts";

const fix = (...fields: string[]) => fields.map((field) => `offsetof(struct fb_fix_screeninfo, ${field})`);
const variable = (...fields: string[]) => fields.map((field) => `offsetof(struct fb_var_screeninfo, ${field})`);

/** Expressions of C for the facts that abi.as.ts collects, in its order. */
const expressions = [
  "FBIOGET_VSCREENINFO",
  "FBIOPUT_VSCREENINFO",
  "FBIOGET_FSCREENINFO",
  "FBIOGETCMAP",
  "FBIOPUTCMAP",
  "FBIOPAN_DISPLAY",
  "FBIOBLANK",
  "FBIOGET_VBLANK",
  "FBIO_WAITFORVSYNC",
  "FB_VISUAL_TRUECOLOR",
  "FB_ACTIVATE_TEST",
  "FB_VMODE_YWRAP",
  "FB_VBLANK_HAVE_COUNT",
  "sizeof(struct fb_fix_screeninfo)",
  ...fix("id", "smem_start", "smem_len", "type", "type_aux", "visual", "xpanstep", "ypanstep", "ywrapstep"),
  ...fix("line_length", "mmio_start", "mmio_len", "accel", "capabilities"),
  "sizeof(struct fb_var_screeninfo)",
  ...variable("xres", "yres", "xres_virtual", "yres_virtual", "xoffset", "yoffset", "bits_per_pixel", "grayscale"),
  ...variable("red.offset", "red.length", "green.offset", "green.length", "blue.offset", "blue.msb_right"),
  ...variable("transp.offset", "nonstd", "activate", "height", "width", "accel_flags", "pixclock", "left_margin"),
  ...variable("vsync_len", "sync", "vmode", "rotate", "colorspace"),
  "sizeof(struct fb_cmap)",
  "offsetof(struct fb_cmap, start)",
  "offsetof(struct fb_cmap, len)",
  "offsetof(struct fb_cmap, red)",
  "offsetof(struct fb_cmap, green)",
  "offsetof(struct fb_cmap, blue)",
  "offsetof(struct fb_cmap, transp)",
  "sizeof(struct fb_vblank)",
  "offsetof(struct fb_vblank, flags)",
  "offsetof(struct fb_vblank, count)",
  "offsetof(struct fb_vblank, vcount)",
  "offsetof(struct fb_vblank, hcount)",
];

const declarations = `
#include <linux/fb.h>
#include <sys/ioctl.h>
`;

test("the frame buffer's requests and structures are those of C", () =>
  compareLayout(new URL("./abi.as.ts", import.meta.url), declarations, expressions));
