// The line discipline: what stands between a terminal's bytes and a program's reads and writes (man 3 termios; Linux
// N_TTY is the model for echo and corner cases).
//
//   keyboard ─► receive ─┬─► ring ─► read            ring:  taken ≤ committed ≤ filled   (positions, modulo RING_SIZE)
//                        ├─► signals                        [taken, committed)  whole lines, or all bytes when not canonical
//                        └─► echo ─► output ─► screen       [committed, filled) the line being edited
//
// Pure: bytes in, bytes out, through the methods that subclasses override. Nothing blocks here.

import { bytesAddress } from "memory/address";
import { SIGINT, SIGQUIT, SIGTSTP } from "../abi/signal";
import {
  ECHO,
  ECHOCTL,
  ECHOE,
  ECHOK,
  ECHOKE,
  ECHONL,
  ECHOPRT,
  EXTPROC,
  ICANON,
  ICRNL,
  IEXTEN,
  IGNCR,
  IMAXBEL,
  INLCR,
  ISIG,
  ISTRIP,
  IUCLC,
  IUTF8,
  IXANY,
  IXON,
  NOFLSH,
  OCRNL,
  OLCUC,
  ONLCR,
  ONLRET,
  ONOCR,
  OPOST,
  TABDLY,
  VEOF,
  VEOL,
  VEOL2,
  VERASE,
  VINTR,
  VKILL,
  VLNEXT,
  VMIN,
  VQUIT,
  VREPRINT,
  VSTART,
  VSTOP,
  VSUSP,
  VWERASE,
  XTABS,
} from "../abi/termios";
import { IoVector } from "../memory/io-vector";
import { Termios } from "./termios";

/** Bytes of input kept; a power of two. */
export const RING_SIZE: u32 = 16384;
/** Room that must stay free for a line to be ended: the sender is stopped before it is used up. */
const RESERVE: u32 = 256;
/** The longest line that can be edited: MAX_CANON as Linux has it (N_TTY_BUF_SIZE). */
const LONGEST_LINE: u32 = 4095;

const BELL: u32 = 7;
const BACKSPACE: u32 = 8;
const TAB: u32 = 9;
const NEWLINE: u32 = 10;
const RETURN: u32 = 13;
const DELETE: u32 = 127;

export class LineDiscipline {
  termios: Termios = new Termios();
  private ring: StaticArray<u8> = new StaticArray<u8>(RING_SIZE);
  /** One bit a ring byte: a line ends here; an end-of-file character (kept as 0) also carries one. */
  private ends: StaticArray<u8> = new StaticArray<u8>(RING_SIZE / 8);
  private taken: u32 = 0;
  private committed: u32 = 0;
  private filled: u32 = 0;
  /** Lines (ends) in [taken, committed). */
  private lineCount: u32 = 0;
  /** The next byte is taken as it is (VLNEXT). */
  private isLiteral: bool = false;
  /** Output is stopped by VSTOP or TCXONC. */
  isStopped: bool = false;
  /** Erasing in ECHOPRT mode: between backslash and slash. */
  private isErasing: bool = false;
  /** Where the cursor is, for tabs, and where the line being edited began. */
  column: u32 = 0;
  private lineColumn: u32 = 0;

  /** A byte for the screen, already processed. */
  emit(_byte: u32): void {}
  /** SIGINT, SIGQUIT, SIGTSTP to the foreground process group. */
  raise(_signal: i32): void {}
  /** There is something to read. */
  inputReady(): void {}
  /** Output goes on after VSTART. */
  outputResumed(): void {}
  /** Unsent output is to be forgotten. */
  discardOutput(): void {}

  /** Bytes that can be received before some would be lost: senders that can wait look here first. */
  get room(): u32 {
    let free = RING_SIZE - (this.filled - this.taken);
    // A line being edited that fills the ring will never be ended by waiting: let it overflow instead.
    if (free <= RESERVE && this.committed == this.taken) return RESERVE;
    return free > RESERVE ? free - RESERVE : 0;
  }

  /** FIONREAD: bytes that a read would give; in canonical mode those of all whole lines. */
  get available(): u32 {
    return this.committed - this.taken;
  }

  /** Whether a read would give something, or an end of file. */
  get isReadable(): bool {
    if (this.termios.isLocal(ICANON)) return this.lineCount > 0;
    return this.committed != this.taken;
  }

