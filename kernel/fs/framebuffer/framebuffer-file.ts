// /dev/fbN: Linux Documentation/fb/framebuffer.rst and api.rst.

import { at, bytesAddress, linearAddress, pointerOf } from "memory/address";
import * as mem from "machine/mem";
import * as user from "machine/user";
import { EFAULT, EFBIG, EINVAL, ENOSPC, ERESTARTSYS, EINTR } from "../../abi/errno";
import { SEEK_CUR, SEEK_END, SEEK_SET } from "../../abi/fcntl";
import * as abi from "../../abi/framebuffer";
import { Framebuffer } from "../../display/framebuffer";
import { IoVector } from "../../memory/io-vector";
import { PageSource } from "../../memory/page-source";
import { copyIn, copyOut, fetch32 } from "../../memory/user";
import { wait } from "../../sched/block";
import * as clock from "../../sched/clock";
import { WaitQueue } from "../../sched/wait";
import { File } from "../../vfs/file";
import { PALETTE_SIZE, Screen } from "./screen";

/** Device memory's id in fb_fix_screeninfo. */
const ID_LENGTH: i32 = 16;
const PICOSECONDS_PER_NS: u64 = 1000;

const buffer: StaticArray<u8> = new StaticArray<u8>(<i32>abi.VARIABLE_SCREEN_INFO_SIZE);
const colors: StaticArray<u16> = new StaticArray<u16>(PALETTE_SIZE);
/** Nobody wakes it: waits for the next picture end by their deadline. */
const nextPicture: WaitQueue = new WaitQueue();

export class FramebufferFile extends File {
  constructor(
    private readonly screen: Screen,
    flags: u32,
  ) {
    super();
    this.flags = flags;
    screen.framebuffer.users++;
  }

  override close(): void {
    this.screen.framebuffer.users--;
  }

  override mappable(): PageSource | null {
    return this.screen;
  }

  override read(io: IoVector): i64 {
    let moved = this.readAt(io, this.position);
    if (moved > 0) this.position += <u64>moved;
    return moved;
  }

  override write(io: IoVector): i64 {
    let moved = this.writeAt(io, this.position);
    if (moved > 0) this.position += <u64>moved;
    return moved;
  }

  override readAt(io: IoVector, offset: u64): i64 {
    let framebuffer = this.screen.framebuffer;
    if (offset >= framebuffer.sizeBytes) return 0;
    return io.put(framebuffer.kernelAddress + offset, min(io.remaining, framebuffer.sizeBytes - offset));
  }

  /** Beyond the end it is -EFBIG, at the end -ENOSPC, as Linux's fb_write has it. */
  override writeAt(io: IoVector, offset: u64): i64 {
    let framebuffer = this.screen.framebuffer;
    let size = framebuffer.sizeBytes;
    if (offset > size) return -EFBIG;
    if (io.remaining == 0) return 0;
    if (offset == size) return io.remaining > size ? -EFBIG : -ENOSPC;
    let moved = io.take(framebuffer.kernelAddress + offset, min(io.remaining, size - offset));
    if (moved > 0) {
      let stride = <u64>framebuffer.strideBytes;
      let first = offset / stride;
      let end = min<u64>((offset + <u64>moved + stride - 1) / stride, <u64>framebuffer.rows);
      if (first < end) framebuffer.flush(0, <u32>first, framebuffer.widthPixels, <u32>(end - first));
    }
    return moved;
  }

  /** Linux's default_llseek of an inode without a size. */
  override seek(offset: i64, whence: i32): i64 {
    let target = offset;
    if (whence == SEEK_CUR) target += <i64>this.position;
    else if (whence != SEEK_SET && whence != SEEK_END) return -EINVAL;
    if (target < 0) return -EINVAL;
    this.position = <u64>target;
    return target;
  }

  override sync(): i64 {
    this.screen.showStores();
    return 0;
  }

