// The line discipline: what stands between a terminal's bytes and a program's reads (man 3 termios; Linux N_TTY is the
// model for echo and corner cases).
//
//   keyboard ─► receive ─┬─► LineBuffer ─► read      line-buffer.ts
//                        ├─► signals
//                        └─► echo ─► process ─► screen      output-processing.ts
//
// Pure: bytes in, bytes out, through the methods that subclasses override. Nothing blocks here.

import { SIGINT, SIGQUIT, SIGTSTP } from "../abi/signal";
import {
  BRKINT,
  ECHO,
  ECHOCTL,
  ECHOE,
  ECHOK,
  ECHOKE,
  ECHONL,
  ECHOPRT,
  EXTPROC,
  ICRNL,
  IEXTEN,
  IGNBRK,
  IGNCR,
  IGNPAR,
  IMAXBEL,
  INLCR,
  INPCK,
  ISIG,
  ISTRIP,
  IUCLC,
  IUTF8,
  IXANY,
  IXON,
  NOFLSH,
  PARMRK,
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
  VTIME,
  VWERASE,
} from "../abi/termios";
import { IoVector } from "../memory/io-vector";
import { LineBuffer } from "./line-buffer";
import { BACKSPACE, DELETE, NEWLINE, OutputProcessing, RETURN, TAB } from "./output-processing";
import { Termios } from "./termios";

/** The longest line that can be edited: MAX_CANON as Linux has it (N_TTY_BUF_SIZE). */
const LONGEST_LINE: u32 = 4095;

const BELL: u32 = 7;

export class LineDiscipline extends OutputProcessing {
  protected input: LineBuffer = new LineBuffer();
  /** The next byte is taken as it is (VLNEXT). */
  private isLiteral: bool = false;
  /** Output is stopped by VSTOP or TCXONC. */
  isStopped: bool = false;
  /** Erasing in ECHOPRT mode: between backslash and slash. */
  private isErasing: bool = false;
  /** The column where the line being edited began. */
  private lineColumn: u32 = 0;

  /** SIGINT, SIGQUIT, SIGTSTP to the foreground process group. */
  raise(_signal: i32): void {}
  /** There is something to read. */
  inputReady(): void {}
  /** Output was stopped. */
  outputStopped(): void {}
  /** Output goes on. */
  outputResumed(): void {}
  /** Unsent output is to be forgotten. */
  discardOutput(): void {}
  /** Input that was not read has been forgotten. */
  inputDropped(): void {}

  /** Bytes that can be received before some would be lost: senders that can wait look here first. */
  get room(): u32 {
    // With PARMRK a byte may be kept as three.
    return this.termios.isInput(PARMRK) ? this.input.room / 3 : this.input.room;
  }

  /** FIONREAD: bytes that a read would give; in canonical mode those of all whole lines. */
  get available(): u32 {
    return this.input.available;
  }

  /** Whether a read would give something, or an end of file. */
  get isReadable(): bool {
    return this.termios.isCanonical ? this.input.lineCount > 0 : this.input.available > 0;
  }

