// One system call, through the C library's syscall(3): nothing between it and the kernel.

import { constants } from "node:os";
import { dlopen, getInt32, getRawPointer } from "../ffi.ts";

/** What a system call takes: a number, an address, or memory whose address is meant. */
export type Argument = number | bigint | ArrayBuffer | NodeJS.ArrayBufferView;

/** A failed call's reason, as a negative number: -2n is ENOENT. */
export type Errno = bigint;

const ARGUMENT_COUNT = 6;
const { functions: libc } = dlopen("libc.so.6", {
  syscall: { arguments: ["i64", "i64", "i64", "i64", "i64", "i64", "i64"], return: "i64" },
  __errno_location: { arguments: [], return: "pointer" },
});
/** Where the C library keeps this thread's errno; a worker has a module, and a place, of its own. */
const errnoAddress = libc.__errno_location();

/** The name of an errno, with or without its sign: `errnoName(-2n)` is "ENOENT". */
export function errnoName(errno: number | bigint): string | undefined {
  const value = Math.abs(Number(errno));
  return Object.entries(constants.errno).find(([, number]) => number === value)?.[0];
}

function word(value: Argument): bigint {
  if (typeof value === "bigint") return BigInt.asIntN(64, value);
  if (typeof value === "number") return BigInt(value);
  return BigInt.asIntN(64, getRawPointer(value));
}

/**
 * Make system call `number`. Returns what the kernel returned: a value of at least 0, or a negative errno; nothing is
 * thrown. Memory given as a buffer must be large enough for what the call writes there (man 2).
 */
export function syscall(number: number, ...values: Argument[]): bigint {
  if (values.length > ARGUMENT_COUNT) throw new TypeError(`a system call takes at most ${ARGUMENT_COUNT} arguments`);
  const [a = 0n, b = 0n, c = 0n, d = 0n, e = 0n, f = 0n] = values.map(word);
  const result = libc.syscall(BigInt(number), a, b, c, d, e, f) as bigint;
  // syscall(3) turns errors into -1 and errno. Addresses and sizes never look like -1.
  return result === -1n ? -BigInt(getInt32(errnoAddress)) : result;
}
