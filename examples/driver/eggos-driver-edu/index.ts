// The program's side of the device: its files in /dev.

import { closeSync, openSync, readSync, writeSync } from "node:fs";

/** n! as the device computes it: modulo 2³². */
export function factorial(number: number): number {
  const file = openSync("/dev/edu", "r+");
  try {
    writeSync(file, `${number}\n`);
    const answer = Buffer.alloc(16);
    return Number(answer.toString("latin1", 0, readSync(file, answer)));
  } finally {
    closeSync(file);
  }
}

/** Bytes of the device's memory of 4096. */
export function readMemory(length: number, offset = 0): Buffer {
  const file = openSync("/dev/edu-memory", "r");
  try {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(file, bytes, 0, length, offset));
  } finally {
    closeSync(file);
  }
}

/** Put bytes into the device's memory; how many there was room for. */
export function writeMemory(bytes: Uint8Array, offset = 0): number {
  const file = openSync("/dev/edu-memory", "r+");
  try {
    return writeSync(file, bytes, 0, bytes.length, offset);
  } finally {
    closeSync(file);
  }
}
