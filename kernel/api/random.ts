// Random numbers, good for keys.

import { bytesAddress } from "memory/address";
import * as random from "../entropy/random";

export function next64(): u64 {
  return random.random64();
}

export function fill(bytes: StaticArray<u8>): void {
  random.fillRandom(bytesAddress(bytes), <u64>bytes.length);
}