  /** Take in one byte from the terminal. */
  receive(raw: u32): void {
    let termios = this.termios;
    let byte = raw;
    if (termios.isInput(ISTRIP)) byte &= 0x7f;
    if (termios.isInput(IUCLC) && termios.isLocal(IEXTEN) && byte >= 0x41 && byte <= 0x5a) byte += 0x20;
    if (this.isLiteral) {
      this.isLiteral = false;
      this.accept(byte);
      return;
    }
    if (termios.isLocal(EXTPROC)) {
      this.accept(byte);
      return;
    }
    if (termios.isInput(IXON)) {
      if (termios.is(byte, VSTART)) {
        this.start();
        return;
      }
      if (termios.is(byte, VSTOP)) {
        this.isStopped = true;
        return;
      }
    }
    if (this.isStopped && termios.isInput(IXON) && termios.isInput(IXANY)) this.start();
    if (termios.isLocal(ISIG) && this.receiveSignal(byte)) return;
    if (byte == RETURN) {
      if (termios.isInput(IGNCR)) return;
      if (termios.isInput(ICRNL)) byte = NEWLINE;
    } else if (byte == NEWLINE && termios.isInput(INLCR)) byte = RETURN;
    if (termios.isLocal(ICANON) && this.edit(byte)) return;
    this.accept(byte);
  }

  /** Output goes on. */
  start(): void {
    if (!this.isStopped) return;
    this.isStopped = false;
    this.outputResumed();
  }

  /** VINTR, VQUIT, VSUSP: returns whether `byte` was one of them. */
  private receiveSignal(byte: u32): bool {
    let termios = this.termios;
    let signal = 0;
    if (termios.is(byte, VINTR)) signal = SIGINT;
    else if (termios.is(byte, VQUIT)) signal = SIGQUIT;
    else if (termios.is(byte, VSUSP)) signal = SIGTSTP;
    else return false;
    if (!termios.isLocal(NOFLSH)) {
      this.flushInput();
      this.discardOutput();
    }
    if (termios.isInput(IXON)) this.start();
    if (termios.isLocal(ECHO)) this.echo(byte);
    this.raise(signal);
    return true;
  }

  /** Canonical mode's editing and line ends: returns whether `byte` was dealt with. */
  private edit(byte: u32): bool {
    let termios = this.termios;
    if (termios.is(byte, VERASE)) {
      this.eraseCharacter();
      return true;
    }
    if (termios.is(byte, VKILL)) {
      this.kill();
      return true;
    }
    if (termios.isLocal(IEXTEN)) {
      if (termios.is(byte, VWERASE)) {
        this.eraseWord();
        return true;
      }
      if (termios.is(byte, VLNEXT)) {
        this.isLiteral = true;
        if (termios.isLocal(ECHO)) {
          this.finishErasing();
          if (termios.isLocal(ECHOCTL)) {
            this.emitEcho(0x5e);
            this.emitEcho(BACKSPACE);
          }
        }
        return true;
      }
      if (termios.is(byte, VREPRINT) && termios.isLocal(ECHO)) {
        this.finishErasing();
        this.echo(byte);
        this.emitEcho(NEWLINE);
        for (let at = this.committed; at != this.filled; at++) this.echo(<u32>this.ring[at & (RING_SIZE - 1)]);
        return true;
      }
    }
    if (byte == NEWLINE) {
      if (termios.isLocal(ECHO) || termios.isLocal(ECHONL)) {
        this.finishErasing();
        this.emitEcho(NEWLINE);
      }
      this.endLine(NEWLINE);
      return true;
    }
    if (termios.is(byte, VEOF)) {
      this.finishErasing();
      this.endLine(0);
      return true;
    }
    if (termios.is(byte, VEOL) || (termios.is(byte, VEOL2) && termios.isLocal(IEXTEN))) {
      if (termios.isLocal(ECHO)) {
        this.finishErasing();
        this.echo(byte);
      }
      this.endLine(byte);
      return true;
    }
    return false;
  }

  /** An ordinary byte. */
  private accept(byte: u32): void {
    let termios = this.termios;
    let isCanonical = termios.isLocal(ICANON);
    let isFull = RING_SIZE - (this.filled - this.taken) <= 2;
    if (isFull || (isCanonical && this.filled - this.committed >= LONGEST_LINE)) {
      if (termios.isInput(IMAXBEL)) this.emit(BELL);
      return;
    }
    if (termios.isLocal(ECHO)) {
      this.finishErasing();
      if (this.filled == this.committed) this.lineColumn = this.column;
      this.echo(byte);
    }
    this.put(byte);
    if (!isCanonical) {
      this.committed = this.filled;
      this.inputReady();
    }
  }

  private put(byte: u32): void {
    let index = this.filled & (RING_SIZE - 1);
    this.ring[index] = <u8>byte;
    this.ends[index >> 3] &= ~(<u8>((<u32>1) << (index & 7)));
    this.filled++;
  }

