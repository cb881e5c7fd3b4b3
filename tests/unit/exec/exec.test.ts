import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "../../../simulator/entropy.ts";
import { type Instance, instantiate } from "../../../simulator/instantiate.ts";
import { buildWasm } from "../../../tools/kernel/wasm.ts";

interface Exports {
  setUp(): void;
  freeCount(): bigint;
  setFile(size: number): void;
  page(index: number): bigint;
  parse(): number;
  entry(): bigint;
  segmentCount(): number;
  headers(): bigint;
  isMovable(): number;
  hasExecutableStack(): number;
  interpreterLength(): number;
  load(): bigint;
  bias(): bigint;
  peek(address: bigint): number;
  protectionAt(address: bigint): number;
  unload(): void;
  readScript(): number;
  interpreterByte(index: number): number;
  argumentByte(index: number): number;
  gather(limit: bigint, name: bigint, nameLength: number, argv: bigint, envp: bigint): number;
  usedBytes(): bigint;
  argumentPlace(index: number): bigint;
  environmentPlace(index: number): bigint;
  argumentCount(): number;
  namePlace(): bigint;
  stringByte(below: bigint): number;
  discardStrings(): void;
  popArgument(): void;
}

const wasm = await buildWasm(new URL("./exec.as.ts", import.meta.url));
const PAGE = 4096;
const [ENOEXEC, EFAULT, E2BIG] = [-8, -14, -7];
const [PT_LOAD, PT_INTERP, PT_GNU_STACK] = [1, 3, 0x6474e551];
const [X, W, R] = [1, 2, 4];

interface Segment {
  type?: number;
  flags?: number;
  offset?: number | bigint;
  address?: number | bigint;
  fileSize?: number | bigint;
  memorySize?: number | bigint;
  alignment?: number | bigint;
}

/** An ELF file of `size` bytes with these program headers; `patch` spoils what it likes. */
function makeElf(segments: Segment[], size: number, patch: (bytes: Buffer) => void = () => {}): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.write("\x7fELF", 0, "latin1");
  bytes.set([2, 1, 1], 4);
  bytes.writeUInt16LE(2, 16);
  bytes.writeUInt16LE(62, 18);
  bytes.writeUInt32LE(1, 20);
  bytes.writeBigUInt64LE(0x401000n, 24);
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeUInt16LE(64, 52);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(segments.length, 56);
  segments.forEach((segment, i) => {
    const at = 64 + i * 56;
    const fileSize = BigInt(segment.fileSize ?? 0);
    bytes.writeUInt32LE(segment.type ?? PT_LOAD, at);
    bytes.writeUInt32LE(segment.flags ?? R, at + 4);
    bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(segment.offset ?? 0)), at + 8);
    bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(segment.address ?? 0)), at + 16);
    bytes.writeBigUInt64LE(BigInt.asUintN(64, fileSize), at + 32);
    bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(segment.memorySize ?? fileSize)), at + 40);
    bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(segment.alignment ?? 4096)), at + 48);
  });
  patch(bytes);
  return bytes;
}

function setFile({ exports, machine }: Instance<Exports>, bytes: Buffer): void {
  exports.setFile(bytes.length);
  for (let at = 0; at < bytes.length; at += PAGE) {
    machine.memory.ram.set(bytes.subarray(at, at + PAGE), Number(exports.page(at / PAGE)));
  }
}

function boot(): Instance<Exports> {
  const instance = instantiate<Exports>(wasm, { ramBytes: 32 << 20 });
  instance.exports.setUp();
  return instance;
}

const text: Segment = { flags: R | X, offset: 0, address: 0x400000, fileSize: 0x1800 };
const data: Segment = { flags: R | W, offset: 0x1800, address: 0x402800, fileSize: 0x400, memorySize: 0x3000 };

test("a static program is read and mapped, with zeros beyond its file's part", () => {
  const machine = boot();
  const { exports } = machine;
  const bytes = makeElf([text, data, { type: PT_GNU_STACK, flags: R | W }], 0x3000, (b) => b.fill(0xaa, 0x1000));
  setFile(machine, bytes);
  assert.equal(exports.parse(), 0);
  assert.equal(exports.entry(), 0x401000n);
  assert.equal(exports.headers(), 0x400040n);
  assert.deepEqual([exports.isMovable(), exports.hasExecutableStack(), exports.interpreterLength()], [0, 0, -1]);
  assert.equal(exports.load(), 0n);
  assert.equal(exports.bias(), 0n);
  assert.equal(exports.peek(0x400001n), 0x45);
  assert.equal(exports.peek(0x402800n), 0xaa);
  assert.equal(exports.peek(0x402bffn), 0xaa);
  assert.equal(exports.peek(0x402c00n), 0, "the rest of the page is zero, whatever follows in the file");
  assert.equal(exports.peek(0x404fffn), 0);
  assert.equal(exports.peek(0x406000n), -1);
  assert.deepEqual([exports.protectionAt(0x400000n), exports.protectionAt(0x404000n)], [5, 3]);
});

