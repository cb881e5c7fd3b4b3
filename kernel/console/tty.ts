// A terminal: a line discipline between a device (serial line, screen and keyboard, pseudo-terminal) and the programs
// of one session (man 4 tty, man 7 credentials "Sessions").

import * as mem from "machine/mem";
import { bytesAddress } from "memory/address";
import { EAGAIN, EINTR, EIO, ERESTARTSYS } from "../abi/errno";
import { EPOLLERR, EPOLLHUP, READABLE, WRITABLE } from "../abi/poll";
import { SIGCONT, SIGHUP, SIGTTIN, SIGTTOU, SIGWINCH } from "../abi/signal";
import {
  IXOFF,
  TIOCPKT_FLUSHREAD,
  TIOCPKT_FLUSHWRITE,
  TIOCPKT_START,
  TIOCPKT_STOP,
  TOSTOP,
  VSTART,
  VSTOP,
  VTIME,
} from "../abi/termios";
import { IoVector } from "../memory/io-vector";
import { wait } from "../sched/block";
import * as clock from "../sched/clock";
import { FOREVER } from "../sched/timer";
import { WaitQueue } from "../sched/wait";
import { JobControl } from "./job-control";
import { LineDiscipline } from "./line-discipline";
import { Termios } from "./termios";

/** Bytes of output kept, and taken from a program at a time. */
const OUTPUT_SIZE: u32 = 8192;
const CHUNK_SIZE: u32 = 2048;

/** A control character on its way. */
const control = new StaticArray<u8>(1);

/** `control` knows no such request. */
export const NOT_MINE: i64 = i64.MIN_VALUE;

/** Fruitless tries, some tens of port reads each, before what waits at the machine's end is given up. */
const END_PATIENCE: i32 = 100_000;

/** Where a terminal's output goes. */
export class TerminalDevice {
  /** Take up to `length` bytes; returns how many. When fewer, `Tty.outputDrained` is called once there is room. */
  send(_address: u64, length: u64): u64 {
    return length;
  }

  /** The terminal has room for input again: go on receiving. */
  resumeInput(): void {}

  /** Something happened that a pseudo-terminal's master may want to hear of (TIOCPKT_*). */
  noted(_event: u32): void {}

  /** The settings changed. */
  settingsChanged(_before: Termios, _after: Termios): void {}

  /** Hold the line in the break state, or end that. */
  setBreak(_isOn: bool): void {}

  /** Whether another machine is at its end: one that heeds VSTOP and breaks. */
  get isLine(): bool {
    return false;
  }

  /** The window has another size. */
  resized(_columns: u32, _rows: u32): void {}

  /** ioctl(2) requests of the device itself; NOT_MINE for those of every terminal. */
  control(_request: u32, _argument: u64): i64 {
    return NOT_MINE;
  }

  /** A file was opened on the terminal; the last one closed. */
  opened(): void {}
  closed(): void {}
}

export class Tty extends LineDiscipline {
  columns: u32 = 80;
  rows: u32 = 24;
  /** Pixels, 0 when unknown. */
  width: u32 = 0;
  height: u32 = 0;
  /** The session whose controlling terminal it is, 0 for none; the foreground process group in it. */
  sessionId: i32 = 0;
  foregroundGroup: i32 = 0;
  /** The other side is gone: reads give 0, writes -EIO. */
  isHungUp: bool = false;
  /** TIOCEXCL: only the privileged may open it again. */
  isExclusive: bool = false;
  /** Files open on it. */
  openCount: i32 = 0;
  /** Blocked readers and writers, and pollers. */
  readonly readers: WaitQueue = new WaitQueue();
  readonly writers: WaitQueue = new WaitQueue();
  readonly pollers: WaitQueue = new WaitQueue();
  /** Output that the device has not taken: a ring, outputLength bytes from outputTaken on. */
  private output: StaticArray<u8> = new StaticArray<u8>(OUTPUT_SIZE);
  private outputTaken: u32 = 0;
  private outputLength: u32 = 0;
  private chunk: StaticArray<u8> = new StaticArray<u8>(CHUNK_SIZE);
  private isWriting: bool = false;
  private isInputHeld: bool = false;
  /** The sender was told to wait by VSTOP (IXOFF). */
  private isSenderStopped: bool = false;