  override ioctl(request: u32, argument: u64): i64 {
    switch (request) {
      case abi.FBIOGET_VSCREENINFO:
        describe(this.screen);
        return copyOut(argument, bytesAddress(buffer), abi.VARIABLE_SCREEN_INFO_SIZE);
      case abi.FBIOPUT_VSCREENINFO:
        return this.change(argument);
      case abi.FBIOGET_FSCREENINFO:
        describeFixed(this.screen.framebuffer);
        return copyOut(argument, bytesAddress(buffer), abi.FIXED_SCREEN_INFO_SIZE);
      case abi.FBIOPAN_DISPLAY:
        return this.pan(argument);
      case abi.FBIOGETCMAP:
        return this.moveColors(argument, false);
      case abi.FBIOPUTCMAP:
        return this.moveColors(argument, true);
      case abi.FBIOBLANK:
        if (argument > abi.FB_BLANK_POWERDOWN) return -EINVAL;
        return this.screen.framebuffer.blank(argument != abi.FB_BLANK_UNBLANK);
      case abi.FBIOGET_VBLANK:
        return this.describeBlank(argument);
      case abi.FBIO_WAITFORVSYNC:
        if (fetch32(argument) < 0) return -EFAULT;
        return this.waitForPicture();
      default:
        return super.ioctl(request, argument);
    }
  }

  /** What mapped memory holds now is shown, then the next picture awaited. */
  private waitForPicture(): i64 {
    this.screen.showStores();
    let error = wait(nextPicture, this.screen.framebuffer.nextRefreshNs(clock.nowNs()));
    if (error == -EINTR) return -ERESTARTSYS;
    this.screen.framebuffer.awaitRefresh();
    return 0;
  }

  private describeBlank(address: u64): i64 {
    mem.fill(bytesAddress(buffer), 0, abi.VERTICAL_BLANK_SIZE);
    let info = at<abi.VerticalBlank>(pointerOf(buffer));
    info.flags = abi.FB_VBLANK_HAVE_COUNT;
    info.count = <u32>(clock.nowNs() / this.screen.framebuffer.refreshNs);
    return copyOut(address, bytesAddress(buffer), abi.VERTICAL_BLANK_SIZE);
  }

  /** FBIOPUT_VSCREENINFO: a mode, as much of it as the device can; the program gets back what it has. */
  private change(address: u64): i64 {
    if (copyIn(bytesAddress(buffer), address, abi.VARIABLE_SCREEN_INFO_SIZE) < 0) return -EFAULT;
    let framebuffer = this.screen.framebuffer;
    // A device whose mode cannot be changed answers with the one it has (Linux fb_set_var without fb_check_var).
    if (framebuffer.hasModes) {
      let error = setMode(this.screen, at<abi.VariableScreenInfo>(pointerOf(buffer)));
      if (error != 0) return error < 0 ? error : copyOut(address, bytesAddress(buffer), abi.VARIABLE_SCREEN_INFO_SIZE);
    }
    describe(this.screen);
    return copyOut(address, bytesAddress(buffer), abi.VARIABLE_SCREEN_INFO_SIZE);
  }

  private pan(address: u64): i64 {
    if (copyIn(bytesAddress(buffer), address, abi.VARIABLE_SCREEN_INFO_SIZE) < 0) return -EFAULT;
    let info = at<abi.VariableScreenInfo>(pointerOf(buffer));
    let row = info.yOffset;
    let framebuffer = this.screen.framebuffer;
    if (info.xOffset != 0 || (info.mode & abi.FB_VMODE_YWRAP) != 0) return -EINVAL;
    if (row > this.screen.virtualRows - framebuffer.heightPixels) return -EINVAL;
    this.screen.showStores();
    let error = framebuffer.pan(row);
    if (error < 0) return error;
    describe(this.screen);
    return copyOut(address, bytesAddress(buffer), abi.VARIABLE_SCREEN_INFO_SIZE);
  }

  /** FBIOGETCMAP, FBIOPUTCMAP: the sixteen colors that a true-color console keeps; pixels do not go through them. */
  private moveColors(address: u64, isPut: bool): i64 {
    if (copyIn(bytesAddress(buffer), address, abi.COLOR_MAP_SIZE) < 0) return -EFAULT;
    let map = at<abi.ColorMap>(pointerOf(buffer));
    let start = map.start;
    let length = map.length;
    if (start >= <u32>PALETTE_SIZE) return -EINVAL;
    if (isPut && length > <u32>PALETTE_SIZE - start) return -EINVAL;
    length = min(length, <u32>PALETTE_SIZE - start);
    for (let channel = 0; channel < 3; channel++) {
      let place = channel == 0 ? map.red : channel == 1 ? map.green : map.blue;
      let base = channel * PALETTE_SIZE + <i32>start;
      if (!isPut) {
        for (let i = 0; i < <i32>length; i++) colors[i] = this.screen.palette[base + i];
        if (user.copyOut(place, colorsAddress(), <u64>length * 2) != 0) return -EFAULT;
        continue;
      }
      if (user.copyIn(colorsAddress(), place, <u64>length * 2) != 0) return -EFAULT;
      for (let i = 0; i < <i32>length; i++) this.screen.palette[base + i] = colors[i];
    }
    return 0;
  }
}

