// Device files: /dev/NAME. A DeviceKind makes a DeviceFile for each opening.
//
//   class Echo extends DeviceFile { read(buffer: Buffer): i64 { … } }
//   class EchoKind extends DeviceKind { open(_minor: u32, _flags: u32): DeviceFile | null { return new Echo(); } }
//   devices.registerCharacter("echo", new EchoKind());

import { EINVAL, ENODEV, ENOSPC, ENOTTY, EOVERFLOW, ESPIPE } from "../abi/errno";
import { IoVector } from "../memory/io-vector";
import * as module from "../lib/module";
import * as log from "../log/log";
import { WaitQueue } from "../sched/wait";
import {
  Device,
  devices,
  DeviceDriver,
  registerBlock as addBlock,
  registerCharacter as addCharacter,
} from "../vfs/devices";
import { File } from "../vfs/file";
import { failOpen } from "../vfs/inode";
import { Buffer } from "./buffer";

/** Numbers that Linux gives to whoever asks (Documentation/admin-guide/devices.txt), largest first. */
const DYNAMIC_FIRST: u32 = 254;
const DYNAMIC_LAST: u32 = 234;
/** Largest file position. */
const LAST_POSITION: i64 = i64.MAX_VALUE;

/** What can be asked of an opening before it blocks: bits of `DeviceFile.poll` (man 2 poll). */
export const READABLE: u32 = 0x41; // POLLIN | POLLRDNORM
export const WRITABLE: u32 = 0x104; // POLLOUT | POLLWRNORM

/** One opening of a device. Override what the device can do. */
export class DeviceFile {
  /** Where the next read or write goes, for devices of a length. */
  position: u64 = 0;
  /** Wake it when `poll` may say more than before. */
  readonly readiness: WaitQueue = new WaitQueue();
  /** Opened with O_NONBLOCK: -EAGAIN instead of waiting. */
  isNonBlocking: bool = false;

  /** Bytes of a device with positions (a memory, a disk); 0 for a stream. */
  get length(): u64 {
    return 0;
  }

  /** Streams: give the program bytes; how many, 0 at the end, or a negative errno. */
  read(_buffer: Buffer): i64 {
    return -EINVAL;
  }

  /** Streams: take the program's bytes; how many, or a negative errno. */
  write(_buffer: Buffer): i64 {
    return -EINVAL;
  }

  /** Devices of a length: as `read`, from `offset` on, which lies inside. */
  readAt(_buffer: Buffer, _offset: u64): i64 {
    return -EINVAL;
  }

  /** Devices of a length: as `write`. */
  writeAt(_buffer: Buffer, _offset: u64): i64 {
    return -EINVAL;
  }

  /** ioctl(2); `argument` is a value, or an address for `new UserMemory(argument, length)`. */
  ioctl(_request: u32, _argument: u64): i64 {
    return -ENOTTY;
  }

  /** READABLE and WRITABLE as they hold now. */
  poll(): u32 {
    return READABLE | WRITABLE;
  }

  /** The last descriptor was closed. */
  close(): void {}
}

/** A device that can be opened. */
export abstract class DeviceKind {
  /** A new opening; null for -ENODEV. `flags` are open(2)'s. */
  abstract open(minor: u32, flags: u32): DeviceFile | null;
}

class OpenDevice extends File {
  constructor(private readonly device: DeviceFile) {
    super();
    this.readiness = device.readiness;
  }

  override read(io: IoVector): i64 {
    this.prepare();
    if (this.device.length == 0) return this.device.read(new Buffer(io));
    let moved = this.readAt(io, this.position);
    if (moved > 0) this.position += <u64>moved;
    return moved;
  }

  override write(io: IoVector): i64 {
    this.prepare();
    if (this.device.length == 0) return this.device.write(new Buffer(io));
    let moved = this.writeAt(io, this.position);
    if (moved > 0) this.position += <u64>moved;
    return moved;
  }

  override readAt(io: IoVector, offset: u64): i64 {
    let length = this.device.length;
    if (length == 0) return -ESPIPE;
    if (offset >= length) return 0;
    io.limit(length - offset);
    return this.device.readAt(new Buffer(io), offset);
  }

  override writeAt(io: IoVector, offset: u64): i64 {
    let length = this.device.length;
    if (length == 0) return -ESPIPE;
    if (offset >= length) return -ENOSPC;
    io.limit(length - offset);
    return this.device.writeAt(new Buffer(io), offset);
  }

  override seek(offset: i64, whence: i32): i64 {
    let length = this.device.length;
    if (length == 0) return -ESPIPE;
    let base: i64 = whence == 1 ? <i64>this.position : whence == 2 ? <i64>length : 0;
    if (whence < 0 || whence > 2) return -EINVAL;
    if (offset > 0 && base > LAST_POSITION - offset) return -EOVERFLOW;
    if (base + offset < 0) return -EINVAL;
    this.position = <u64>(base + offset);
    return base + offset;
  }

  override ioctl(request: u32, argument: u64): i64 {
    this.prepare();
    return this.device.ioctl(request, argument);
  }

  override poll(): u32 {
    return this.device.poll();
  }

  override flagsChanged(): void {
    this.prepare();
  }

  override close(): void {
    this.device.close();
  }

  private prepare(): void {
    this.device.isNonBlocking = this.isNonBlocking;
    this.device.position = this.position;
  }
}

class ModuleDevice extends DeviceDriver {
  constructor(private readonly device: DeviceKind) {
    super();
  }

  override open(minor: u32, flags: u32): File | null {
    let opened = this.device.open(minor, flags);
    if (opened !== null) return new OpenDevice(opened);
    failOpen(-ENODEV);
    return null;
  }
}

/** Make /dev/`name` of a character device, with a number of its own. False, with a line in the log, when the name is taken. */
export function registerCharacter(name: string, device: DeviceKind, permissions: u32 = 0o666): bool {
  return register(name, device, permissions, false);
}

/** As `registerCharacter`, for a block device. */
export function registerBlock(name: string, device: DeviceKind, permissions: u32 = 0o660): bool {
  return register(name, device, permissions, true);
}

function register(name: string, device: DeviceKind, permissions: u32, isBlock: bool): bool {
  let trouble = name.length == 0 ? " has no name" : isTaken(name) ? " is there already" : "";
  let major: u32 = trouble.length == 0 ? freeMajor(isBlock) : 0;
  if (trouble.length == 0 && major == 0) trouble = " finds no free number";
  if (trouble.length > 0) {
    log.begin(log.ERROR).string("module ").string(module.current).string(": device /dev/").string(name).string(trouble);
    log.end();
    return false;
  }
  let driver = new ModuleDevice(device);
  if (isBlock) addBlock(major, 0, name, driver, permissions);
  else addCharacter(major, 0, name, driver, permissions);
  return true;
}

function isTaken(name: string): bool {
  for (let i = 0; i < devices.length; i++) if (devices[i].name == name) return true;
  return false;
}

function freeMajor(isBlock: bool): u32 {
  for (let major = DYNAMIC_FIRST; major >= DYNAMIC_LAST; major--) {
    let isFree = true;
    for (let i = 0; i < devices.length; i++) {
      let device: Device = devices[i];
      if (device.isBlock == isBlock && device.major == major) isFree = false;
    }
    if (isFree) return major;
  }
  return 0;
}