  private endLine(byte: u32): void {
    this.put(byte);
    let index = (this.filled - 1) & (RING_SIZE - 1);
    this.ends[index >> 3] |= <u8>((<u32>1) << (index & 7));
    this.committed = this.filled;
    this.lineCount++;
    this.inputReady();
  }

  private isEnd(position: u32): bool {
    let index = position & (RING_SIZE - 1);
    return ((this.ends[index >> 3] >> <u8>(index & 7)) & 1) != 0;
  }

  /** Canonical read: at most one line, without its end-of-file character. Precondition: isReadable. Returns bytes, 0 at an end of file, or a negative errno. */
  readLine(io: IoVector): i64 {
    let total: i64 = 0;
    while (io.remaining > 0 && this.taken != this.committed) {
      // Bytes up to the line's end that lie together in the ring.
      let start = this.taken & (RING_SIZE - 1);
      let length: u32 = 0;
      let isEnding = false;
      while (this.taken + length != this.committed && start + length < RING_SIZE && <u64>length < io.remaining) {
        if (this.isEnd(this.taken + length)) {
          isEnding = true;
          break;
        }
        length++;
      }
      if (length > 0) {
        let moved = io.put(bytesAddress(this.ring) + <u64>start, <u64>length);
        if (moved < 0) return total > 0 ? total : moved;
        this.taken += <u32>moved;
        total += moved;
        if (moved < <i64>length) return total;
      }
      if (!isEnding) {
        // An end-of-file character right behind a read that was just filled belongs to this line.
        if (io.remaining == 0 && this.taken != this.committed && this.isEndOfFile(this.taken)) this.dropEnd();
        continue;
      }
      if (this.isEndOfFile(this.taken)) {
        this.dropEnd();
        return total;
      }
      let moved = io.put(bytesAddress(this.ring) + <u64>(this.taken & (RING_SIZE - 1)), 1);
      if (moved < 0) return total > 0 ? total : moved;
      this.dropEnd();
      return total + 1;
    }
    return total;
  }

  private isEndOfFile(position: u32): bool {
    return this.isEnd(position) && this.ring[position & (RING_SIZE - 1)] == 0;
  }

  private dropEnd(): void {
    this.taken++;
    this.lineCount--;
  }

  /** Raw read: what there is, in order. Returns bytes or a negative errno. */
  readBytes(io: IoVector): i64 {
    let total: i64 = 0;
    while (io.remaining > 0 && this.taken != this.committed) {
      let start = this.taken & (RING_SIZE - 1);
      let length = min(this.committed - this.taken, RING_SIZE - start);
      let moved = io.put(bytesAddress(this.ring) + <u64>start, min(<u64>length, io.remaining));
      if (moved < 0) return total > 0 ? total : moved;
      this.taken += <u32>moved;
      total += moved;
    }
    return total;
  }

  /** VMIN as it counts now. */
  get minimumBytes(): u32 {
    return <u32>this.termios.characters[VMIN];
  }

  /** New settings: what was received stays, its lines are found anew when ICANON changed (as Linux does). */
  apply(termios: Termios): void {
    let wasCanonical = this.termios.isLocal(ICANON);
    this.termios = termios;
    let isCanonical = termios.isLocal(ICANON);
    if (wasCanonical && !isCanonical) {
      // Everything received can be read at once; ends of file lose their meaning.
      this.committed = this.filled;
      this.lineCount = 0;
      for (let i = 0; i < this.ends.length; i++) this.ends[i] = 0;
      this.isLiteral = false;
      if (this.isReadable) this.inputReady();
    } else if (!wasCanonical && isCanonical) {
      // What is there counts as one line that ends with its last byte.
      this.lineCount = 0;
      if (this.filled != this.taken) {
        let index = (this.filled - 1) & (RING_SIZE - 1);
        this.ends[index >> 3] |= <u8>((<u32>1) << (index & 7));
        this.lineCount = 1;
      }
      this.committed = this.filled;
    }
    if (!termios.isInput(IXON)) this.start();
  }

  /** TCIFLUSH: forget all input. */
  flushInput(): void {
    this.taken = this.filled;
    this.committed = this.filled;
    this.lineCount = 0;
    this.isErasing = false;
    for (let i = 0; i < this.ends.length; i++) this.ends[i] = 0;
  }

  // Editing.

  private eraseCharacter(): void {
    if (this.filled == this.committed) return;
    let last = this.removeLast();
    if (!this.termios.isLocal(ECHO)) return;
    if (this.termios.isLocal(ECHOPRT)) {
      if (!this.isErasing) {
        this.emitEcho(0x5c);
        this.isErasing = true;
      }
      this.echo(last);
    } else if (!this.termios.isLocal(ECHOE)) this.echo(<u32>this.termios.characters[VERASE]);
    else this.rubOut(last);
  }

