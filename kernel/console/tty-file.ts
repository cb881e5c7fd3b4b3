// A terminal as an open file: /dev/console, /dev/tty, /dev/ttyS0, the slave side of a pseudo-terminal.

import { bytesAddress } from "memory/address";
import * as mem from "machine/mem";
import { EBUSY, EFAULT, EINVAL, EIO, ENOTTY, EPERM, ESRCH } from "../abi/errno";
import { O_NOCTTY } from "../abi/fcntl";
import { SIGTTOU } from "../abi/signal";
import * as abi from "../abi/termios";
import { TERMIO_CHARACTERS, TERMIO_SIZE, TERMIOS2_SIZE, TERMIOS_SIZE } from "../abi/termios";
import { IoVector } from "../memory/io-vector";
import { copyIn, copyOut, fetch32, fetched, store32 } from "../memory/user";
import { block } from "../sched/block";
import * as clock from "../sched/clock";
import { File } from "../vfs/file";
import { failOpen } from "../vfs/inode";
import { Termios } from "./termios";
import { jobControl, NOT_MINE, Tty } from "./tty";

/** tcsendbreak(3): between 0.25 and 0.5 seconds. */
const BREAK_NS: u64 = 250_000_000;

const buffer = new StaticArray<u8>(64);
const oldBuffer = new StaticArray<u8>(32);

export class TtyFile extends File {
  constructor(
    readonly tty: Tty,
    flags: u32,
    /** Whether it keeps the terminal open. */
    private readonly isOpening: bool = true,
  ) {
    super();
    this.flags = flags;
    this.readiness = tty.pollers;
    if (isOpening) tty.open();
  }

  override close(): void {
    if (this.isOpening) this.tty.close();
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
    if (this.tty.isHungUp) return request == abi.TIOCSPGRP ? -ENOTTY : -EIO;
    let result = this.control(request, argument);
    return result == NOT_MINE ? super.ioctl(request, argument) : result;
  }