  /** Whether poll(2) calls it readable: not before MIN bytes are there, unless TIME ends the read (Linux n_tty_poll). */
  get isWorthReading(): bool {
    let termios = this.termios;
    if (termios.isCanonical || termios.characters[VTIME] != 0) return this.isReadable;
    return this.input.available >= max(1, this.minimumBytes);
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
        this.stop();
        return;
      }
    }
    if (this.isStopped && termios.isInput(IXON) && termios.isInput(IXANY)) this.start();
    if (termios.isLocal(ISIG) && this.receiveSignal(byte)) return;
    if (byte == RETURN) {
      if (termios.isInput(IGNCR)) return;
      if (termios.isInput(ICRNL)) byte = NEWLINE;
    } else if (byte == NEWLINE && termios.isInput(INLCR)) byte = RETURN;
    if (termios.isCanonical && this.edit(byte)) return;
    if (byte == 0xff && termios.isInput(PARMRK) && !termios.isInput(ISTRIP)) this.accept(byte, false);
    this.accept(byte);
  }

  /** The line was held in the break state (man 3 termios: IGNBRK, BRKINT, PARMRK). */
  receiveBreak(): void {
    let termios = this.termios;
    if (termios.isInput(IGNBRK)) return;
    if (termios.isInput(BRKINT)) {
      this.flushInput();
      this.discardOutput();
      this.raise(SIGINT);
    } else this.acceptMarked(0);
  }

  /** A byte came with a parity or framing error. */
  receiveBroken(byte: u32): void {
    let termios = this.termios;
    if (!termios.isInput(INPCK)) this.receive(byte);
    else if (!termios.isInput(IGNPAR)) this.acceptMarked(termios.isInput(PARMRK) ? byte : 0);
  }

  /** A byte that the line spoilt: with PARMRK behind \377 \0. */
  private acceptMarked(byte: u32): void {
    if (this.termios.isInput(PARMRK)) {
      this.accept(0xff, false);
      this.accept(0, false);
    }
    this.accept(byte);
  }

  /** Output waits. */
  stop(): void {
    if (this.isStopped) return;
    this.isStopped = true;
    this.outputStopped();
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
    if (termios.isLocal(IEXTEN) && this.editMore(byte)) return true;
    if (byte == NEWLINE) {
      if (termios.isLocal(ECHO) || termios.isLocal(ECHONL)) {
        this.finishErasing();
        this.process(NEWLINE);
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

  /** What IEXTEN adds: word erase, literal next, reprint. */
  private editMore(byte: u32): bool {
    let termios = this.termios;
    if (termios.is(byte, VWERASE)) {
      this.eraseWord();
      return true;
    }
    if (termios.is(byte, VLNEXT)) {
      this.isLiteral = true;
      if (termios.isLocal(ECHO)) {
        this.finishErasing();
        if (termios.isLocal(ECHOCTL)) {
          this.process(0x5e);
          this.process(BACKSPACE);
        }
      }
      return true;
    }
    if (termios.is(byte, VREPRINT) && termios.isLocal(ECHO)) {
      this.finishErasing();
      this.echo(byte);
      this.process(NEWLINE);
      for (let i: u32 = 0; i < this.input.lineLength; i++) this.echo(this.input.lineByte(i));
      return true;
    }
    return false;
  }

  /** An ordinary byte; `isShown` false: it is not typed but marks one that is. */
  private accept(byte: u32, isShown: bool = true): void {
    let termios = this.termios;
    let input = this.input;
    let isCanonical = termios.isCanonical;
    if (input.isFull || (isCanonical && input.lineLength >= LONGEST_LINE)) {
      if (termios.isInput(IMAXBEL) && isShown) this.emitByte(BELL);
      return;
    }
    if (termios.isLocal(ECHO) && isShown) {
      this.finishErasing();
      if (input.lineLength == 0) this.lineColumn = this.column;
      this.echo(byte);
    }
    input.put(byte);
    if (!isCanonical) {
      input.commit();
      this.inputReady();
    }
  }

  private endLine(byte: u32): void {
    this.input.endLine(byte);
    this.inputReady();
  }

  /** Canonical read: at most one line, without its end-of-file character. Precondition: isReadable. Returns bytes, 0 at an end of file, or a negative errno. */
  readLine(io: IoVector): i64 {
    return this.input.readLine(io);
  }

  /** Raw read: what there is, in order. Returns bytes or a negative errno. */
  readBytes(io: IoVector): i64 {
    return this.input.readBytes(io);
  }

  /** VMIN as it counts now. */
  get minimumBytes(): u32 {
    return <u32>this.termios.characters[VMIN];
  }

  /** New settings: what was received stays, its lines are found anew when ICANON changed (as Linux does). */
  apply(termios: Termios): void {
    let wasCanonical = this.termios.isCanonical;
    this.termios = termios;
    let isCanonical = termios.isCanonical;
    if (wasCanonical && !isCanonical) {
      // Everything received can be read at once; ends of file lose their meaning.
      this.input.joinLines();
      this.isLiteral = false;
      if (this.isReadable) this.inputReady();
    } else if (!wasCanonical && isCanonical) this.input.makeOneLine();
    if (!termios.isInput(IXON)) this.start();
  }

  /** TCIFLUSH: forget all input. */
  flushInput(): void {
    this.input.clear();
    this.isErasing = false;
    this.inputDropped();
  }

  // Editing.

  private eraseCharacter(): void {
    if (this.input.lineLength == 0) return;
    let last = this.removeLast();
    if (!this.termios.isLocal(ECHO)) return;
    if (this.termios.isLocal(ECHOPRT)) {
      if (!this.isErasing) {
        this.process(0x5c);
        this.isErasing = true;
      }
      this.echo(last);
    } else if (!this.termios.isLocal(ECHOE)) this.echo(<u32>this.termios.characters[VERASE]);
    else this.rubOut(last);
  }

  private eraseWord(): void {
    let input = this.input;
    let hasSeenWord = false;
    while (input.lineLength > 0) {
      let byte = input.lineByte(input.lineLength - 1);
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
      this.input.dropLine();
      return;
    }
    if (termios.isLocal(ECHOK) && termios.isLocal(ECHOKE) && termios.isLocal(ECHOE)) {
      while (this.input.lineLength > 0) this.rubOut(this.removeLast());
      return;
    }
    this.input.dropLine();
    this.finishErasing();
    this.echo(<u32>termios.characters[VKILL]);
    if (termios.isLocal(ECHOK)) this.process(NEWLINE);
  }

  /** Take the last character off the line: with IUTF8 all bytes of it. Returns its first byte. */
  private removeLast(): u32 {
    let byte: u32 = 0;
    do {
      byte = this.input.removeLast();
    } while (this.termios.isInput(IUTF8) && (byte & 0xc0) == 0x80 && this.input.lineLength > 0);
    return byte;
  }

  /** Take a character that has been removed off the screen. */
  private rubOut(byte: u32): void {
    if (byte == TAB) {
      let target = this.columnOfLineEnd();
      while (this.column > target) this.process(BACKSPACE);
      return;
    }
    let isControl = (byte < 0x20 || byte == DELETE) && byte != TAB;
    if (isControl && !this.termios.isLocal(ECHOCTL)) return;
    for (let cells = isControl ? 2 : 1; cells > 0; cells--) {
      this.process(BACKSPACE);
      this.process(0x20);
      this.process(BACKSPACE);
    }
  }

  /** The column behind the line as it stands now. */
  private columnOfLineEnd(): u32 {
    let column = this.lineColumn;
    for (let i: u32 = 0; i < this.input.lineLength; i++) {
      let byte = this.input.lineByte(i);
      if (byte == TAB) column = (column | 7) + 1;
      else if (byte < 0x20 || byte == DELETE) column += this.termios.isLocal(ECHOCTL) ? 2 : 0;
      else if (!this.termios.isInput(IUTF8) || (byte & 0xc0) != 0x80) column++;
    }
    return column;
  }

  private finishErasing(): void {
    if (!this.isErasing) return;
    this.isErasing = false;
    this.process(0x2f);
  }

  /** Show a byte that was typed. */
  private echo(byte: u32): void {
    let isControl = (byte < 0x20 && byte != TAB && byte != NEWLINE) || byte == DELETE;
    if (isControl && this.termios.isLocal(ECHOCTL)) {
      this.process(0x5e);
      this.process(byte ^ 0x40);
    } else this.process(byte);
  }
}
