// What an attacker must not guess: a 128-bit secret given at start, a keyed hash over it, and a generator.
//
// The hash is SipHash-2-4 (Aumasson and Bernstein), as RFC 6528 and RFC 6056 ask of sequence numbers and ports. The
// generator is the same function over a counter: unpredictable without the secret, cheap, and repeatable in tests.

let key0: u64 = 0x0706_0504_0302_0100;
let key1: u64 = 0x0f0e_0d0c_0b0a_0908;
let counter: u64 = 0;

let v0: u64 = 0;
let v1: u64 = 0;
let v2: u64 = 0;
let v3: u64 = 0;

/** Take the secret. Called once, before anything else of the stack. */
export function seed(first: u64, second: u64): void {
  key0 = first;
  key1 = second;
  counter = 0;
}

function round(): void {
  v0 += v1;
  v1 = rotl<u64>(v1, 13) ^ v0;
  v0 = rotl<u64>(v0, 32);
  v2 += v3;
  v3 = rotl<u64>(v3, 16) ^ v2;
  v0 += v3;
  v3 = rotl<u64>(v3, 21) ^ v0;
  v2 += v1;
  v1 = rotl<u64>(v1, 17) ^ v2;
  v2 = rotl<u64>(v2, 32);
}

function compress(word: u64): void {
  v3 ^= word;
  round();
  round();
  v0 ^= word;
}

/** SipHash-2-4 of three 64-bit words. */
export function hash3(a: u64, b: u64, c: u64): u64 {
  v0 = key0 ^ 0x736f_6d65_7073_6575;
  v1 = key1 ^ 0x646f_7261_6e64_6f6d;
  v2 = key0 ^ 0x6c79_6765_6e65_7261;
  v3 = key1 ^ 0x7465_6462_7974_6573;
  compress(a);
  compress(b);
  compress(c);
  compress(24 << 56);
  v2 ^= 0xff;
  round();
  round();
  round();
  round();
  return v0 ^ v1 ^ v2 ^ v3;
}

/** SipHash of a connection's four parts and a purpose: one secret serves several uses without relating them. */
export function hashFlow(local: u64, localLow: u64, remote: u64, remoteLow: u64, ports: u64, purpose: u64): u64 {
  let inner = hash3(local, localLow, purpose);
  return hash3(remote ^ rotl<u64>(inner, 17), remoteLow ^ inner, ports);
}

/**
 * A quick keyed hash for choosing a bucket. Not for numbers that leave the machine: whoever saw its full output could
 * work the key out; bucket choice shows nothing of it.
 */
export function bucket(high: u64, low: u64, ports: u32): u32 {
  let x = (low ^ key0) * 0x9e37_79b9_7f4a_7c15;
  x ^= (high + ports + key1) * 0xc2b2_ae3d_27d4_eb4f;
  x ^= x >> 32;
  x *= 0xd6e8_feb8_6659_fd93;
  return <u32>(x >> 32);
}

/** 64 unpredictable bits. */
export function random64(): u64 {
  return hash3(counter++, 0x7261_6e64_6f6d, 0);
}

/** An unpredictable number below `limit` (> 0). */
export function randomBelow(limit: u32): u32 {
  return <u32>(((random64() >> 32) * <u64>limit) >> 32);
}