  constructor(
    /** st_rdev. */
    readonly deviceNumber: u64,
    readonly device: TerminalDevice,
  ) {
    super();
  }

  /** A byte from the keyboard. Callers that can wait look at `canReceive` first. */
  type(byte: u32): void {
    this.receive(byte);
    this.flush();
  }

  /** Whether a byte can come without loss; when not, device.resumeInput is called later. */
  get canReceive(): bool {
    if (this.room > 0) return true;
    this.isInputHeld = true;
    if (this.device.isLine && this.termios.isInput(IXOFF) && !this.isSenderStopped) {
      this.isSenderStopped = true;
      this.sendControl(VSTOP);
    }
    return false;
  }

  /** Send a control character past output that waits. */
  sendControl(index: i32): void {
    let character = this.termios.characters[index];
    if (character == 0) return;
    control[0] = character;
    if (this.device.send(bytesAddress(control), 1) == 0) this.emitByte(<u32>character);
  }

  override get outputRoom(): u32 {
    return OUTPUT_SIZE - this.outputLength;
  }

  override emit(address: u64, length: u32): void {
    // Echo that finds no room is lost, as on any terminal whose output is stopped for long; writes wait for room.
    let taken = min(length, OUTPUT_SIZE - this.outputLength);
    let end = (this.outputTaken + this.outputLength) & (OUTPUT_SIZE - 1);
    let first = min(taken, OUTPUT_SIZE - end);
    mem.copy(bytesAddress(this.output) + <u64>end, address, <u64>first);
    if (taken > first) mem.copy(bytesAddress(this.output), address + <u64>first, <u64>(taken - first));
    this.outputLength += taken;
  }

  /** Send what is waiting, as far as the device takes it. */
  flush(): void {
    while (!this.isStopped && this.outputLength > 0) {
      let length = min(this.outputLength, OUTPUT_SIZE - this.outputTaken);
      let sent = <u32>this.device.send(bytesAddress(this.output) + <u64>this.outputTaken, <u64>length);
      this.outputTaken = (this.outputTaken + sent) & (OUTPUT_SIZE - 1);
      this.outputLength -= sent;
      // Writers that wait are woken for half a buffer, not for every few bytes.
      if (sent > 0 && this.outputLength <= OUTPUT_SIZE / 2) this.wakeWriters();
      if (sent < length) return;
    }
  }

  /** Send all that is waiting without interrupts: the machine ends. Gives up on a line that takes nothing for long. */
  flushAtEnd(): void {
    let patience = END_PATIENCE;
    while (this.outputLength > 0 && !this.isStopped && patience > 0) {
      let before = this.outputLength;
      this.flush();
      patience = this.outputLength < before ? END_PATIENCE : patience - 1;
    }
  }

  /** The device has room again. */
  outputDrained(): void {
    this.flush();
  }

  override outputStopped(): void {
    this.device.noted(TIOCPKT_STOP);
  }

  override outputResumed(): void {
    this.device.noted(TIOCPKT_START);
    this.flush();
    this.wakeWriters();
  }

  override discardOutput(): void {
    this.outputLength = 0;
    this.outputTaken = 0;
    this.device.noted(TIOCPKT_FLUSHWRITE);
    this.wakeWriters();
  }

  override inputDropped(): void {
    this.device.noted(TIOCPKT_FLUSHREAD);
    this.resumeSender();
  }

  override apply(termios: Termios): void {
    let before = this.termios;
    super.apply(termios);
    this.device.settingsChanged(before, termios);
  }

  /** TIOCOUTQ: bytes not sent yet. */
  get unsent(): u32 {
    return this.outputLength;
  }

  private wakeWriters(): void {
    if (!this.writers.isEmpty) this.writers.wakeAll(WRITABLE);
    this.pollers.wakeAll(WRITABLE);
  }

  override inputReady(): void {
    this.readers.wakeAll(READABLE);
    this.pollers.wakeAll(READABLE);
  }

