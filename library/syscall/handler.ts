// What a handler gets: a call that someone made and waits for.

import { getRawPointer } from "../ffi.ts";
import { syscall } from "./call.ts";
import { SYS } from "./numbers.ts";
import type { RelayRecord } from "./record.ts";

/** A value of at least 0, or a negative errno; nothing is 0. */
export type Result = number | bigint | undefined;

/**
 * A handler module's default export. It runs on a worker, one call at a time; what it throws is printed, and its caller gets
 * EIO, or the error's own `errno`.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler without a return statement returns 0
export type Handler = (call: SystemCall) => Result | void | Promise<Result | void>;

/** How a handler reaches the kernel: the worker's end of the device. */
export interface Relay {
  callOriginal(id: bigint, values: readonly bigint[]): bigint;
}

/** A struct iovec: one end of process_vm_readv(2). */
function piece(address: bigint, length: number): BigUint64Array {
  return new BigUint64Array([address, BigInt(length)]);
}

export class SystemCall {
  readonly number: number;
  /** Who called: ids as getpid(2) and gettid(2) give them. */
  readonly process: number;
  readonly thread: number;
  /** The six arguments as they stood in the registers, unsigned. */
  readonly arguments: readonly bigint[];
  readonly #relay: Relay;
  readonly #id: bigint;

  constructor(record: RelayRecord, relay: Relay) {
    this.number = record.number;
    this.process = record.process;
    this.thread = record.thread;
    this.arguments = record.arguments;
    this.#id = record.id;
    this.#relay = relay;
  }

  /**
   * Have the handler that was there before run, on the caller's thread: the kernel's own, or a kernel package's. Without
   * arguments, with the caller's. Returns its result: a value of at least 0, or a negative errno.
   */
  original(...values: (number | bigint)[]): bigint {
    const given = values.length === 0 ? this.arguments : values.map(BigInt);
    return this.#relay.callOriginal(this.#id, given);
  }

  /** `length` bytes of the caller's memory. Throws when they are not all there. */
  read(address: bigint, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    this.#transfer(SYS.process_vm_readv, bytes, address);
    return bytes;
  }

  /** Bytes of the caller's memory up to a NUL, as UTF-8; at most `limit`. */
  readString(address: bigint, limit = 4096): string {
    const PAGE = 4096n;
    const parts: Buffer[] = [];
    let at = address;
    let left = limit;
    while (left > 0) {
      // A page at a time: the next one may not be there.
      const length = Math.min(left, Number(PAGE - (at % PAGE)));
      const bytes = this.read(at, length);
      const end = bytes.indexOf(0);
      parts.push(end < 0 ? bytes : bytes.subarray(0, end));
      if (end >= 0) break;
      at += BigInt(length);
      left -= length;
    }
    return Buffer.concat(parts).toString("utf8");
  }

  /** Put bytes into the caller's memory. Throws when they do not all fit there. */
  write(address: bigint, bytes: Uint8Array): void {
    this.#transfer(SYS.process_vm_writev, Buffer.from(bytes), address);
  }

  #transfer(number: number, bytes: Buffer, address: bigint): void {
    if (bytes.length === 0) return;
    const own = piece(getRawPointer(bytes), bytes.length);
    const moved = syscall(number, this.process, own, 1, piece(address, bytes.length), 1, 0);
    if (moved !== BigInt(bytes.length)) {
      const what = number === SYS.process_vm_readv ? "read" : "written";
      throw Object.assign(new Error(`${bytes.length} bytes at 0x${address.toString(16)} cannot be ${what}`), {
        errno: -14, // EFAULT
        code: "EFAULT",
      });
    }
  }
}