test("a movable program goes to the program area, its interpreter's path is read", () => {
  const machine = boot();
  const { exports } = machine;
  const interp: Segment = { type: PT_INTERP, offset: 0x200, fileSize: 28 };
  const bytes = makeElf([interp, { ...text, address: 0 }, { ...data, address: 0x2800 }], 0x3000, (b) => {
    b.writeUInt16LE(3, 16);
    b.write("/lib64/ld-linux-x86-64.so.2\0", 0x200, "latin1");
  });
  setFile(machine, bytes);
  assert.equal(exports.parse(), 0);
  assert.equal(exports.interpreterLength(), 27);
  assert.equal(exports.load(), 0n);
  const bias = exports.bias();
  assert.ok(bias >= 0x555555554000n && bias < 0x600000000000n && bias % 4096n === 0n, bias.toString(16));
  assert.equal(exports.peek(bias + 1n), 0x45);
});

test("headers that lie are no program", () => {
  const machine = boot();
  const cases: [string, Buffer][] = [
    ["an empty file", Buffer.alloc(0)],
    ["a short file", Buffer.from("\x7fELF")],
    ["text", Buffer.from("hello, world".repeat(20))],
    ["32 bits", makeElf([text], 0x3000, (b) => b.writeUInt8(1, 4))],
    ["big endian", makeElf([text], 0x3000, (b) => b.writeUInt8(2, 5))],
    ["another machine", makeElf([text], 0x3000, (b) => b.writeUInt16LE(183, 18))],
    ["an object file", makeElf([text], 0x3000, (b) => b.writeUInt16LE(1, 16))],
    ["program headers of another size", makeElf([text], 0x3000, (b) => b.writeUInt16LE(32, 54))],
    ["no program headers", makeElf([], 0x3000)],
    ["program headers beyond the file", makeElf([text], 0x3000, (b) => b.writeBigUInt64LE(0x2ff0n, 32))],
    [
      "program headers at the end of numbers",
      makeElf([text], 0x3000, (b) => b.writeBigUInt64LE(~0n & 0xffffffffffffffffn, 32)),
    ],
    ["65535 program headers", makeElf([text], 0x3000, (b) => b.writeUInt16LE(65535, 56))],
    ["nothing to load", makeElf([{ type: PT_GNU_STACK }], 0x3000)],
    ["more in the file than in memory", makeElf([{ ...text, memorySize: 0x100 }], 0x3000)],
    ["a segment beyond the file", makeElf([{ ...text, fileSize: 0x9000 }], 0x3000)],
    ["an offset that overflows", makeElf([{ ...text, offset: -4096n, fileSize: 0x2000 }], 0x3000)],
    ["an address in the kernel", makeElf([{ ...text, address: 0xffffffff80000000n }], 0x3000)],
    ["an address that overflows", makeElf([{ ...text, address: -4096n }], 0x3000)],
    ["a size that overflows", makeElf([{ ...text, memorySize: -1n }], 0x3000)],
    ["offset and address that do not fit", makeElf([{ ...text, address: 0x400100 }], 0x3000)],
    ["an interpreter without a name", makeElf([text, { type: PT_INTERP, offset: 0x2000, fileSize: 4 }], 0x3000)],
    [
      "an interpreter without an end",
      makeElf([text, { type: PT_INTERP, offset: 0x2000, fileSize: 4 }], 0x3000, (b) => b.fill(65, 0x2000)),
    ],
    ["an interpreter beyond the file", makeElf([text, { type: PT_INTERP, offset: 0x2ffe, fileSize: 9 }], 0x3000)],
  ];
  for (const [name, bytes] of cases) {
    setFile(machine, bytes);
    assert.equal(machine.exports.parse(), ENOEXEC, name);
  }
});

