// A terminal: a line discipline between a device (serial line, screen and keyboard, pseudo-terminal) and the programs
// of one session (man 4 tty, man 7 credentials "Sessions").

import { bytesAddress } from "memory/address";
import { EAGAIN, EINTR, EIO, ERESTARTSYS } from "../abi/errno";
import { EPOLLHUP, READABLE, WRITABLE } from "../abi/poll";
import { SIGCONT, SIGHUP, SIGTTIN, SIGTTOU, SIGWINCH } from "../abi/signal";
import { ICANON, TOSTOP, VTIME } from "../abi/termios";
import { IoVector } from "../memory/io-vector";
import { wait } from "../sched/block";
import * as clock from "../sched/clock";
import { FOREVER } from "../sched/timer";
import { WaitQueue } from "../sched/wait";
import { JobControl } from "./job-control";
import { LineDiscipline } from "./line-discipline";

const OUTPUT_SIZE: i32 = 8192;
const CHUNK_SIZE: i32 = 1024;

/** Where a terminal's output goes. */
export class TerminalDevice {
  /** Take up to `length` bytes; returns how many. When fewer, `Tty.outputDrained` is called once there is room. */
  send(_address: u64, length: u64): u64 {
    return length;
  }

  /** The terminal has room for input again: go on receiving. */
  resumeInput(): void {}
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
  /** Blocked readers and writers, and pollers. */
  readonly readers: WaitQueue = new WaitQueue();
  readonly writers: WaitQueue = new WaitQueue();
  readonly pollers: WaitQueue = new WaitQueue();
  private output: StaticArray<u8> = new StaticArray<u8>(OUTPUT_SIZE);
  private outputTaken: i32 = 0;
  private outputLength: i32 = 0;
  private chunk: StaticArray<u8> = new StaticArray<u8>(CHUNK_SIZE);
  private isInputHeld: bool = false;

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
    return false;
  }

  override emit(byte: u32): void {
    if (this.outputTaken + this.outputLength == OUTPUT_SIZE) this.compact();
    // Echo that finds no room is lost, as on any terminal whose output is stopped for long; writes wait for room.
    if (this.outputLength == OUTPUT_SIZE) return;
    this.output[this.outputTaken + this.outputLength] = <u8>byte;
    this.outputLength++;
  }

  private compact(): void {
    if (this.outputTaken == 0) return;
    for (let i = 0; i < this.outputLength; i++) this.output[i] = this.output[this.outputTaken + i];
    this.outputTaken = 0;
  }

  /** Send what is waiting, as far as the device takes it. */
  flush(): void {
    if (this.isStopped || this.outputLength == 0) return;
    let sent = <i32>this.device.send(bytesAddress(this.output) + <u64>this.outputTaken, <u64>this.outputLength);
    this.outputTaken += sent;
    this.outputLength -= sent;
    if (this.outputLength == 0) this.outputTaken = 0;
    if (sent > 0) this.wakeWriters();
  }

  /** The device has room again. */
  outputDrained(): void {
    this.flush();
  }

  override outputResumed(): void {
    this.flush();
    this.wakeWriters();
  }

  override discardOutput(): void {
    this.outputLength = 0;
    this.outputTaken = 0;
    this.wakeWriters();
  }

  /** TIOCOUTQ: bytes not sent yet. */
  get unsent(): u32 {
    return <u32>this.outputLength;
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

  /** read(2). */
  read(io: IoVector, isNonBlocking: bool): i64 {
    if (io.remaining == 0) return 0;
    let error = this.checkBackground(SIGTTIN);
    if (error < 0) return error;
    let result = this.termios.isLocal(ICANON) ? this.readCanonical(io, isNonBlocking) : this.readRaw(io, isNonBlocking);
    if (this.isInputHeld && this.room > 0) {
      this.isInputHeld = false;
      this.device.resumeInput();
    }
    return result;
  }

  private readCanonical(io: IoVector, isNonBlocking: bool): i64 {
    while (!this.isReadable) {
      if (this.isHungUp) return 0;
      if (isNonBlocking) return -EAGAIN;
      if (wait(this.readers) == -EINTR) return -ERESTARTSYS;
      // Another thread may have left canonical mode meanwhile.
      if (!this.termios.isLocal(ICANON)) return this.readRaw(io, false);
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
      if (this.termios.isLocal(ICANON)) return total > 0 ? total : this.readCanonical(io, false);
    }
  }

  /** write(2). */
  write(io: IoVector, isNonBlocking: bool): i64 {
    if (this.termios.isLocal(TOSTOP)) {
      let error = this.checkBackground(SIGTTOU);
      if (error < 0) return error;
    }
    let total: i64 = 0;
    while (io.remaining > 0) {
      if (this.isHungUp) return total > 0 ? total : -EIO;
      // Each byte may become eight (a tab expanded).
      let room = (OUTPUT_SIZE - this.outputLength) / 8;
      if (room == 0 || this.isStopped) {
        if (isNonBlocking) return total > 0 ? total : -EAGAIN;
        if (wait(this.writers) == -EINTR) return total > 0 ? total : -ERESTARTSYS;
        continue;
      }
      let step = min(<u64>min(room, CHUNK_SIZE), io.remaining);
      let moved = io.take(bytesAddress(this.chunk), step);
      if (moved < 0) return total > 0 ? total : moved;
      for (let i = 0; i < <i32>moved; i++) this.process(<u32>this.chunk[i]);
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
    let events: u32 = this.isReadable || this.isHungUp ? READABLE : 0;
    if (this.outputLength < OUTPUT_SIZE / 2 && !this.isStopped) events |= WRITABLE;
    if (this.isHungUp) events |= EPOLLHUP;
    return events;
  }

  /** TIOCSWINSZ, or the host's window changed: SIGWINCH to the foreground group. */
  resize(columns: u32, rows: u32): void {
    if (columns == this.columns && rows == this.rows) return;
    this.columns = columns;
    this.rows = rows;
    this.raise(SIGWINCH);
  }

  /** The other side is gone, or the session's leader: wake all, SIGHUP and SIGCONT to the session. */
  hangUp(): void {
    this.isHungUp = true;
    this.readers.wakeAll(READABLE | EPOLLHUP);
    this.writers.wakeAll(WRITABLE | EPOLLHUP);
    this.pollers.wakeAll(READABLE | WRITABLE | EPOLLHUP);
    if (this.sessionId > 0) jobControl.signalSessionLeader(this.sessionId, SIGHUP);
    if (this.foregroundGroup > 0) {
      jobControl.signalGroup(this.foregroundGroup, SIGHUP);
      jobControl.signalGroup(this.foregroundGroup, SIGCONT);
    }
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
export const terminals: Array<Tty> = [] as Tty[];

/** The controlling terminal of a session, null when it has none. */
export function terminalOf(sessionId: i32): Tty | null {
  for (let i = 0; i < terminals.length; i++) {
    if (sessionId > 0 && terminals[i].sessionId == sessionId) return terminals[i];
  }
  return null;
}
