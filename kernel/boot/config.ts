// The boot configuration: which program to start, and how. Text, first the image's, then the loader's command line
// (docs/command-line.md, "Boot configuration"): words `key=value` between spaces, %XX for other bytes.

/** Where standard input comes from; the framed kinds carry messages (console/framing.ts). */
export const enum StdinKind {
  RAW,
  TTY,
  PIPE,
  NONE,
}

/** Where standard output and error go. */
export const enum OutputKind {
  TTY,
  PIPE,
  COM2,
}

const SPACE: u8 = 0x20;
const EQUALS: u8 = 0x3d;
const PERCENT: u8 = 0x25;

export class BootConfig {
  /** Path of the program; empty when none was given. */
  program: StaticArray<u8> = new StaticArray<u8>(0);
  /** argv; empty: [program]. */
  args: Array<StaticArray<u8>> = [] as StaticArray<u8>[];
  /** How many of `args` a later text with `after-fixed` keeps: the interpreter and the script. */
  fixedArguments: i32 = i32.MAX_VALUE;
  /** NAME=VALUE each. */
  environment: Array<StaticArray<u8>> = [] as StaticArray<u8>[];
  directory: StaticArray<u8> = bytes("/");
  hostName: StaticArray<u8> = bytes("eggos");
  stdin: StdinKind = StdinKind.RAW;
  stdout: OutputKind = OutputKind.TTY;
  stderr: OutputKind = OutputKind.TTY;
  /** The keyboard's layout; empty: us. */
  keyboard: StaticArray<u8> = new StaticArray<u8>(0);
  /** Say on the console where the kernel's own output begins. */
  marksBeginning: bool = false;
  /** The window's size, and whether someone who knows said it. */
  isSized: bool = false;
  columns: i32 = 80;
  rows: i32 = 24;
  traceCalls: bool = false;
  /** Names of calls to trace, separated by commas; empty: all. */
  tracedCalls: StaticArray<u8> = new StaticArray<u8>(0);
  traceBoot: bool = false;
  /** Network set by hand: texts of addresses. */
  addresses: Array<StaticArray<u8>> = [] as StaticArray<u8>[];
  gateways: Array<StaticArray<u8>> = [] as StaticArray<u8>[];
  nameServers: Array<StaticArray<u8>> = [] as StaticArray<u8>[];

  /** Read one text. A later text's single values win; its first `arg` (ip, gateway, dns) drops all earlier ones. */
  read(text: StaticArray<u8>): void {
    let seenArgument = false;
    let seenAddress = false;
    let seenGateway = false;
    let seenServer = false;
    let position = 0;
    while (position < text.length) {
      if (text[position] == SPACE || text[position] == 0) {
        position++;
        continue;
      }
      let end = position;
      while (end < text.length && text[end] != SPACE && text[end] != 0) end++;
      let split = position;
      while (split < end && text[split] != EQUALS) split++;
      let value = decode(text, min(split + 1, end), end);
      if (isKey(text, position, split, "arg")) {
        if (!seenArgument) this.args = [] as StaticArray<u8>[];
        seenArgument = true;
        this.args.push(value);
      } else if (isKey(text, position, split, "after-fixed")) {
        if (!seenArgument) this.args = this.args.slice(0, min(this.args.length, this.fixedArguments));
        seenArgument = true;
      } else if (isKey(text, position, split, "ip")) {
        if (!seenAddress) this.addresses = [] as StaticArray<u8>[];
        seenAddress = true;
        this.addresses.push(value);
      } else if (isKey(text, position, split, "gateway")) {
        if (!seenGateway) this.gateways = [] as StaticArray<u8>[];
        seenGateway = true;
        this.gateways.push(value);
      } else if (isKey(text, position, split, "dns")) {
        if (!seenServer) this.nameServers = [] as StaticArray<u8>[];
        seenServer = true;
        this.nameServers.push(value);
      } else this.set(text, position, split, value);
      position = end;
    }
  }

  /** The argument vector. */
  argumentVector(): Array<StaticArray<u8>> {
    return this.args.length > 0 ? this.args : [this.program];
  }

  /** Add a variable unless one of its name is there. */
  addDefault(variable: StaticArray<u8>): void {
    for (let i = 0; i < this.environment.length; i++) if (hasSameName(this.environment[i], variable)) return;
    this.environment.push(variable);
  }