test("no spoiled header makes the loader fail, map wrongly or keep memory", () => {
  const machine = boot();
  const { exports } = machine;
  const random = new SeededRandom(7);
  const good = makeElf([text, data, { type: PT_INTERP, offset: 0x200, fileSize: 28 }], 0x3000, (b) =>
    b.write("/lib64/ld-linux-x86-64.so.2\0", 0x200, "latin1"),
  );
  let loaded = 0;
  setFile(machine, good);
  exports.unload();
  const before = exports.freeCount();
  for (let round = 0; round < 3000; round++) {
    const bytes = Buffer.from(good);
    for (let i = 0; i <= random.below(3); i++) {
      const at = random.below(64 + 3 * 56);
      if (random.below(2)) bytes.writeUInt8(random.below(256), at);
      else bytes.writeUInt8(random.below(2) ? 0xff : 0, at);
    }
    setFile(machine, bytes);
    if (exports.parse() === 0 && exports.load() === 0n) loaded++;
    exports.unload();
    assert.equal(exports.freeCount(), before, `round ${round}: frames are lost`);
  }
  assert.ok(loaded > 100);
});

test("a script's first line names its interpreter and one argument", () => {
  const machine = boot();
  const { exports } = machine;
  const read = (line: string) => {
    setFile(machine, Buffer.from(line));
    const kind = exports.readScript();
    const bytes = (at: (i: number) => number) => {
      let word = "";
      for (let i = 0; at(i) >= 0; i++) word += String.fromCharCode(at(i));
      return word;
    };
    return kind === 1 ? [bytes(exports.interpreterByte), bytes(exports.argumentByte)] : kind;
  };
  assert.deepEqual(read("#!/bin/sh\necho"), ["/bin/sh", ""]);
  assert.deepEqual(read("#! /usr/bin/env  node --title x \n"), ["/usr/bin/env", "node --title x"]);
  assert.deepEqual(read("#!/bin/sh"), ["/bin/sh", ""]);
  assert.deepEqual(read("#!/bin/sh\t-e\t\n"), ["/bin/sh", "-e"]);
  assert.equal(read("#!\n"), ENOEXEC);
  assert.equal(read("#!   \n"), ENOEXEC);
  assert.equal(read(`#!${"x".repeat(300)}\n`), ENOEXEC, "a name longer than the line");
  assert.equal(read("\x7fELF"), 0);
  assert.equal(read("#"), 0);
  assert.equal(read(""), 0);
});

test("arguments and environment lie in order at the top of the stack", () => {
  const machine = boot();
  const { exports } = machine;
  const { user } = machine.machine;
  const BASE = 0x10000n;
  user.map(BASE, 64 * PAGE);
  const strings = ["/bin/program", "first", "", "x".repeat(5000), "A=1", "B=two"];
  const places: bigint[] = [];
  let at = BASE + 0x1000n;
  for (const each of strings) {
    places.push(at);
    user.write(at, Buffer.from(`${each}\0`));
    at += BigInt(each.length) + 1n;
  }
  const vector = (items: bigint[], address: bigint) => {
    const bytes = Buffer.alloc((items.length + 1) * 8);
    for (const [i, item] of items.entries()) bytes.writeBigUInt64LE(item, i * 8);
    user.write(address, bytes);
    return address;
  };
  const argv = vector(places.slice(0, 4), BASE);
  const envp = vector(places.slice(4), BASE + 0x100n);
  const before = exports.freeCount();
  const limit = 8n << 20n;
  assert.equal(exports.gather(limit, places[0] ?? 0n, 12, argv, envp), 0);
  const readAt = (below: bigint) => {
    let word = "";
    for (let i = below; exports.stringByte(i) !== 0; i--) word += String.fromCharCode(exports.stringByte(i));
    return word;
  };
  assert.deepEqual(
    [0, 1, 2, 3].map((i) => readAt(exports.argumentPlace(i))),
    strings.slice(0, 4),
  );
  assert.deepEqual(
    [0, 1].map((i) => readAt(exports.environmentPlace(i))),
    strings.slice(4),
  );
  assert.equal(readAt(exports.namePlace()), "/bin/program");
  assert.equal(exports.argumentPlace(0), exports.usedBytes());
  exports.popArgument();
  assert.equal(exports.usedBytes(), exports.argumentPlace(0));
  exports.discardStrings();
  assert.equal(exports.freeCount(), before);

  assert.equal(exports.gather(limit, places[0] ?? 0n, 12, 0n, 0n), 0);
  assert.equal(exports.argumentCount(), 1, "a program always has a first argument");
  assert.equal(exports.gather(limit, BASE, 0, 0x8n, 0n), EFAULT);
  assert.equal(exports.gather(limit, BASE, 0, vector([0x99n], BASE), 0n), EFAULT);
  const many = vector(new Array<bigint>(6000).fill(places[3] ?? 0n), BASE + 0x8000n);
  assert.equal(exports.gather(limit, BASE, 0, many, 0n), E2BIG, "more than a quarter of the stack");
  exports.discardStrings();
  assert.equal(exports.freeCount(), before);
});