  override raise(signal: i32): void {
    if (this.foregroundGroup > 0) jobControl.signalGroup(this.foregroundGroup, signal);
  }

  /** Room came: the sender goes on. */
  private resumeSender(): void {
    if (!this.isInputHeld || this.room == 0) return;
    this.isInputHeld = false;
    if (this.isSenderStopped) {
      this.isSenderStopped = false;
      this.sendControl(VSTART);
    }
    this.device.resumeInput();
  }

  /** read(2). */
  read(io: IoVector, isNonBlocking: bool): i64 {
    if (io.remaining == 0) return 0;
    let error = this.checkBackground(SIGTTIN);
    if (error < 0) return error;
    let result = this.termios.isCanonical ? this.readCanonical(io, isNonBlocking) : this.readRaw(io, isNonBlocking);
    this.resumeSender();
    return result;
  }

  private readCanonical(io: IoVector, isNonBlocking: bool): i64 {
    while (!this.isReadable) {
      if (this.isHungUp) return 0;
      if (isNonBlocking) return -EAGAIN;
      if (wait(this.readers) == -EINTR) return -ERESTARTSYS;
      // Another thread may have left canonical mode meanwhile.
      if (!this.termios.isCanonical) return this.readRaw(io, false);
    }
    return this.readLine(io);
  }

  /** man 3 termios, "Noncanonical mode": the four cases of MIN and TIME. */
  private readRaw(io: IoVector, isNonBlocking: bool): i64 {
    let tenths = <u64>this.termios.characters[VTIME];
    let minimum = min(<u64>this.minimumBytes, io.remaining);
    let total: i64 = 0;
    // MIN = 0: TIME counts from the call; MIN > 0: between bytes.
    let until = minimum == 0 ? (tenths == 0 ? 0 : clock.nowNs() + tenths * 100_000_000) : FOREVER;
    while (true) {
      if (this.isReadable) {
        let moved = this.readBytes(io);
        if (moved < 0) return total > 0 ? total : moved;
        total += moved;
        if (<u64>total >= minimum || io.remaining == 0) return total;
        if (tenths > 0) until = clock.nowNs() + tenths * 100_000_000;
      }
      if (this.isHungUp || until == 0) return total;
      if (isNonBlocking) return total > 0 ? total : -EAGAIN;
      let why = wait(this.readers, until);
      if (why == -EINTR) return total > 0 ? total : -ERESTARTSYS;
      if (why < 0) return total;
      if (this.termios.isCanonical) return total > 0 ? total : this.readCanonical(io, false);
    }
  }

  /** write(2). */
  write(io: IoVector, isNonBlocking: bool): i64 {
    if (this.termios.isLocal(TOSTOP)) {
      let error = this.checkBackground(SIGTTOU);
      if (error < 0) return error;
    }
    // One writer at a time, so that lines of several do not mix (Linux: atomic_write_lock).
    while (this.isWriting) {
      if (isNonBlocking) return -EAGAIN;
      if (wait(this.writers) == -EINTR) return -ERESTARTSYS;
    }
    this.isWriting = true;
    let result = this.writeAll(io, isNonBlocking);
    this.isWriting = false;
    if (!this.writers.isEmpty) this.writers.wakeAll(WRITABLE);
    return result;
  }

  private writeAll(io: IoVector, isNonBlocking: bool): i64 {
    let total: i64 = 0;
    while (io.remaining > 0) {
      if (this.isHungUp) return total > 0 ? total : -EIO;
      // Each byte may become eight (a tab expanded).
      let room = this.outputRoom / 8;
      if (room == 0 || this.isStopped) {
        if (isNonBlocking) return total > 0 ? total : -EAGAIN;
        if (wait(this.writers) == -EINTR) return total > 0 ? total : -ERESTARTSYS;
        continue;
      }
      let step = min(<u64>min(room, CHUNK_SIZE), io.remaining);
      let moved = io.take(bytesAddress(this.chunk), step);
      if (moved < 0) return total > 0 ? total : moved;
      this.processBytes(bytesAddress(this.chunk), <u32>moved);
      total += moved;
      this.flush();
    }
    return total;
  }

