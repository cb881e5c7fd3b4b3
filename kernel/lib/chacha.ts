// The ChaCha20 block function: RFC 8439 §2.3.

const ROUNDS: i32 = 20;
export const KEY_WORDS: i32 = 8;
export const BLOCK_WORDS: i32 = 16;

/** Write the block of `key` (8 words), `counter` and a nonce of zeros to `block` (16 words). */
export function chachaBlock(key: StaticArray<u32>, counter: u64, block: StaticArray<u32>): void {
  setUp(key, counter, working);
  for (let round = 0; round < ROUNDS; round += 2) {
    quarterRound(working, 0, 4, 8, 12);
    quarterRound(working, 1, 5, 9, 13);
    quarterRound(working, 2, 6, 10, 14);
    quarterRound(working, 3, 7, 11, 15);
    quarterRound(working, 0, 5, 10, 15);
    quarterRound(working, 1, 6, 11, 12);
    quarterRound(working, 2, 7, 8, 13);
    quarterRound(working, 3, 4, 9, 14);
  }
  setUp(key, counter, block);
  for (let i = 0; i < BLOCK_WORDS; i++) block[i] += working[i];
}

const working: StaticArray<u32> = new StaticArray<u32>(BLOCK_WORDS);

function setUp(key: StaticArray<u32>, counter: u64, state: StaticArray<u32>): void {
  // "expand 32-byte k"
  state[0] = 0x61707865;
  state[1] = 0x3320646e;
  state[2] = 0x79622d32;
  state[3] = 0x6b206574;
  for (let i = 0; i < KEY_WORDS; i++) state[4 + i] = key[i];
  state[12] = <u32>counter;
  state[13] = <u32>(counter >> 32);
  state[14] = 0;
  state[15] = 0;
}

function quarterRound(state: StaticArray<u32>, ai: i32, bi: i32, ci: i32, di: i32): void {
  let a = state[ai];
  let b = state[bi];
  let c = state[ci];
  let d = state[di];
  a += b;
  d = rotl<u32>(d ^ a, 16);
  c += d;
  b = rotl<u32>(b ^ c, 12);
  a += b;
  d = rotl<u32>(d ^ a, 8);
  c += d;
  b = rotl<u32>(b ^ c, 7);
  state[ai] = a;
  state[bi] = b;
  state[ci] = c;
  state[di] = d;
}
