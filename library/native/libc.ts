// The few C functions that Node.js has no function of its own for, by `node:ffi`: no native code of ours.

import { getSystemErrorMap } from "node:util";
import { dlopen, getInt32, toArrayBuffer } from "../ffi.ts";

const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;

let opened: ReturnType<typeof open> | undefined;

function open() {
  const { functions } = dlopen(null, {
    ioctl: { arguments: ["int32", "uint64", "buffer"], return: "int32" },
    mmap: { arguments: ["pointer", "uint64", "int32", "int32", "int32", "int64"], return: "pointer" },
    munmap: { arguments: ["pointer", "uint64"], return: "int32" },
    eventfd: { arguments: ["uint32", "int32"], return: "int32" },
    __errno_location: { arguments: [], return: "pointer" },
  });
  // A library of its own: one symbol has one signature in each.
  const numbers = dlopen(null, { ioctl: { arguments: ["int32", "uint64", "uint64"], return: "int32" } }).functions;
  return { functions, ioctlNumber: numbers.ioctl };
}

function libc() {
  opened ??= open();
  return opened;
}

/** A system call that failed. */
export class SystemCallError extends Error {
  override readonly name = "SystemCallError";
  readonly syscall: string;
  readonly errno: number;

  constructor(syscall: string, errno: number) {
    super(`${syscall} failed: ${getSystemErrorMap().get(-errno)?.join(", ") ?? `errno ${errno}`}`);
    this.syscall = syscall;
    this.errno = errno;
  }
}

/** ENOTTY, EINVAL: man 3 errno. */
export const ENOTTY = 25;
export const EINVAL = 22;

function lastError(syscall: string): SystemCallError {
  const { functions } = libc();
  return new SystemCallError(syscall, getInt32(functions.__errno_location()));
}

/** ioctl(2) with a structure: `argument` is read and written in place. */
export function ioctl(fd: number, request: number, argument: Uint8Array): number {
  const result = libc().functions.ioctl(
    fd,
    BigInt(request),
    Buffer.from(argument.buffer, argument.byteOffset, argument.byteLength),
  );
  if (result < 0) throw lastError("ioctl");
  return result;
}

/** ioctl(2) with a number; whether it worked. */
export function ioctlValue(fd: number, request: number, value: number): boolean {
  return libc().ioctlNumber(fd, BigInt(request), BigInt(value)) >= 0;
}

/** Memory that a file shows; `release` unmaps it and leaves every view of it empty. */
export interface Mapping {
  readonly buffer: ArrayBuffer;
  release(): void;
}

/** mmap(2), shared, for reading and writing. */
export function mapShared(fd: number, length: number): Mapping {
  const { functions } = libc();
  const address = functions.mmap(0n, BigInt(length), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0n);
  if (BigInt.asUintN(64, address) === MAP_FAILED) throw lastError("mmap");
  const buffer = toArrayBuffer(address, length, false);
  return {
    buffer,
    release() {
      if (buffer.detached) return;
      buffer.transfer(0);
      functions.munmap(address, BigInt(length));
    },
  };
}

/** eventfd(2). */
export function createEvent(): number {
  const fd = libc().functions.eventfd(0, 0);
  if (fd < 0) throw lastError("eventfd");
  return fd;
}