function colorsAddress(): u64 {
  return linearAddress(pointerOf(colors));
}

/** Set what `info` asks for: 0 when done, 1 when it was only to be tried, or a negative errno. */
function setMode(screen: Screen, info: abi.VariableScreenInfo): i64 {
  let framebuffer = screen.framebuffer;
  let width = info.width;
  let height = info.height;
  let rows = max(info.virtualHeight, height);
  let row = info.yOffset;
  // 15 bits are 16 with five of them green.
  let bits = info.bitsPerPixel == 16 && info.greenLength == 5 ? 15 : info.bitsPerPixel;
  if (info.virtualWidth > width || info.xOffset != 0 || row > rows - height) return -EINVAL;
  if (info.grayscale != 0 || info.nonStandard != 0 || info.rotate != 0) return -EINVAL;
  let error = framebuffer.checkMode(width, height, bits, rows);
  if (error < 0) return error;
  if ((info.activate & abi.FB_ACTIVATE_MASK) == abi.FB_ACTIVATE_TEST) {
    info.virtualWidth = width;
    info.virtualHeight = rows;
    return 1;
  }
  if ((info.activate & abi.FB_ACTIVATE_MASK) != abi.FB_ACTIVATE_NOW) return -EINVAL;
  error = framebuffer.setMode(width, height, bits, rows);
  if (error < 0) return error;
  screen.virtualRows = rows;
  return framebuffer.firstRow == row ? 0 : framebuffer.pan(row);
}

/** fb_var_screeninfo into `buffer`. */
function describe(screen: Screen): void {
  let framebuffer = screen.framebuffer;
  mem.fill(bytesAddress(buffer), 0, abi.VARIABLE_SCREEN_INFO_SIZE);
  let info = at<abi.VariableScreenInfo>(pointerOf(buffer));
  info.width = framebuffer.widthPixels;
  info.height = framebuffer.heightPixels;
  info.virtualWidth = framebuffer.widthPixels;
  info.virtualHeight = screen.virtualRows;
  info.yOffset = framebuffer.firstRow;
  info.bitsPerPixel = (framebuffer.bitsPerPixel + 7) & ~7;
  info.redOffset = framebuffer.red.offset;
  info.redLength = framebuffer.red.length;
  info.greenOffset = framebuffer.green.offset;
  info.greenLength = framebuffer.green.length;
  info.blueOffset = framebuffer.blue.offset;
  info.blueLength = framebuffer.blue.length;
  info.heightMm = u32.MAX_VALUE;
  info.widthMm = u32.MAX_VALUE;
  // No margins: the clock is what gives the refresh rate by the formula of Documentation/fb/framebuffer.rst.
  let pixels = <u64>framebuffer.widthPixels * <u64>framebuffer.heightPixels;
  info.pixelClockPs = <u32>((framebuffer.refreshNs * PICOSECONDS_PER_NS) / pixels);
}

/** fb_fix_screeninfo into `buffer`. */
function describeFixed(framebuffer: Framebuffer): void {
  mem.fill(bytesAddress(buffer), 0, abi.FIXED_SCREEN_INFO_SIZE);
  let name = framebuffer.name;
  for (let i = 0; i < min(name.length, ID_LENGTH - 1); i++) buffer[i] = <u8>name.charCodeAt(i);
  let info = at<abi.FixedScreenInfo>(pointerOf(buffer));
  info.memoryStart = framebuffer.physical;
  info.memoryLength = <u32>framebuffer.sizeBytes;
  info.visual = abi.FB_VISUAL_TRUECOLOR;
  info.yPanStep = framebuffer.hasModes ? 1 : 0;
  info.lineLength = framebuffer.strideBytes;
}