  /** tcdrain(3): wait until all output is sent. 0 or -ERESTARTSYS. */
  drain(): i64 {
    while (this.outputLength > 0 && !this.isHungUp) {
      if (wait(this.writers) == -EINTR) return -ERESTARTSYS;
    }
    return 0;
  }

  /** EPOLL* bits. */
  poll(): u32 {
    // As Linux's hung_up_tty_poll: nothing would block any more.
    if (this.isHungUp) return READABLE | WRITABLE | EPOLLHUP | EPOLLERR;
    let events: u32 = this.isWorthReading ? READABLE : 0;
    if (this.outputLength < OUTPUT_SIZE / 2 && !this.isStopped) events |= WRITABLE;
    return events;
  }

  /** TIOCSWINSZ, or the host's window changed: SIGWINCH to the foreground group. Pixels: 0 when unknown. */
  resize(columns: u32, rows: u32, width: u32 = 0, height: u32 = 0): void {
    if (columns == this.columns && rows == this.rows && width == this.width && height == this.height) return;
    this.columns = columns;
    this.rows = rows;
    this.width = width;
    this.height = height;
    this.device.resized(columns, rows);
    this.raise(SIGWINCH);
  }

  /** The other side is gone: wake all, SIGHUP and SIGCONT to the session's leader (Linux tty_signal_session_leader). */
  hangUp(): void {
    if (this.isHungUp) return;
    this.isHungUp = true;
    this.readers.wakeAll(READABLE | EPOLLHUP);
    this.writers.wakeAll(WRITABLE | EPOLLHUP);
    this.pollers.wakeAll(READABLE | WRITABLE | EPOLLHUP | EPOLLERR);
    if (this.sessionId > 0) {
      jobControl.signalSessionLeader(this.sessionId, SIGHUP);
      jobControl.signalSessionLeader(this.sessionId, SIGCONT);
    } else forget(this);
  }

  /** It is no session's controlling terminal any more; `isSignalling`: SIGHUP and SIGCONT to the foreground group. */
  leaveSession(isSignalling: bool): void {
    if (isSignalling && this.foregroundGroup > 0) {
      jobControl.signalGroup(this.foregroundGroup, SIGHUP);
      jobControl.signalGroup(this.foregroundGroup, SIGCONT);
    }
    this.sessionId = 0;
    this.foregroundGroup = 0;
    if (this.isHungUp) forget(this);
  }

  /** A file on it begins and ends. */
  open(): void {
    this.openCount++;
    this.device.opened();
  }
  close(): void {
    if (--this.openCount > 0) return;
    this.isExclusive = false;
    this.device.closed();
  }

  /** Job control: 0 when the caller may go on, -ERESTARTSYS after a stop signal, -EIO when stopping would be for ever. */
  checkBackground(signal: i32): i64 {
    return jobControl.checkBackground(this, signal);
  }
}

/** How terminals reach processes: set at boot by the process side. */
export let jobControl: JobControl = new JobControl();
export function setJobControl(control: JobControl): void {
  jobControl = control;
}

/** All terminals, for /dev/tty. */
const terminals: Array<Tty> = [] as Tty[];

/** Make a terminal one that a session can have. */
export function addTerminal(tty: Tty): void {
  terminals.push(tty);
}

function forget(tty: Tty): void {
  let index = terminals.indexOf(tty);
  if (index >= 0) terminals.splice(index, 1);
}

/** The controlling terminal of a session, null when it has none. */
export function terminalOf(sessionId: i32): Tty | null {
  for (let i = 0; i < terminals.length; i++) {
    if (sessionId > 0 && terminals[i].sessionId == sessionId && !terminals[i].isHungUp) return terminals[i];
  }
  return null;
}

/** A session ends: its terminals, hung up or not, are free. */
export function releaseTerminals(sessionId: i32): void {
  for (let i = terminals.length - 1; i >= 0; i--) {
    if (terminals[i].sessionId == sessionId) terminals[i].leaveSession(true);
  }
}