  private eraseWord(): void {
    let hasSeenWord = false;
    while (this.filled != this.committed) {
      let byte = <u32>this.ring[(this.filled - 1) & (RING_SIZE - 1)];
      let isWord =
        byte >= 0x80 ||
        byte == 0x5f ||
        (byte >= 0x30 && byte <= 0x39) ||
        ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a);
      if (hasSeenWord && !isWord) break;
      if (isWord) hasSeenWord = true;
      this.eraseCharacter();
    }
  }

  private kill(): void {
    let termios = this.termios;
    if (!termios.isLocal(ECHO)) {
      this.filled = this.committed;
      return;
    }
    if (termios.isLocal(ECHOK) && termios.isLocal(ECHOKE) && termios.isLocal(ECHOE)) {
      while (this.filled != this.committed) this.rubOut(this.removeLast());
      return;
    }
    this.filled = this.committed;
    this.finishErasing();
    this.echo(<u32>termios.characters[VKILL]);
    if (termios.isLocal(ECHOK)) this.emitEcho(NEWLINE);
  }

  /** Take the last character off the line: with IUTF8 all bytes of it. Returns its first byte. */
  private removeLast(): u32 {
    let byte: u32 = 0;
    do {
      this.filled--;
      byte = <u32>this.ring[this.filled & (RING_SIZE - 1)];
    } while (this.termios.isInput(IUTF8) && (byte & 0xc0) == 0x80 && this.filled != this.committed);
    return byte;
  }

  /** Take a character that has been removed off the screen. */
  private rubOut(byte: u32): void {
    if (byte == TAB) {
      let target = this.columnOfLineEnd();
      while (this.column > target) this.emitEcho(BACKSPACE);
      return;
    }
    let isControl = (byte < 0x20 || byte == DELETE) && byte != TAB;
    if (isControl && !this.termios.isLocal(ECHOCTL)) return;
    for (let cells = isControl ? 2 : 1; cells > 0; cells--) {
      this.emitEcho(BACKSPACE);
      this.emitEcho(0x20);
      this.emitEcho(BACKSPACE);
    }
  }

  /** The column behind the line as it stands now. */
  private columnOfLineEnd(): u32 {
    let column = this.lineColumn;
    for (let at = this.committed; at != this.filled; at++) {
      let byte = <u32>this.ring[at & (RING_SIZE - 1)];
      if (byte == TAB) column = (column | 7) + 1;
      else if (byte < 0x20 || byte == DELETE) column += this.termios.isLocal(ECHOCTL) ? 2 : 0;
      else if (!this.termios.isInput(IUTF8) || (byte & 0xc0) != 0x80) column++;
    }
    return column;
  }

  private finishErasing(): void {
    if (!this.isErasing) return;
    this.isErasing = false;
    this.emitEcho(0x2f);
  }

  // Echo and output.

  /** Show a byte that was typed. */
  private echo(byte: u32): void {
    let isControl = (byte < 0x20 && byte != TAB && byte != NEWLINE) || byte == DELETE;
    if (isControl && this.termios.isLocal(ECHOCTL)) {
      this.emitEcho(0x5e);
      this.emitEcho(byte ^ 0x40);
    } else this.emitEcho(byte);
  }

  private emitEcho(byte: u32): void {
    this.process(byte);
  }

  /** A byte that the program writes, or an echo: output processing, then `emit`. */
  process(raw: u32): void {
    let termios = this.termios;
    let byte = raw;
    if (!termios.isOutput(OPOST)) {
      this.emit(byte);
      return;
    }
    switch (byte) {
      case NEWLINE:
        if (termios.isOutput(ONLRET) || termios.isOutput(ONLCR)) this.column = 0;
        if (termios.isOutput(ONLCR)) this.emit(RETURN);
        break;
      case RETURN:
        if (termios.isOutput(ONOCR) && this.column == 0) return;
        if (termios.isOutput(OCRNL)) {
          byte = NEWLINE;
          if (termios.isOutput(ONLRET)) this.column = 0;
          break;
        }
        this.column = 0;
        break;
      case TAB: {
        let spaces = 8 - (this.column & 7);
        this.column += spaces;
        if ((termios.outputFlags & TABDLY) == XTABS) {
          for (; spaces > 0; spaces--) this.emit(0x20);
          return;
        }
        break;
      }
      case BACKSPACE:
        if (this.column > 0) this.column--;
        break;
      default:
        if (termios.isOutput(OLCUC) && byte >= 0x61 && byte <= 0x7a) byte -= 0x20;
        if (byte >= 0x20 && byte != DELETE && (!termios.isInput(IUTF8) || (byte & 0xc0) != 0x80)) this.column++;
    }
    this.emit(byte);
  }
}
