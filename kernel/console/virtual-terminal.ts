// The console as Linux's virtual terminal 1: whether a program draws the screen by itself, and what the keyboard gives
// (man 2 ioctl_console). There is one, always active.

import { bytesAddress } from "memory/address";
import * as mem from "machine/mem";
import { EFAULT, EINVAL, ENXIO } from "../abi/errno";
import * as abi from "../abi/virtual-terminal";
import { copyIn, copyOut, store32 } from "../memory/user";
import { NOT_MINE } from "./tty";

const ONLY: u64 = 1;
/** VT_GETSTATE: a bit for each terminal in use. */
const IN_USE: u32 = 1 << 1;

/** Screen and keyboard behind the console: set at boot where there are some. */
export class VirtualTerminalHooks {
  /** KD_GRAPHICS, or back to KD_TEXT. */
  setGraphics(_isGraphics: bool): void {}
  /** K_*. False when the keyboard has no such mode. */
  setKeyboardMode(mode: u32): bool {
    return mode == abi.K_XLATE || mode == abi.K_UNICODE;
  }
  /** The locks that are on: bit 0 scroll, 1 num, 2 caps. */
  get locks(): u32 {
    return 0;
  }
}

let hooks: VirtualTerminalHooks = new VirtualTerminalHooks();
let mode: u32 = abi.KD_TEXT;
let keyboardMode: u32 = abi.K_UNICODE;
const buffer = new StaticArray<u8>(<i32>abi.VT_MODE_SIZE);

export function setVirtualTerminalHooks(to: VirtualTerminalHooks): void {
  hooks = to;
}

/** ioctl(2) on the console; NOT_MINE when it is no request of a virtual terminal. */
export function controlVirtualTerminal(request: u32, argument: u64): i64 {
  switch (request) {
    case abi.KDGETMODE:
      return store32(argument, mode);
    case abi.KDSETMODE:
      if (argument > <u64>abi.KD_GRAPHICS) return -EINVAL;
      mode = <u32>argument;
      hooks.setGraphics(mode == abi.KD_GRAPHICS);
      return 0;
    case abi.KDGKBMODE:
      return store32(argument, keyboardMode);
    case abi.KDSKBMODE:
      if (argument > <u64>abi.K_OFF || !hooks.setKeyboardMode(<u32>argument)) return -EINVAL;
      keyboardMode = <u32>argument;
      return 0;
    case abi.KDGKBTYPE:
      return storeByte(argument, abi.KB_101);
    case abi.KDGKBMETA:
      return store32(argument, abi.K_ESCPREFIX);
    case abi.KDGKBLED:
    case abi.KDGETLED:
      return storeByte(argument, hooks.locks);
    case abi.VT_OPENQRY:
      return store32(argument, u32.MAX_VALUE); // no other one is free
    case abi.VT_GETMODE:
      mem.fill(bytesAddress(buffer), 0, abi.VT_MODE_SIZE); // VT_AUTO
      return copyOut(argument, bytesAddress(buffer), abi.VT_MODE_SIZE);
    case abi.VT_SETMODE:
      return copyIn(bytesAddress(buffer), argument, abi.VT_MODE_SIZE) < 0 ? -EFAULT : 0;
    case abi.VT_GETSTATE:
      return storeState(argument);
    case abi.VT_RELDISP:
      return 0;
    case abi.VT_ACTIVATE:
    case abi.VT_WAITACTIVE:
      return argument == ONLY ? 0 : -ENXIO;
    default:
      return NOT_MINE;
  }
}

function storeByte(address: u64, value: u32): i64 {
  mem.store8(bytesAddress(buffer), value);
  return copyOut(address, bytesAddress(buffer), 1);
}

function storeState(address: u64): i64 {
  let base = bytesAddress(buffer);
  mem.store16(base, <u32>ONLY);
  mem.store16(base + 2, 0);
  mem.store16(base + 4, IN_USE);
  return copyOut(address, base, abi.VT_STAT_SIZE);
}
