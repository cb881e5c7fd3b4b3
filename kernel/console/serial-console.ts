// The console: a terminal on a serial line, which screens show as well (backend.ts). Its output, its framed input
// (framing.ts), and the standard streams that are no terminals but travel over the same line or the second one.

import { makeDevice } from "../abi/stat";
import { EBADF, EINTR, ERESTARTSYS } from "../abi/errno";
import { WRITABLE } from "../abi/poll";
import { FIONREAD } from "../abi/termios";
import { RECEIVED_BREAK, RECEIVED_BROKEN, SerialListener, SerialPort } from "../drivers/uart";
import * as lines from "../interrupt/lines";
import { InterruptHandler } from "../interrupt/vectors";
import { Text } from "../lib/text";
import { IoVector } from "../memory/io-vector";
import { store32 } from "../memory/user";
import { bytesAddress } from "memory/address";
import { wait, waitUninterruptibly } from "../sched/block";
import { WaitQueue } from "../sched/wait";
import { File } from "../vfs/file";
import { S_IFIFO } from "../vfs/inode";
import { resizeBackends, writeStreamToBackends, writeToBackends } from "./backend";
import { FrameDecoder, FrameListener } from "./framing";
import { InputStream } from "./input-stream";
import { addTerminal, TerminalDevice, Tty } from "./tty";
import { controlVirtualTerminal } from "./virtual-terminal";

/** /dev/ttyS0: major 4, minor 64 (Linux devices.txt). */
const SERIAL_MAJOR: u32 = 4;
const FIRST_SERIAL_MINOR: u32 = 64;
/** Bytes of output copied at a time. */
const CHUNK: u64 = 4096;

/** Takes signals that come over the line: set by the process side. */
export class SignalReceiver {
  signal(_number: i32): void {}
}

class SerialOutput extends TerminalDevice {
  console: SerialConsole | null = null;

  constructor(readonly serial: SerialPort) {
    super();
  }

  override send(address: u64, length: u64): u64 {
    let sent = this.serial.send(address, length);
    writeToBackends(address, sent);
    return sent;
  }

  override setBreak(isOn: bool): void {
    this.serial.setBreak(isOn);
  }

  override get isLine(): bool {
    return this.serial.isThere;
  }

  override resized(columns: u32, rows: u32): void {
    resizeBackends(columns, rows);
  }

  override control(request: u32, argument: u64): i64 {
    return controlVirtualTerminal(request, argument);
  }

  override resumeInput(): void {
    let console = this.console;
    if (console !== null) console.receive();
  }
}

class LineListener extends FrameListener {
  console: SerialConsole | null = null;
  signals: SignalReceiver = new SignalReceiver();

  constructor(
    readonly tty: Tty,
    readonly stream: InputStream | null,
  ) {
    super();
  }

  override data(byte: u32): void {
    let stream = this.stream;
    if (stream !== null) stream.put(byte);
    else this.tty.receive(byte);
  }

  override endOfInput(): void {
    let stream = this.stream;
    if (stream !== null) stream.end();
    else this.tty.hangUp();
  }

  override signal(number: i32): void {
    this.signals.signal(number);
  }

  override window(columns: u32, rows: u32): void {
    if (columns > 0 && rows > 0) this.tty.resize(columns, rows);
  }

  /** Whether another byte can be taken without loss. */
  get hasRoom(): bool {
    let stream = this.stream;
    return stream !== null ? stream.room > 0 : this.tty.canReceive;
  }
}

/** Room in a port: for the terminal's waiting output, and for whoever writes streams to the port. */
export class PortRoom extends SerialListener {
  readonly waiting: WaitQueue = new WaitQueue();
  readonly pollers: WaitQueue = new WaitQueue();
  tty: Tty | null = null;

  override roomCame(): void {
    let tty = this.tty;
    if (tty !== null) tty.outputDrained();
    this.waiting.wakeAll(WRITABLE);
    this.pollers.wakeAll(WRITABLE);
  }
}

class PortInterrupt extends InterruptHandler {
  constructor(
    readonly serial: SerialPort,
    /** Who takes its input; null: nobody. */
    readonly console: SerialConsole | null,
  ) {
    super();
  }

  override handle(): void {
    this.serial.interrupted();
    let console = this.console;
    if (console !== null) console.receive();
  }
}

/** A port without input: standard error's. */
export function connectOutputPort(serial: SerialPort): PortRoom {
  let room = new PortRoom();
  serial.setListener(room);
  lines.connectIsa(serial.line, new PortInterrupt(serial, null));
  return room;
}

export class SerialConsole {
  readonly tty: Tty;
  /** Standard input when it is no terminal. */
  readonly stream: InputStream | null;
  private readonly listener: LineListener;
  private readonly decoder: FrameDecoder;
  /** Told when the port has room. */
  readonly room: PortRoom = new PortRoom();

