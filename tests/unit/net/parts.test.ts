import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "../../../simulator/entropy.ts";
import { instantiate } from "../../../simulator/instantiate.ts";
import { DIRECT_BASE } from "../../../simulator/memory-map.ts";
import { buildWasm } from "../../../tools/kernel/wasm.ts";
import { sum16 } from "./offload.ts";

interface Exports {
  makeTimer(): number;
  arm(id: number, deadline: bigint): void;
  cancel(id: number): void;
  remove(id: number): void;
  expire(now: bigint): void;
  next(): bigint;
  sum(address: bigint, length: number): number;
  format(high: bigint, low: bigint): bigint;
  formatted(): number;
  parse(address: bigint, length: number): number;
  parsedHigh(): bigint;
  parsedLow(): bigint;
  parsedPrefix(): number;
  root(value: bigint): bigint;
  sip(a: bigint, b: bigint, c: bigint): bigint;
  lose(count: number, perMillion: number): bigint;
}

const wasm = await buildWasm(new URL("./parts.as.ts", import.meta.url));

function parts() {
  const fired: { id: number; now: bigint }[] = [];
  const instance = instantiate<Exports>(wasm, {
    imports: {
      "parts.as": {
        expired: (id: number, now: bigint) => {
          fired.push({ id, now });
        },
        byteAt: (address: bigint): number => instance.machine.memory.read(address, 1)[0] ?? 0,
      },
    },
  });
  return { ...instance, fired };
}

test("timers go off in order, at their time, once; re-arming and cancelling hold", () => {
  const { exports, fired } = parts();
  const random = new SeededRandom(5);
  const deadlines = new Map<number, bigint>();
  for (let i = 0; i < 300; i++) exports.makeTimer();
  let now = 0n;
  for (let step = 0; step < 5000; step++) {
    const id = random.below(300);
    const kind = random.below(10);
    if (kind < 7) {
      const at = now + BigInt(random.below(1000));
      exports.arm(id, at);
      deadlines.set(id, at);
    } else {
      if (kind === 7) exports.cancel(id);
      else exports.remove(id);
      deadlines.delete(id);
    }
    if (random.below(3) > 0) continue;
    now += BigInt(random.below(50));
    const earliest = [...deadlines.values()].reduce((a, b) => (a < b ? a : b), 1n << 64n);
    assert.ok(BigInt.asUintN(64, exports.next()) <= earliest, "the queue asks to be called too late");
    exports.expire(now);
    const due = [...deadlines].filter(([, at]) => at <= now);
    assert.deepEqual(fired.map(({ id: timer }) => timer).sort(), due.map(([timer]) => timer).sort());
    const order = fired.map(({ id: timer }) => deadlines.get(timer) ?? 0n);
    assert.ok(
      order.every((at, i) => i === 0 || (order[i - 1] ?? 0n) <= at),
      "out of order",
    );
    for (const [timer] of due) deadlines.delete(timer);
    fired.length = 0;
  }
});

test("the checksum equals the textbook's for every length and alignment", () => {
  const { exports, machine } = parts();
  const random = new SeededRandom(9);
  for (let length = 0; length < 80; length++) {
    const bytes = Uint8Array.from({ length }, () => random.below(256));
    const at = DIRECT_BASE + 4096n + BigInt(random.below(8));
    machine.memory.write(at, bytes);
    const expected = ~sum16(bytes, 0, length) & 0xffff;
    const stored = exports.sum(at, length) & 0xffff;
    assert.equal(((stored & 0xff) << 8) | (stored >> 8), expected, `length ${length}`);
  }
});

const ADDRESSES: readonly (readonly [string, bigint, bigint])[] = [
  ["10.0.2.15", 0n, 0xffff_0a00_020fn],
  ["255.255.255.255", 0n, 0xffff_ffff_ffffn],
  ["::", 0n, 0n],
  ["::1", 0n, 1n],
  ["fe80::1", 0xfe80_0000_0000_0000n, 1n],
  ["2001:db8::8:800:200c:417a", 0x2001_0db8_0000_0000n, 0x0008_0800_200c_417an],
  ["2001:db8:0:1:1:1:1:1", 0x2001_0db8_0000_0001n, 0x0001_0001_0001_0001n],
  ["1:0:0:2::3", 0x0001_0000_0000_0002n, 3n],
  ["1::", 0x0001_0000_0000_0000n, 0n],
];

test("RFC 5952: addresses as text, there and back", () => {
  const { exports, machine } = parts();
  for (const [text, high, low] of ADDRESSES) {
    const address = exports.format(high, low);
    assert.equal(Buffer.from(machine.memory.read(address, exports.formatted())).toString(), text);
    const at = DIRECT_BASE + 8192n;
    machine.memory.write(at, Buffer.from(text));
    assert.equal(exports.parse(at, text.length), 1, text);
    assert.equal(BigInt.asUintN(64, exports.parsedHigh()), high);
    assert.equal(BigInt.asUintN(64, exports.parsedLow()), low);
  }
});

test("text that is no address is refused", () => {
  const { exports, machine } = parts();
  const at = DIRECT_BASE + 8192n;
  for (const text of [
    "",
    "1",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "1.2.3.4/33",
    ":1",
    "1:",
    "1::2::3",
    "12345::",
    "g::",
    "1:2:3:4:5:6:7:8:9",
    "::/129",
  ]) {
    machine.memory.write(at, Buffer.from(text));
    assert.equal(exports.parse(at, text.length), 0, text);
  }
  machine.memory.write(at, Buffer.from("fd00::1/64"));
  assert.equal(exports.parse(at, 10), 1);
  assert.equal(exports.parsedPrefix(), 64);
});

test("the cube root is the whole part", () => {
  const { exports } = parts();
  for (const value of [0n, 1n, 7n, 8n, 26n, 27n, 2_500_000_000n, 10n ** 18n]) {
    const root = exports.root(value);
    assert.ok(root ** 3n <= value && (root + 1n) ** 3n > value, `${value}`);
  }
});

test("the keyed hash is SipHash-2-4", () => {
  const { exports } = parts();
  // The reference's vector for the 24 bytes 00 01 02 … 17 under the key 00 01 … 0f.
  const words = [0x0706050403020100n, 0x0f0e0d0c0b0a0908n, 0x1716151413121110n] as const;
  assert.equal(BigInt.asUintN(64, exports.sip(...words)), 0xb8ad50c6f649af94n);
});

test("the fault injector loses about as many packets as it is told to", () => {
  const { exports } = parts();
  assert.equal(exports.lose(200, 0), 200n);
  const through = Number(parts().exports.lose(1000, 300_000));
  assert.ok(through > 600 && through < 800, `${through} of 1000`);
});
