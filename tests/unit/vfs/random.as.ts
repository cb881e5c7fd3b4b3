// The random generator and its cipher, for random.test.ts.

import { linearAddress, pointerOf } from "memory/address";
import { fillRandom, random64 } from "../../../kernel/entropy/random";
import { BLOCK_WORDS, chachaBlock, KEY_WORDS } from "../../../kernel/lib/chacha";

export { random64 };

const key = new StaticArray<u32>(KEY_WORDS);
const block = new StaticArray<u32>(BLOCK_WORDS);
const bytes = new StaticArray<u8>(65536);

export function setKey(index: i32, word: u32): void {
  key[index] = word;
}
export function makeBlock(counter: u64): void {
  chachaBlock(key, counter, block);
}
export function blockWord(index: i32): u32 {
  return block[index];
}
export function fill(length: u64): usize {
  fillRandom(linearAddress(pointerOf(bytes)), length);
  return pointerOf(bytes);
}