  /** `isFramed`: a host program is behind the line; `isStream`: standard input is no terminal. */
  constructor(
    readonly serial: SerialPort,
    isFramed: bool,
    isStream: bool,
  ) {
    let output = new SerialOutput(serial);
    let tty = new Tty(makeDevice(SERIAL_MAJOR, FIRST_SERIAL_MINOR), output);
    let stream: InputStream | null = isStream ? new InputStream() : null;
    let listener = new LineListener(tty, stream);
    this.tty = tty;
    this.stream = stream;
    this.listener = listener;
    this.decoder = new FrameDecoder(listener, !isFramed);
    output.console = this;
    this.room.tty = tty;
    serial.setListener(this.room);
    addTerminal(tty);
  }

  setSignalReceiver(receiver: SignalReceiver): void {
    this.listener.signals = receiver;
  }

  /** Begin to receive. */
  start(): void {
    if (!lines.connectIsa(this.serial.line, new PortInterrupt(this.serial, this))) return;
    this.receive();
  }

  private receiveSpoilt(byte: i32): void {
    if (byte == RECEIVED_BREAK) this.tty.receiveBreak();
    else this.tty.receiveBroken(<u32>byte & 0xff);
  }

  /** Take what the port holds; with no room left, stop listening: the line's sender waits. */
  receive(): void {
    let hasRoom = this.listener.hasRoom;
    while (hasRoom) {
      let byte = this.serial.read();
      if (byte < 0) break;
      if (byte < RECEIVED_BROKEN) this.decoder.receive(<u32>byte);
      else if (this.stream === null) this.receiveSpoilt(byte);
      hasRoom = this.listener.hasRoom;
    }
    // What was echoed goes out together.
    this.tty.flush();
    this.serial.setReceiveInterrupt(hasRoom);
  }
}

/** Standard input as a pipe. */
export class InputStreamFile extends File {
  constructor(
    readonly stream: InputStream,
    readonly console: SerialConsole,
  ) {
    super();
    this.readiness = stream.pollers;
  }

  override read(io: IoVector): i64 {
    let result = this.stream.read(io, this.isNonBlocking);
    this.console.receive();
    return result;
  }

  override write(_io: IoVector): i64 {
    return -EBADF;
  }

  override poll(): u32 {
    return this.stream.poll();
  }

  override ioctl(request: u32, argument: u64): i64 {
    if (request == FIONREAD) return store32(argument, this.stream.available);
    return super.ioctl(request, argument);
  }

  override get statMode(): u32 {
    return S_IFIFO | 0o600;
  }

  override reopen(_flags: u32): File | null {
    return new InputStreamFile(this.stream, this.console);
  }

  override describe(): StaticArray<u8> {
    return describe("pipe:[0]");
  }
}

/** Standard output or error as a pipe: bytes unchanged to a serial line. */
export class OutputStreamFile extends File {
  private chunk: StaticArray<u8> = new StaticArray<u8>(<i32>CHUNK);
  /** A thread is in the middle of its bytes. */
  private isBusy: bool = false;

  constructor(
    readonly serial: SerialPort,
    readonly room: PortRoom,
  ) {
    super();
    this.flags = 1;
    this.readiness = room.pollers;
  }

  override read(_io: IoVector): i64 {
    return -EBADF;
  }

  override write(io: IoVector): i64 {
    while (this.isBusy) {
      if (wait(this.room.waiting) == -EINTR) return -ERESTARTSYS;
    }
    this.isBusy = true;
    let total = this.send(io);
    this.isBusy = false;
    this.room.waiting.wakeAll(WRITABLE);
    return total;
  }

  private send(io: IoVector): i64 {
    let total: i64 = 0;
    while (io.remaining > 0) {
      let moved = io.take(bytesAddress(this.chunk), min(CHUNK, io.remaining));
      if (moved < 0) return total > 0 ? total : moved;
      let sent: u64 = 0;
      while (sent < <u64>moved) {
        let taken = this.serial.send(bytesAddress(this.chunk) + sent, <u64>moved - sent);
        writeStreamToBackends(bytesAddress(this.chunk) + sent, taken);
        sent += taken;
        // What was taken from the program is sent whatever signals come: a reader that stays away ends with the machine.
        if (sent < <u64>moved) waitUninterruptibly(this.room.waiting);
      }
      total += moved;
    }
    return total;
  }

  override poll(): u32 {
    return WRITABLE;
  }

  override get statMode(): u32 {
    return S_IFIFO | 0o600;
  }

  override reopen(_flags: u32): File | null {
    return new OutputStreamFile(this.serial, this.room);
  }

  override describe(): StaticArray<u8> {
    return describe("pipe:[1]");
  }
}

function describe(text: string): StaticArray<u8> {
  let bytes = new Text(16).string(text);
  return StaticArray.slice<u8>(bytes.bytes, 0, bytes.length);
}
