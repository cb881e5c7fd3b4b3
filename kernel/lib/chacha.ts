// The ChaCha20 block function: RFC 8439 §2.3. Written out over sixteen locals, so that the compiler can keep them in
// registers: this is what reading /dev/urandom costs.

const DOUBLE_ROUNDS: i32 = 10;
export const KEY_WORDS: i32 = 8;
export const BLOCK_WORDS: i32 = 16;

// "expand 32-byte k", RFC 8439 §2.3.
const CONSTANT_0: u32 = 0x61707865;
const CONSTANT_1: u32 = 0x3320646e;
const CONSTANT_2: u32 = 0x79622d32;
const CONSTANT_3: u32 = 0x6b206574;

/** Write the block of `key` (8 words), `counter` and a nonce of zeros to `block` (16 words). */
export function chachaBlock(key: StaticArray<u32>, counter: u64, block: StaticArray<u32>): void {
  let x0 = CONSTANT_0;
  let x1 = CONSTANT_1;
  let x2 = CONSTANT_2;
  let x3 = CONSTANT_3;
  let x4 = key[0];
  let x5 = key[1];
  let x6 = key[2];
  let x7 = key[3];
  let x8 = key[4];
  let x9 = key[5];
  let x10 = key[6];
  let x11 = key[7];
  let x12 = <u32>counter;
  let x13 = <u32>(counter >> 32);
  let x14: u32 = 0;
  let x15: u32 = 0;
  for (let i = 0; i < DOUBLE_ROUNDS; i++) {
    // Columns.
    x0 += x4;
    x12 = rotl<u32>(x12 ^ x0, 16);
    x8 += x12;
    x4 = rotl<u32>(x4 ^ x8, 12);
    x0 += x4;
    x12 = rotl<u32>(x12 ^ x0, 8);
    x8 += x12;
    x4 = rotl<u32>(x4 ^ x8, 7);
    x1 += x5;
    x13 = rotl<u32>(x13 ^ x1, 16);
    x9 += x13;
    x5 = rotl<u32>(x5 ^ x9, 12);
    x1 += x5;
    x13 = rotl<u32>(x13 ^ x1, 8);
    x9 += x13;
    x5 = rotl<u32>(x5 ^ x9, 7);
    x2 += x6;
    x14 = rotl<u32>(x14 ^ x2, 16);
    x10 += x14;
    x6 = rotl<u32>(x6 ^ x10, 12);
    x2 += x6;
    x14 = rotl<u32>(x14 ^ x2, 8);
    x10 += x14;
    x6 = rotl<u32>(x6 ^ x10, 7);
    x3 += x7;
    x15 = rotl<u32>(x15 ^ x3, 16);
    x11 += x15;
    x7 = rotl<u32>(x7 ^ x11, 12);
    x3 += x7;
    x15 = rotl<u32>(x15 ^ x3, 8);
    x11 += x15;
    x7 = rotl<u32>(x7 ^ x11, 7);
    // Diagonals.
    x0 += x5;
    x15 = rotl<u32>(x15 ^ x0, 16);
    x10 += x15;
    x5 = rotl<u32>(x5 ^ x10, 12);
    x0 += x5;
    x15 = rotl<u32>(x15 ^ x0, 8);
    x10 += x15;
    x5 = rotl<u32>(x5 ^ x10, 7);
    x1 += x6;
    x12 = rotl<u32>(x12 ^ x1, 16);
    x11 += x12;
    x6 = rotl<u32>(x6 ^ x11, 12);
    x1 += x6;
    x12 = rotl<u32>(x12 ^ x1, 8);
    x11 += x12;
    x6 = rotl<u32>(x6 ^ x11, 7);
    x2 += x7;
    x13 = rotl<u32>(x13 ^ x2, 16);
    x8 += x13;
    x7 = rotl<u32>(x7 ^ x8, 12);
    x2 += x7;
    x13 = rotl<u32>(x13 ^ x2, 8);
    x8 += x13;
    x7 = rotl<u32>(x7 ^ x8, 7);
    x3 += x4;
    x14 = rotl<u32>(x14 ^ x3, 16);
    x9 += x14;
    x4 = rotl<u32>(x4 ^ x9, 12);
    x3 += x4;
    x14 = rotl<u32>(x14 ^ x3, 8);
    x9 += x14;
    x4 = rotl<u32>(x4 ^ x9, 7);
  }
  block[0] = x0 + CONSTANT_0;
  block[1] = x1 + CONSTANT_1;
  block[2] = x2 + CONSTANT_2;
  block[3] = x3 + CONSTANT_3;
  block[4] = x4 + key[0];
  block[5] = x5 + key[1];
  block[6] = x6 + key[2];
  block[7] = x7 + key[3];
  block[8] = x8 + key[4];
  block[9] = x9 + key[5];
  block[10] = x10 + key[6];
  block[11] = x11 + key[7];
  block[12] = x12 + <u32>counter;
  block[13] = x13 + <u32>(counter >> 32);
  block[14] = x14;
  block[15] = x15;
}
