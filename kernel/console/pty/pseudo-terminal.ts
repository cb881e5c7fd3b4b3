// Pseudo-terminals (man 7 pty, man 4 pts): a terminal whose device is another program.
//
//   slave  /dev/pts/N   a Tty like any other      write ─► Tty ─► toMaster ─► read   master  /dev/ptmx
//                                                  read ◄─ line discipline ◄── write
//
// A pair begins with an opening of /dev/ptmx, locked. Closing the master hangs the slave up and takes its name away; the
// number is free when both ends are closed.

import * as mem from "machine/mem";
import { bytesAddress } from "memory/address";
import { EPOLLHUP, EPOLLPRI, READABLE, WRITABLE } from "../../abi/poll";
import { makeDevice } from "../../abi/stat";
import {
  EXTPROC,
  ICRNL,
  IXON,
  TIOCPKT_DOSTOP,
  TIOCPKT_IOCTL,
  TIOCPKT_NOSTOP,
  TIOCPKT_START,
  TIOCPKT_STOP,
  VSTART,
  VSTOP,
} from "../../abi/termios";
import { IoVector } from "../../memory/io-vector";
import { WaitQueue } from "../../sched/wait";
import { Inode } from "../../vfs/inode";
import { Termios } from "../termios";
import { addTerminal, TerminalDevice, Tty } from "../tty";

/** Pairs that can be at a time: /proc/sys/kernel/pty/max. Each takes some 40 KB. */
export const MAX_PAIRS: i32 = 512;
/** Slaves: major 136, minor N (Linux devices.txt). */
export const SLAVE_MAJOR: u32 = 136;
/** Bytes on their way to the master; a power of two. */
const SIZE: u32 = 8192;
const DEFAULT_STOP: u8 = 0x13;
const DEFAULT_START: u8 = 0x11;

export class PseudoTerminal extends TerminalDevice {
  private tty: Tty | null = null;
  /** The user who opened the master. */
  ownerId: u32 = 0;
  /** The slave's node in /dev/pts, once someone looked it up. */
  node: Inode | null = null;
  /** Slave opens fail until the master unlocks it (unlockpt). */
  isLocked: bool = true;
  /** TIOCPKT: reads of the master begin with a control byte. */
  isPacketMode: bool = false;
  /** TIOCPKT_* bits that the master has not read yet. */
  packetStatus: u32 = 0;
  isMasterClosed: bool = false;
  /** The slave was open and no longer is. */
  isSlaveClosed: bool = false;
  /** The master's blocked readers and writers, and its pollers. */
  readonly readers: WaitQueue = new WaitQueue();
  readonly writers: WaitQueue = new WaitQueue();
  readonly pollers: WaitQueue = new WaitQueue();
  private ring: StaticArray<u8> = new StaticArray<u8>(SIZE);
  private taken: u32 = 0;
  private filled: u32 = 0;

  constructor(readonly index: i32) {
    super();
    let tty = new Tty(makeDevice(SLAVE_MAJOR, <u32>index), this);
    tty.columns = 0;
    tty.rows = 0;
    tty.termios.inputFlags = ICRNL | IXON;
    this.tty = tty;
    addTerminal(tty);
  }

  get slave(): Tty {
    return this.tty!;
  }

  /** Bytes that the master can read. */
  get available(): u32 {
    return this.filled - this.taken;
  }

  override send(address: u64, length: u64): u64 {
    let step = min(<u32>length, SIZE - (this.filled - this.taken));
    if (step == 0) return 0;
    let end = this.filled & (SIZE - 1);
    let first = min(step, SIZE - end);
    mem.copy(bytesAddress(this.ring) + <u64>end, address, <u64>first);
    if (step > first) mem.copy(bytesAddress(this.ring), address + <u64>first, <u64>(step - first));
    this.filled += step;
    this.wakeReaders(READABLE);
    return <u64>step;
  }

