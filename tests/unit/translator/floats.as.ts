// Floating point, which only host-side tests use.

export function mixed(a: f64, b: f64): f64 {
  return ((a + b) * (a - b)) / (b + 1.5) + Math.sqrt(Math.abs(a)) - Math.floor(b) + Math.ceil(a);
}
export function minMax(a: f64, b: f64): f64 {
  return min(a, b) - max(a, b);
}
export function compare(a: f64, b: f64): i32 {
  return (
    <i32>(a < b) + <i32>(a <= b) * 2 + <i32>(a > b) * 4 + <i32>(a == b) * 8 + <i32>!(a >= b) * 16 + <i32>(a != b) * 32
  );
}
export function toInt(a: f64, b: f64): i32 {
  return <i32>(a + b);
}
export function toLong(a: f64, b: f64): u64 {
  return <u64>(a - b);
}
export function single(a: f64, b: f64): f32 {
  return <f32>a * <f32>b + <f32>1.1;
}
export function fromInts(a: i32, b: i64): f64 {
  return <f64>a + <f64>(<u32>a) * 2 + <f64>b + <f64>(<u64>b);
}
export function bits(a: f64, b: f64): u64 {
  return reinterpret<u64>(copysign(a, b)) ^ <u64>reinterpret<u32>(<f32>nearest(a)) ^ reinterpret<u64>(trunc(b));
}
