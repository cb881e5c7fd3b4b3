// Loads and stores of every width, block operations that overlap, growth, and accesses out of bounds.

const area = memory.data(256);

export function stores(value: i64): i64 {
  store<u64>(area, 0);
  store<u8>(area, <u8>value);
  store<u16>(area + 1, <u16>value);
  store<u32>(area, <u32>value, 3);
  store<i64>(area + 9, value);
  store<u8>(area, <u8>(value >> 8), 20);
  return (
    <i64>load<i8>(area) +
    load<u8>(area) * 3 +
    load<i16>(area, 1) +
    load<u16>(area, 9) +
    load<i32>(area, 2) +
    <i64>load<u32>(area, 11) +
    load<i64>(area, 5) +
    <i64>load<i8>(area, 20)
  );
}
export function wideLoads(value: u64): u64 {
  store<u64>(area, value, 32);
  return (
    <u64>load<i8>(area, 33) ^
    ((<u64>load<u8>(area, 34)) << 1) ^
    ((<u64>load<i16>(area, 35)) << 2) ^
    ((<u64>load<u16>(area, 36)) << 3) ^
    ((<u64>load<i32>(area, 33)) << 4) ^
    ((<u64>load<u32>(area, 34)) << 5)
  );
}
export function at(address: u32): i32 {
  return load<i32>(address);
}
export function atOffset(address: u32): i32 {
  return load<i32>(address, 0x7fffffff);
}
export function addressWraps(address: u32): i32 {
  return load<i32>(address + 0x1010);
}
export function storeAt(address: u32, value: i32): i32 {
  store<i32>(address, value);
  return load<i32>(address) + load<u8>(address, 3);
}
function checksum(): u64 {
  let hash: u64 = 1;
  for (let i = 0; i < 256; i++) hash = hash * 1099511628211 + load<u8>(area + i);
  return hash;
}
export function overlap(from: i32, to: i32, length: i32): u64 {
  for (let i = 0; i < 256; i++) store<u8>(area + i, <u8>(i * 7 + 1));
  memory.copy(area + to, area + from, length);
  return checksum();
}
export function fill(from: i32, byte: i32, length: i32): u64 {
  memory.fill(area + from, <u8>byte, length);
  return checksum();
}
export function copyOut(to: u32, length: u32): void {
  memory.copy(to, area, length);
}
export function grow(pages: i32): i32 {
  const before = memory.grow(pages);
  return before * 1000 + memory.size();
}
@unmanaged
class Header {
  kind: u8;
  flags: u8;
  length: u16;
  next: Header | null;
  stamp: u64;
}
export function overlay(kind: i32): i64 {
  const header = changetype<Header>(area);
  header.kind = <u8>kind;
  header.flags = 0x80;
  header.length = 0x1234;
  header.next = header;
  header.stamp = 0xfedcba9876543210;
  const next = header.next;
  return next ? <i64>next.stamp + next.length * next.kind + load<u32>(area) : 0;
}