  /** man 2 ioctl_tty, for the terminal and, as far as it goes, for a pseudo-terminal's master. */
  control(request: u32, argument: u64): i64 {
    let tty = this.tty;
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
      case abi.TCGETA:
        return this.getOldSettings(argument);
      case abi.TCSETA:
      case abi.TCSETAW:
      case abi.TCSETAF:
        return this.setOldSettings(argument, request != abi.TCSETA, request == abi.TCSETAF);
      case abi.TIOCGWINSZ:
        return this.getWindow(argument);
      case abi.TIOCSWINSZ:
        return this.setWindow(argument);
      case abi.FIONREAD:
        return store32(argument, tty.available);
      case abi.TIOCOUTQ:
        return store32(argument, tty.unsent);
      case abi.TIOCSTI:
        return this.insert(argument);
      case abi.TIOCGETD:
        return store32(argument, 0);
      case abi.TIOCSETD:
        if (fetch32(argument) < 0) return -EFAULT;
        return fetched == 0 ? 0 : -EINVAL;
      case abi.TIOCEXCL:
      case abi.TIOCNXCL:
        tty.isExclusive = request == abi.TIOCEXCL;
        return 0;
      case abi.TIOCGEXCL:
        return store32(argument, tty.isExclusive ? 1 : 0);
      case abi.TIOCGDEV:
        return store32(argument, <u32>tty.deviceNumber);
      case abi.TIOCVHANGUP:
        if (!jobControl.isCallerPrivileged) return -EPERM;
        tty.hangUp();
        return 0;
      case abi.TIOCSBRK:
      case abi.TIOCCBRK:
      case abi.TCSBRK:
      case abi.TCSBRKP:
      case abi.TCXONC:
      case abi.TCFLSH:
        return this.controlLine(request, argument);
      default:
        return this.controlSession(request, argument);
    }
  }

  /** Requests that change what is on the line: not for background groups. */
  private controlLine(request: u32, argument: u64): i64 {
    let tty = this.tty;
    let error = tty.checkBackground(SIGTTOU);
    if (error < 0) return error;
    switch (request) {
      case abi.TCSBRK: {
        let drained = tty.drain();
        // tcdrain(3) is TCSBRK with an argument other than 0.
        return drained < 0 || argument != 0 ? drained : this.sendBreak(BREAK_NS);
      }
      case abi.TCSBRKP: {
        let drained = tty.drain();
        return drained < 0 ? drained : this.sendBreak(argument == 0 ? BREAK_NS : min(argument, 600) * 100_000_000);
      }
      case abi.TIOCSBRK:
      case abi.TIOCCBRK:
        tty.device.setBreak(request == abi.TIOCSBRK);
        return 0;
      case abi.TCXONC:
        if (argument == abi.TCOOFF) tty.stop();
        else if (argument == abi.TCOON) tty.start();
        else if (argument == abi.TCIOFF) tty.sendControl(abi.VSTOP);
        else if (argument == abi.TCION) tty.sendControl(abi.VSTART);
        else return -EINVAL;
        return 0;
      default: // TCFLSH
        if (argument > abi.TCIOFLUSH) return -EINVAL;
        if (argument != abi.TCOFLUSH) tty.flushInput();
        if (argument != abi.TCIFLUSH) tty.discardOutput();
        return 0;
    }
  }

  private sendBreak(lengthNs: u64): i64 {
    let device = this.tty.device;
    device.setBreak(true);
    if (device.isLine) block(clock.nowNs() + lengthNs);
    device.setBreak(false);
    return 0;
  }

  private controlSession(request: u32, argument: u64): i64 {
    let tty = this.tty;
    switch (request) {
      case abi.TIOCGPGRP:
        if (tty !== jobControl.callerTerminal) return -ENOTTY;
        return store32(argument, <u32>tty.foregroundGroup);
      case abi.TIOCSPGRP:
        return this.setForeground(argument);
      case abi.TIOCGSID:
        if (tty !== jobControl.callerTerminal) return -ENOTTY;
        return store32(argument, <u32>tty.sessionId);
      case abi.TIOCSCTTY:
        return this.takeControl(argument);
      case abi.TIOCNOTTY:
        if (tty !== jobControl.callerTerminal) return -ENOTTY;
        if (jobControl.isCallerLeader) tty.leaveSession(true);
        else jobControl.giveUpTerminal();
        return 0;
      default:
        return tty.device.control(request, argument);
    }
  }

  /** TIOCSTI: a byte as if typed, on one's own terminal or by the privileged. */
  private insert(address: u64): i64 {
    let tty = this.tty;
    if (tty !== jobControl.callerTerminal && !jobControl.isCallerPrivileged) return -EPERM;
    let base = bytesAddress(buffer);
    if (copyIn(base, address, 1) < 0) return -EFAULT;
    tty.type(mem.load8(base));
    return 0;
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
    return this.change(withSpeeds, isDraining, isFlushing);
  }

  /** TCGETA: System V's struct termio, the lower halves of the flags and the first characters. */
  private getOldSettings(address: u64): i64 {
    let settings = this.tty.termios;
    let base = bytesAddress(buffer);
    mem.fill(base, 0, TERMIO_SIZE);
    mem.store16(base, settings.inputFlags);
    mem.store16(base + 2, settings.outputFlags);
    mem.store16(base + 4, settings.controlFlags);
    mem.store16(base + 6, settings.localFlags);
    mem.store8(base + 8, <u32>settings.line);
    for (let i = 0; i < TERMIO_CHARACTERS; i++) mem.store8(base + 9 + <u64>i, <u32>settings.characters[i]);
    return copyOut(address, base, TERMIO_SIZE);
  }

  /** TCSETA and its kin: what struct termio does not hold stays. */
  private setOldSettings(address: u64, isDraining: bool, isFlushing: bool): i64 {
    let tty = this.tty;
    let error = tty.checkBackground(SIGTTOU);
    if (error < 0) return error;
    let old = bytesAddress(oldBuffer);
    if (copyIn(old, address, TERMIO_SIZE) < 0) return -EFAULT;
    let base = bytesAddress(buffer);
    tty.termios.store(base, false);
    for (let i: u64 = 0; i < 4; i++) mem.store16(base + i * 4, mem.load16(old + i * 2));
    mem.store8(base + 16, mem.load8(old + 8));
    for (let i: u64 = 0; i < <u64>TERMIO_CHARACTERS; i++) mem.store8(base + 17 + i, mem.load8(old + 9 + i));
    return this.change(false, isDraining, isFlushing);
  }

  /** The settings in `buffer` come to count. */
  private change(withSpeeds: bool, isDraining: bool, isFlushing: bool): i64 {
    let tty = this.tty;
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
    this.tty.resize(mem.load16(base + 2), mem.load16(base), mem.load16(base + 4), mem.load16(base + 6));
    return 0;
  }

  private setForeground(address: u64): i64 {
    let tty = this.tty;
    let error = tty.checkBackground(SIGTTOU);
    if (error < 0) return error;
    if (tty !== jobControl.callerTerminal) return -ENOTTY;
    if (fetch32(address) < 0) return -EFAULT;
    let groupId = <i32>fetched;
    if (groupId < 0) return -EINVAL;
    if (!jobControl.isGroup(groupId)) return -ESRCH;
    if (!jobControl.isGroupIn(groupId, tty.sessionId)) return -EPERM;
    tty.foregroundGroup = groupId;
    return 0;
  }

  /** TIOCSCTTY: man 2 TIOCSCTTY. */
  private takeControl(argument: u64): i64 {
    let tty = this.tty;
    let session = jobControl.callerSession;
    if (jobControl.isCallerLeader && tty.sessionId == session) return 0;
    if (!jobControl.isCallerLeader || jobControl.callerTerminal !== null) return -EPERM;
    if (tty.sessionId != 0) {
      if (argument != 1 || !jobControl.isCallerPrivileged) return -EPERM;
      tty.leaveSession(false);
    }
    if (!this.isReadable && !jobControl.isCallerPrivileged) return -EPERM;
    takeTerminal(tty);
    return 0;
  }
}

function takeTerminal(tty: Tty): void {
  tty.sessionId = jobControl.callerSession;
  tty.foregroundGroup = jobControl.callerGroup;
}

/**
 * open(2) of a terminal's node: a session's leader without a terminal gets this one, unless O_NOCTTY or `isConsole`. Null with
 * the reason in failOpen.
 */
export function openTerminal(tty: Tty, flags: u32, isConsole: bool = false): File | null {
  if (tty.isHungUp || (tty.isExclusive && !jobControl.isCallerPrivileged)) {
    failOpen(tty.isHungUp ? -EIO : -EBUSY);
    return null;
  }
  let file = new TtyFile(tty, flags);
  if ((flags & O_NOCTTY) == 0 && !isConsole && file.isReadable && tty.sessionId == 0) {
    if (jobControl.isCallerLeader && jobControl.callerTerminal === null) takeTerminal(tty);
  }
  return file;
}
