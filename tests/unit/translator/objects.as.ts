// Classes, virtual and indirect calls, strings, arrays and maps, on asc's own runtime.

abstract class Shape {
  constructor(public id: i32) {}
  abstract area(): i32;
  scale(by: i32): i32 {
    return this.area() * by;
  }
  get name(): string {
    return "shape" + this.id.toString();
  }
}
class Square extends Shape {
  side: i32 = 3;
  area(): i32 {
    return this.side * this.side;
  }
}
class Rectangle extends Square {
  height: i32 = 4;
  area(): i32 {
    return this.side * this.height;
  }
  scale(by: i32): i32 {
    return super.scale(by) + 1;
  }
}
class Circle extends Shape {
  radius: u8 = 200;
  wide: u64 = 0x1122334455667788;
  area(): i32 {
    return <i32>this.radius * 3 + <i32>this.wide;
  }
}

export function shapes(n: i32): i32 {
  const all: Shape[] = [new Square(1), new Rectangle(2), new Circle(3)];
  let sum = 0;
  for (let i = 0; i < all.length; i++) sum += all[i].scale(n) + all[i].name.length;
  return all[n].area() + sum;
}

function twice(x: i32): i32 {
  return x * 2;
}
function square(x: i32): i32 {
  return x * x;
}
function wide(x: i64): i64 {
  return x << 33;
}
const table: ((x: i32) => i32)[] = [twice, square];
export function indirect(which: i32, x: i32): i32 {
  return table[which](x);
}
export function indirectWide(x: i64): i64 {
  const f = wide;
  return f(x);
}
export function wrongIndirect(slot: i32): i32 {
  return call_indirect<i32>(slot, 5);
}
export function closures(n: i32): i32 {
  const numbers: i32[] = [];
  for (let i = 0; i < n; i++) numbers.push((i * 37) % 101);
  numbers.sort((a, b) => a - b);
  return numbers.map<i32>((value, index) => value * index).reduce((sum, value) => sum ^ value, 0);
}
export function text(n: i32): i32 {
  let s = "";
  for (let i = 0; i < n; i++) s += String.fromCharCode(65 + (i % 26)) + i.toString();
  return s.length * 1000 + s.indexOf("C28") + s.charCodeAt(n) + (s.substring(3, 9) == "3E4F5G" ? 1 : 0);
}
export function maps(n: i32): i32 {
  const map = new Map<string, i32>();
  for (let i = 0; i < n; i++) map.set((i % 17).toString(), i);
  let sum = 0;
  const keys = map.keys();
  for (let i = 0; i < keys.length; i++) sum = sum * 3 + map.get(keys[i]);
  return sum + map.size;
}
export function bytes(n: i32): u64 {
  const array = new Uint8Array(64);
  for (let i = 0; i < 64; i++) array[i] = <u8>(i * n);
  array.copyWithin(5, 0, 40);
  array.fill(0xee, 50, 60);
  let hash: u64 = 0xcbf29ce484222325;
  for (let i = 0; i < 64; i++) hash = (hash ^ array[i]) * 0x100000001b3;
  return hash;
}
export function outOfRange(index: i32): i32 {
  const array = [1, 2, 3];
  return array[index];
}
export function nothing(): i32 {
  const shape: Shape | null = load<i32>(0) == 0x12345 ? new Square(1) : null;
  return shape!.id;
}
