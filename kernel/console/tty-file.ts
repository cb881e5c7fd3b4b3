// A terminal as an open file: /dev/console, /dev/tty, /dev/ttyS0, the slave side of a pseudo-terminal.

import { bytesAddress } from "memory/address";
import * as mem from "machine/mem";
import { EFAULT, EINVAL, EIO, ENOTTY, EPERM } from "../abi/errno";
import { SIGTTOU } from "../abi/signal";
import * as abi from "../abi/termios";
import { TERMIOS2_SIZE, TERMIOS_SIZE } from "../abi/termios";
import { IoVector } from "../memory/io-vector";
import { copyIn, copyOut, fetch32, fetched, store32 } from "../memory/user";
import { File } from "../vfs/file";
import { Termios } from "./termios";
import { jobControl, Tty } from "./tty";

const buffer = new StaticArray<u8>(64);

export class TtyFile extends File {
  constructor(
    readonly tty: Tty,
    flags: u32,
  ) {
    super();
    this.flags = flags;
    this.readiness = tty.pollers;
  }

  override read(io: IoVector): i64 {
    return this.tty.read(io, this.isNonBlocking);
  }

  override write(io: IoVector): i64 {
    return this.tty.write(io, this.isNonBlocking);
  }

  override poll(): u32 {
    return this.tty.poll();
  }

  override ioctl(request: u32, argument: u64): i64 {
    let tty = this.tty;
    if (tty.isHungUp) return -EIO;
    switch (request) {
      case abi.TCGETS:
        return this.getSettings(argument, false);
      case abi.TCGETS2:
        return this.getSettings(argument, true);
      case abi.TCSETS:
      case abi.TCSETSW:
      case abi.TCSETSF:
        return this.setSettings(argument, false, request != abi.TCSETS, request == abi.TCSETSF);
      case abi.TCSETS2:
      case abi.TCSETSW2:
      case abi.TCSETSF2:
        return this.setSettings(argument, true, request != abi.TCSETS2, request == abi.TCSETSF2);
      case abi.TCSBRK:
      case abi.TCSBRKP:
        return tty.drain();
      case abi.TCXONC:
        if (argument == abi.TCOOFF) tty.isStopped = true;
        else if (argument == abi.TCOON) tty.start();
        else if (argument > abi.TCION) return -EINVAL;
        return 0;
      case abi.TCFLSH:
        if (argument > abi.TCIOFLUSH) return -EINVAL;
        if (argument != abi.TCOFLUSH) tty.flushInput();
        if (argument != abi.TCIFLUSH) tty.discardOutput();
        return 0;
      case abi.TIOCGWINSZ:
        return this.getWindow(argument);
      case abi.TIOCSWINSZ:
        return this.setWindow(argument);
      case abi.FIONREAD:
        return store32(argument, tty.available);
      case abi.TIOCOUTQ:
        return store32(argument, tty.unsent);
      case abi.TIOCGPGRP:
        if (tty.sessionId == 0 || tty.sessionId != jobControl.callerSession) return -ENOTTY;
        return store32(argument, <u32>tty.foregroundGroup);
      case abi.TIOCSPGRP:
        return this.setForeground(argument);
      case abi.TIOCGSID:
        if (tty.sessionId == 0 || tty.sessionId != jobControl.callerSession) return -ENOTTY;
        return store32(argument, <u32>tty.sessionId);
      case abi.TIOCSCTTY:
        return this.takeControl(argument);
      case abi.TIOCNOTTY:
        if (tty.sessionId != jobControl.callerSession) return -ENOTTY;
        if (jobControl.isCallerLeader) tty.sessionId = 0;
        return 0;
      case abi.TIOCSTI:
        if (fetch32(argument) < 0) return -EFAULT;
        tty.type(<u32>fetched & 0xff);
        return 0;
      case abi.TIOCGETD:
        return store32(argument, 0);
      case abi.TIOCSETD:
        if (fetch32(argument) < 0) return -EFAULT;
        return fetched == 0 ? 0 : -EINVAL;
      case abi.TIOCEXCL:
      case abi.TIOCNXCL:
        return 0;
      default:
        return super.ioctl(request, argument);
    }
  }

  private getSettings(address: u64, withSpeeds: bool): i64 {
    this.tty.termios.store(bytesAddress(buffer), withSpeeds);
    return copyOut(address, bytesAddress(buffer), withSpeeds ? TERMIOS2_SIZE : TERMIOS_SIZE);
  }

  private setSettings(address: u64, withSpeeds: bool, isDraining: bool, isFlushing: bool): i64 {
    let tty = this.tty;
    let error = tty.checkBackground(SIGTTOU);
    if (error < 0) return error;
    if (copyIn(bytesAddress(buffer), address, withSpeeds ? TERMIOS2_SIZE : TERMIOS_SIZE) < 0) return -EFAULT;
    let settings = new Termios();
    settings.inputSpeed = tty.termios.inputSpeed;
    settings.outputSpeed = tty.termios.outputSpeed;
    settings.load(bytesAddress(buffer), withSpeeds);
    if (isDraining) {
      let drained = tty.drain();
      if (drained < 0) return drained;
    }
    if (isFlushing) tty.flushInput();
    tty.apply(settings);
    return 0;
  }

  /** struct winsize: rows, columns, width, height, u16 each. */
  private getWindow(address: u64): i64 {
    let tty = this.tty;
    let base = bytesAddress(buffer);
    mem.store16(base, tty.rows);
    mem.store16(base + 2, tty.columns);
    mem.store16(base + 4, tty.width);
    mem.store16(base + 6, tty.height);
    return copyOut(address, base, 8);
  }

  private setWindow(address: u64): i64 {
    let base = bytesAddress(buffer);
    if (copyIn(base, address, 8) < 0) return -EFAULT;
    this.tty.width = mem.load16(base + 4);
    this.tty.height = mem.load16(base + 6);
    this.tty.resize(mem.load16(base + 2), mem.load16(base));
    return 0;
  }

  private setForeground(address: u64): i64 {
    let tty = this.tty;
    let error = tty.checkBackground(SIGTTOU);
    if (error < 0) return error;
    if (tty.sessionId == 0 || tty.sessionId != jobControl.callerSession) return -ENOTTY;
    if (fetch32(address) < 0) return -EFAULT;
    let groupId = <i32>fetched;
    if (groupId < 0) return -EINVAL;
    if (!jobControl.isGroupIn(groupId, tty.sessionId)) return -EPERM;
    tty.foregroundGroup = groupId;
    return 0;
  }

  /** TIOCSCTTY: man 2 TIOCSCTTY. */
  private takeControl(argument: u64): i64 {
    let tty = this.tty;
    let session = jobControl.callerSession;
    if (jobControl.isCallerLeader && tty.sessionId == session) return 0;
    if (!jobControl.isCallerLeader) return -EPERM;
    if (tty.sessionId != 0 && argument != 1) return -EPERM;
    tty.sessionId = session;
    tty.foregroundGroup = jobControl.callerGroup;
    return 0;
  }
}