  /** Move waiting bytes to the master's reader. Bytes or a negative errno. */
  takeBytes(io: IoVector): i64 {
    let total: i64 = 0;
    while (io.remaining > 0 && this.taken != this.filled) {
      let start = this.taken & (SIZE - 1);
      let length = min(this.filled - this.taken, SIZE - start);
      let moved = io.put(bytesAddress(this.ring) + <u64>start, min(<u64>length, io.remaining));
      if (moved < 0) return total > 0 ? total : moved;
      this.taken += <u32>moved;
      total += moved;
      this.slave.outputDrained();
    }
    return total;
  }

  /** TCIFLUSH on the master. */
  dropBytes(): void {
    this.taken = this.filled;
    this.slave.outputDrained();
  }

  override resumeInput(): void {
    this.writers.wakeAll(WRITABLE);
    this.pollers.wakeAll(WRITABLE);
  }

  override noted(event: u32): void {
    if (!this.isPacketMode) return;
    if (event == TIOCPKT_STOP) this.packetStatus &= ~TIOCPKT_START;
    else if (event == TIOCPKT_START) this.packetStatus &= ~TIOCPKT_STOP;
    this.packetStatus |= event;
    this.wakeReaders(READABLE | EPOLLPRI);
  }

  override settingsChanged(before: Termios, after: Termios): void {
    if (!this.isPacketMode) return;
    let wasStopping = stopsByKey(before);
    let isStopping = stopsByKey(after);
    if (wasStopping != isStopping) {
      this.packetStatus &= ~(TIOCPKT_DOSTOP | TIOCPKT_NOSTOP);
      this.noted(isStopping ? TIOCPKT_DOSTOP : TIOCPKT_NOSTOP);
    }
    if (before.isLocal(EXTPROC) || after.isLocal(EXTPROC)) this.noted(TIOCPKT_IOCTL);
  }

  override opened(): void {
    this.isSlaveClosed = false;
  }

  override closed(): void {
    this.isSlaveClosed = true;
    this.wakeReaders(EPOLLHUP);
    if (this.isMasterClosed) release(this.index);
  }

  private wakeReaders(events: u32): void {
    if (!this.readers.isEmpty) this.readers.wakeAll(events);
    this.pollers.wakeAll(events);
  }

  /** The master's last file was closed. */
  closeMaster(): void {
    this.isMasterClosed = true;
    this.isPacketMode = false;
    this.slave.flushInput();
    this.slave.hangUp();
    if (this.slave.openCount == 0) release(this.index);
  }
}

/** Whether ^S and ^Q are what stops and starts output: then the master's side may do it by itself. */
function stopsByKey(termios: Termios): bool {
  return (
    termios.isInput(IXON) && termios.characters[VSTOP] == DEFAULT_STOP && termios.characters[VSTART] == DEFAULT_START
  );
}

const pairs: StaticArray<PseudoTerminal | null> = new StaticArray<PseudoTerminal | null>(MAX_PAIRS);
let pairTotal: i32 = 0;

/** Pairs there are: /proc/sys/kernel/pty/nr. */
export function pairCount(): i32 {
  return pairTotal;
}

/** A new pair with the lowest free number; null when there are too many. */
export function createPair(): PseudoTerminal | null {
  for (let i = 0; i < MAX_PAIRS; i++) {
    if (pairs[i] !== null) continue;
    let made = new PseudoTerminal(i);
    pairs[i] = made;
    pairTotal++;
    return made;
  }
  return null;
}

/** The pair of a number whose master is open, null for none. */
export function pairAt(index: i32): PseudoTerminal | null {
  if (index < 0 || index >= MAX_PAIRS) return null;
  let pair = pairs[index];
  return pair === null || pair.isMasterClosed ? null : pair;
}

function release(index: i32): void {
  if (pairs[index] === null) return;
  pairs[index] = null;
  pairTotal--;
}