  private set(text: StaticArray<u8>, start: i32, end: i32, value: StaticArray<u8>): void {
    if (isKey(text, start, end, "program")) this.program = value;
    else if (isKey(text, start, end, "env")) this.setVariable(value);
    else if (isKey(text, start, end, "cwd")) this.directory = value;
    else if (isKey(text, start, end, "hostname")) this.hostName = value;
    else if (isKey(text, start, end, "keyboard")) this.keyboard = value;
    else if (isKey(text, start, end, "fixed")) this.fixedArguments = number(value, 0);
    else if (isKey(text, start, end, "stdin")) {
      if (isText(value, "tty")) this.stdin = StdinKind.TTY;
      else if (isText(value, "pipe")) this.stdin = StdinKind.PIPE;
      else if (isText(value, "none")) this.stdin = StdinKind.NONE;
      else this.stdin = StdinKind.RAW;
    } else if (isKey(text, start, end, "stdout")) {
      this.stdout = isText(value, "pipe") ? OutputKind.PIPE : OutputKind.TTY;
    } else if (isKey(text, start, end, "stderr")) {
      if (isText(value, "pipe")) this.stderr = OutputKind.PIPE;
      else this.stderr = isText(value, "com2") ? OutputKind.COM2 : OutputKind.TTY;
    } else if (isKey(text, start, end, "columns")) {
      this.columns = number(value, this.columns);
      this.isSized = true;
    } else if (isKey(text, start, end, "rows")) this.rows = number(value, this.rows);
    else if (isKey(text, start, end, "strace")) {
      this.traceCalls = true;
      this.tracedCalls = value;
    } else if (isKey(text, start, end, "mark")) this.marksBeginning = true;
    else if (isKey(text, start, end, "trace")) this.traceBoot = true;
  }

  /** Add a variable, replacing one of the same name. */
  private setVariable(variable: StaticArray<u8>): void {
    for (let i = 0; i < this.environment.length; i++) {
      if (hasSameName(this.environment[i], variable)) {
        this.environment[i] = variable;
        return;
      }
    }
    this.environment.push(variable);
  }
}

function hasSameName(left: StaticArray<u8>, right: StaticArray<u8>): bool {
  for (let i = 0; i < left.length && i < right.length; i++) {
    if (left[i] != right[i]) return false;
    if (left[i] == EQUALS) return true;
  }
  return false;
}

function isKey(text: StaticArray<u8>, start: i32, end: i32, key: string): bool {
  if (end - start != key.length) return false;
  for (let i = 0; i < key.length; i++) if (<i32>text[start + i] != key.charCodeAt(i)) return false;
  return true;
}

function isText(value: StaticArray<u8>, text: string): bool {
  return isKey(value, 0, value.length, text);
}

/** A window's side: 1 to 65535; anything else keeps what was there. */
function number(value: StaticArray<u8>, fallback: i32): i32 {
  let result = 0;
  for (let i = 0; i < value.length; i++) {
    let digit = <i32>value[i] - 0x30;
    if (digit < 0 || digit > 9 || result > 65535) return fallback;
    result = result * 10 + digit;
  }
  return result > 0 && result <= 65535 ? result : fallback;
}

function decode(text: StaticArray<u8>, start: i32, end: i32): StaticArray<u8> {
  let length = 0;
  for (let i = start; i < end; i++) {
    if (escapedByte(text, i, end) >= 0) i += 2;
    length++;
  }
  let value = new StaticArray<u8>(length);
  let at = 0;
  for (let i = start; i < end; i++) {
    let byte = escapedByte(text, i, end);
    if (byte >= 0) i += 2;
    value[at++] = byte >= 0 ? <u8>byte : text[i];
  }
  return value;
}

/** The byte that %XX at `index` stands for, -1 when there is none. */
function escapedByte(text: StaticArray<u8>, index: i32, end: i32): i32 {
  if (text[index] != PERCENT || index + 2 >= end) return -1;
  let high = hexDigit(text[index + 1]);
  let low = hexDigit(text[index + 2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

function hexDigit(byte: u8): i32 {
  if (byte >= 0x30 && byte <= 0x39) return <i32>byte - 0x30;
  if (byte >= 0x41 && byte <= 0x46) return <i32>byte - 0x37;
  if (byte >= 0x61 && byte <= 0x66) return <i32>byte - 0x57;
  return -1;
}

/** A constant as bytes. */
function bytes(text: string): StaticArray<u8> {
  let result = new StaticArray<u8>(text.length);
  for (let i = 0; i < text.length; i++) result[i] = <u8>text.charCodeAt(i);
  return result;
}
