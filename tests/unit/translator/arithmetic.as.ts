// Integer arithmetic at its corners; every function is called with every pair of interesting values.

export function addSub(a: i32, b: i32): i32 {
  return a + b - (a ^ b);
}
export function mul(a: i32, b: i32): i32 {
  return a * b;
}
export function divS(a: i32, b: i32): i32 {
  return a / b;
}
export function divU(a: u32, b: u32): u32 {
  return a / b;
}
export function remS(a: i32, b: i32): i32 {
  return a % b;
}
export function remU(a: u32, b: u32): u32 {
  return a % b;
}
export function shifts(a: i32, b: i32): i32 {
  return (a << b) ^ (a >> b) ^ <i32>(<u32>a >> b);
}
export function rotates(a: u32, b: u32): u32 {
  return rotl(a, b) ^ rotr(a, b + 1);
}
export function counts(a: u32, b: u32): u32 {
  return clz(a) * 10000 + ctz(b) * 100 + popcnt(a ^ b);
}
export function compare(a: i32, b: i32): i32 {
  let bits = 0;
  if (a < b) bits |= 1;
  if (a <= b) bits |= 2;
  if (<u32>a < <u32>b) bits |= 4;
  if (<u32>a >= <u32>b) bits |= 8;
  if (a == b) bits |= 16;
  if (!(a > b)) bits |= 32;
  if (!a) bits |= 64;
  if (b) bits |= 128;
  return bits;
}
/** Comparisons as numbers: their difference is negative, and widens. */
export function truthsAsNumbers(a: i32, b: i32): i64 {
  return <i64>(<i32>(a < b) - <i32>(b < a)) + <i64>(<u32>(a == b) * 5);
}
export function narrow(a: i32, b: i32): i32 {
  return <i32>(<i8>a) + <i32>(<i16>b) + <i32>(<u8>b) + <i32>(<u16>a);
}
export function divConstants(a: i32, b: i32): i32 {
  return a / 7 + b / -1 + (a % 16) + b / 10 + <u32>a / 3 - (<u32>b % 1000);
}
export function selects(a: i32, b: i32): i32 {
  return min(a, b) * 3 + max<u32>(a, b) + (a > b ? a : b) + select(a, b, a & 1);
}
export function addSub64(a: i64, b: i64): i64 {
  return a + b - (a ^ b) * 3;
}
export function divS64(a: i64, b: i64): i64 {
  return a / b;
}
export function divU64(a: u64, b: u64): u64 {
  return a / b;
}
export function remS64(a: i64, b: i64): i64 {
  return a % b;
}
export function remU64(a: u64, b: u64): u64 {
  return a % b;
}
export function shifts64(a: i64, b: i64): i64 {
  return (a << b) ^ (a >> b) ^ <i64>(<u64>a >> b) ^ <i64>rotl<u64>(a, b) ^ <i64>rotr<u64>(a, b + 3);
}
export function counts64(a: u64, b: u64): u64 {
  return clz(a) * 10000 + ctz(b) * 100 + popcnt(a ^ b);
}
export function compare64(a: i64, b: i64): i32 {
  return (
    <i32>(a < b) | ((<i32>(<u64>a < <u64>b)) << 1) | ((<i32>(a == b)) << 2) | ((<i32>(a >= b)) << 3) | ((<i32>!a) << 4)
  );
}
export function widen(a: i32, b: u32): i64 {
  return <i64>a * 3 + <i64>(<u64>b) - <i64>(<i8>a);
}
export function wrap(a: i64, b: i64): i32 {
  return <i32>a * <i32>b + <i32>(a >> 32) + <i32>(<i16>b);
}
export function constants(a: i64, b: i64): i64 {
  return a + i64.MIN_VALUE - (b ^ 0x7fffffffffffffff) + <i64>i32.MIN_VALUE + (a < i64.MIN_VALUE + 1 ? 1 : 2);
}
