// Sequence numbers: a circle of 2^32, compared by the sign of their distance (RFC 9293 §3.4).

/** Whether `a` comes before `b`. */
export function before(a: u32, b: u32): bool {
  return <i32>(a - b) < 0;
}

export function after(a: u32, b: u32): bool {
  return <i32>(b - a) < 0;
}

export function atOrBefore(a: u32, b: u32): bool {
  return <i32>(a - b) <= 0;
}

export function atOrAfter(a: u32, b: u32): bool {
  return <i32>(b - a) <= 0;
}

/** Whether `number` is in [start, end). */
export function within(number: u32, start: u32, end: u32): bool {
  return number - start < end - start;
}

export function earlier(a: u32, b: u32): u32 {
  return before(a, b) ? a : b;
}

export function later(a: u32, b: u32): u32 {
  return before(a, b) ? b : a;
}
