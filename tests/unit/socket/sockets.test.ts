// AF_UNIX sockets against models, and the ring that they keep their bytes in. A failure of a random test prints its seed;
// SEED=n runs that one.

import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "../../../simulator/entropy.ts";
import { instantiate } from "../../../simulator/instantiate.ts";
import { buildWasm } from "../../../tools/kernel/wasm.ts";

interface Exports {
  dataBuffer(): number;
  setUp(ramBytes: bigint, firstFree: bigint): void;
  freeFrames(): bigint;
  closedWitnesses(): number;
  pair(family: number, type: number): number;
  create(family: number, type: number): number;
  close(number: number): void;
  send(number: number, length: number, withWitness: number, carried: number): number;
  receive(number: number, length: number, isPeek: number): number;
  filesReceived(): number;
  poll(number: number): number;
  shutdown(number: number, how: number): number;
  bind(number: number, name: number): number;
  connect(number: number, name: number): number;
  listen(number: number, backlog: number): number;
  accept(number: number): number;
  ringAppend(length: number): number;
  ringCopy(offset: number, length: number): number;
  ringDrop(length: number): void;
  ringCut(length: number): void;
  ringLength(): number;
}

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_SEQPACKET = 5;
const EAGAIN = 11;
const EINVAL = 22;
const EPIPE = 32;
const EPROTOTYPE = 91;
const EMSGSIZE = 90;
const EADDRINUSE = 98;
const ECONNRESET = 104;
const EISCONN = 106;
const ENOTCONN = 107;
const ECONNREFUSED = 111;
const POLLIN = 1;
const POLLOUT = 4;
const POLLERR = 8;
const POLLHUP = 0x10;
const POLLRDHUP = 0x2000;
const RAM = 32n << 20n;

const wasm = await buildWasm(new URL("./sockets.as.ts", import.meta.url), { initialMemory: 0x800000 });
const seeds = process.env.SEED === undefined ? [1, 2, 3, 4, 5] : [Number(process.env.SEED)];

/** Sockets on a machine of their own. */
class Host {
  readonly call: Exports;
  readonly freeAtStart: bigint;
  readonly #linear: () => Uint8Array;

  constructor() {
    const instance = instantiate<Exports>(wasm, { ramBytes: Number(RAM) });
    this.call = instance.exports;
    this.#linear = instance.linear;
    this.call.setUp(RAM, 0x100000n);
    this.freeAtStart = this.call.freeFrames();
  }

  buffer(): Uint8Array {
    const start = this.call.dataBuffer();
    return this.#linear().subarray(start, start + (1 << 20));
  }

  send(number: number, bytes: Uint8Array, withWitness = false, carried = -1): number {
    this.buffer().set(bytes);
    return this.call.send(number, bytes.length, withWitness ? 1 : 0, carried);
  }

  text(number: number, length = 1000, isPeek = false): string | number {
    const count = this.call.receive(number, length, isPeek ? 1 : 0);
    return count < 0 ? count : Buffer.from(this.buffer().subarray(0, count)).toString();
  }
}

const bytes = (text: string): Uint8Array => Buffer.from(text);

test("a stream carries bytes both ways, in parts", () => {
  const host = new Host();
  const left = host.call.pair(AF_UNIX, SOCK_STREAM);
  const right = left + 1;
  assert.equal(host.send(left, bytes("hello ")), 6);
  assert.equal(host.send(left, bytes("world")), 5);
  assert.equal(host.text(right, 8, true), "hello wo");
  assert.equal(host.text(right, 8), "hello wo");
  assert.equal(host.text(right), "rld");
  assert.equal(host.text(right), -EAGAIN);
  assert.equal(host.send(right, bytes("back")), 4);
  assert.equal(host.text(left), "back");
});

test("closing an end ends the other: first the data, then the end, then EPIPE", () => {
  const host = new Host();
  const left = host.call.pair(AF_UNIX, SOCK_STREAM);
  host.send(left, bytes("rest"));
  host.call.close(left);
  assert.equal(host.call.poll(left + 1) & (POLLIN | POLLHUP | POLLRDHUP), POLLIN | POLLHUP | POLLRDHUP);
  assert.equal(host.text(left + 1), "rest");
  assert.equal(host.text(left + 1), "");
  assert.equal(host.send(left + 1, bytes("x")), -EPIPE);
});

test("closing with data unread is ECONNRESET for the writer, once", () => {
  const host = new Host();
  const left = host.call.pair(AF_UNIX, SOCK_STREAM);
  host.send(left, bytes("unread"));
  host.call.close(left + 1);
  assert.notEqual(host.call.poll(left) & POLLERR, 0);
  assert.equal(host.text(left), -ECONNRESET);
  assert.equal(host.text(left), "");
});

test("a peer that does not read stops the writer; reading lets it go on", () => {
  const host = new Host();
  const left = host.call.pair(AF_UNIX, SOCK_STREAM);
  let total = 0;
  for (let sent = 1; sent > 0; total += Math.max(sent, 0)) sent = host.send(left, new Uint8Array(10000));
  assert.ok(total >= 200_000 && total <= 300_000, `${total}`);
  assert.equal(host.call.poll(left) & POLLOUT, 0);
  assert.equal(host.call.receive(left + 1, 1 << 20, 0), total);
  assert.equal(host.call.poll(left) & POLLOUT, POLLOUT);
});

test("connections wait to be accepted, up to the backlog and one", () => {
  const host = new Host();
  const listener = host.call.create(AF_UNIX, SOCK_STREAM);
  const clients = Array.from({ length: 4 }, () => host.call.create(AF_UNIX, SOCK_STREAM));
  assert.equal(host.call.connect(clients[0] as number, 7), -ECONNREFUSED);
  assert.equal(host.call.bind(listener, 7), 0);
  assert.equal(host.call.bind(listener, 8), -EINVAL);
  assert.equal(host.call.bind(clients[0] as number, 7), -EADDRINUSE);
  assert.equal(host.call.connect(clients[0] as number, 7), -ECONNREFUSED);
  assert.equal(host.call.listen(listener, 1), 0);
  assert.equal(host.call.accept(listener), -EAGAIN);
  assert.equal(host.call.connect(clients[0] as number, 7), 0);
  assert.equal(host.call.connect(clients[0] as number, 7), -EISCONN);
  assert.equal(host.call.connect(clients[1] as number, 7), 0);
  assert.equal(host.call.connect(clients[2] as number, 7), -EAGAIN);
  host.send(clients[0] as number, bytes("first"));
  const accepted = host.call.accept(listener);
  assert.equal(host.text(accepted), "first");
  assert.equal(host.call.connect(clients[2] as number, 7), 0);
  const other = host.call.create(AF_UNIX, SOCK_SEQPACKET);
  assert.ok([-EPROTOTYPE, -ECONNREFUSED].includes(host.call.connect(other, 7)));
  host.call.close(listener);
  assert.equal(host.text(clients[1] as number), -ECONNRESET);
  assert.equal(host.call.connect(clients[3] as number, 7), -ECONNREFUSED);
});

for (const type of [SOCK_DGRAM, SOCK_SEQPACKET]) {
  test(`messages of type ${type} keep their bounds`, () => {
    const host = new Host();
    const left = host.call.pair(AF_UNIX, type);
    host.send(left, bytes("one"));
    host.send(left, bytes(""));
    host.send(left, bytes("three"));
    assert.equal(host.text(left + 1, 2), "on");
    assert.equal(host.text(left + 1), "");
    assert.equal(host.text(left + 1), "three");
    assert.equal(host.text(left + 1), -EAGAIN);
    assert.equal(host.send(left, new Uint8Array(1 << 20)), -EMSGSIZE);
    let count = 0;
    while (host.send(left, bytes("x")) === 1) count++;
    assert.ok(count >= 10 && count <= 4096, `${count}`);
    assert.equal(host.call.poll(left) & POLLOUT, 0);
  });
}

test("a datagram goes to a name; without one it is ENOTCONN, to a closed one ECONNREFUSED", () => {
  const host = new Host();
  const a = host.call.create(AF_UNIX, SOCK_DGRAM);
  const b = host.call.create(AF_UNIX, SOCK_DGRAM);
  assert.equal(host.send(a, bytes("x")), -ENOTCONN);
  host.call.bind(b, 1);
  assert.equal(host.call.connect(a, 1), 0);
  assert.equal(host.send(a, bytes("x")), 1);
  assert.equal(host.text(b), "x");
  host.call.close(b);
  assert.equal(host.send(a, bytes("x")), -ECONNREFUSED);
});

test("descriptors keep their place in a stream, and close with what carries them", () => {
  const host = new Host();
  const left = host.call.pair(AF_UNIX, SOCK_STREAM);
  host.send(left, bytes("plain"));
  host.send(left, bytes("with"), true);
  host.send(left, bytes("after"));
  assert.equal(host.text(left + 1, 100), "plainwith");
  assert.equal(host.call.filesReceived(), 1);
  assert.equal(host.call.closedWitnesses(), 1);
  assert.equal(host.text(left + 1, 100), "after");
  assert.equal(host.call.filesReceived(), 0);
  host.send(left, bytes("lost"), true);
  host.call.close(left);
  assert.equal(host.call.closedWitnesses(), 1);
  host.call.close(left + 1);
  assert.equal(host.call.closedWitnesses(), 2);
  assert.equal(host.call.freeFrames(), host.freeAtStart);
});

test("sockets that only wait in their own queues are freed, and those that somebody can reach are not", () => {
  const host = new Host();
  const left = host.call.pair(AF_UNIX, SOCK_STREAM);
  host.send(left, bytes("cycle"), true, left + 1);
  host.send(left + 1, bytes("cycle"), true, left);
  host.call.close(left);
  host.call.close(left + 1);
  // A pair whose end waits at a reachable socket stays.
  const outer = host.call.pair(AF_UNIX, SOCK_STREAM);
  const inner = host.call.pair(AF_UNIX, SOCK_STREAM);
  host.send(inner, bytes("kept"), true);
  host.send(outer, bytes("inner"), false, inner + 1);
  host.call.close(inner + 1);
  // Any close of a socket looks for garbage.
  host.call.close(host.call.create(AF_UNIX, SOCK_STREAM));
  assert.equal(host.call.closedWitnesses(), 2);
  assert.equal(host.text(outer + 1), "inner");
  for (const number of [outer, outer + 1, inner]) host.call.close(number);
  assert.equal(host.call.closedWitnesses(), 3);
  assert.equal(host.call.freeFrames(), host.freeAtStart);
});

test("a long chain of sockets within sockets comes down without depth", () => {
  const host = new Host();
  let first = host.call.pair(AF_UNIX, SOCK_STREAM);
  for (let i = 0; i < 500; i++) {
    const next = host.call.pair(AF_UNIX, SOCK_STREAM);
    host.send(next, bytes("x"), true, first + 1);
    host.call.close(first);
    host.call.close(first + 1);
    first = next;
  }
  host.call.close(first);
  host.call.close(first + 1);
  assert.equal(host.call.closedWitnesses(), 500);
  assert.equal(host.call.freeFrames(), host.freeAtStart);
});

for (const seed of seeds) {
  test(`the ring is a queue of bytes (seed ${seed})`, () => {
    const host = new Host();
    const random = new SeededRandom(seed);
    const below = (limit: number): number => Number(random.next64() % BigInt(limit));
    let model = Buffer.alloc(0);
    for (let step = 0; step < 3000; step++) {
      const what = below(10);
      if (what < 5 && model.length < 200_000) {
        const part = Buffer.alloc(below(below(4) === 0 ? 20_000 : 300));
        for (let i = 0; i < part.length; i++) part[i] = (step + i * 7) & 0xff;
        host.buffer().set(part);
        assert.equal(host.call.ringAppend(part.length), part.length, `seed ${seed}, step ${step}`);
        model = Buffer.concat([model, part]);
      } else if (what < 8) {
        const count = below(model.length + 1);
        host.call.ringDrop(count);
        model = model.subarray(count);
      } else if (what === 8) {
        const offset = below(model.length + 1);
        const count = below(model.length - offset + 1);
        assert.equal(host.call.ringCopy(offset, count), count, `seed ${seed}, step ${step}`);
        const found = Buffer.from(host.buffer().subarray(0, count));
        assert.ok(found.equals(model.subarray(offset, offset + count)), `seed ${seed}, step ${step}`);
      } else {
        const count = below(Math.min(model.length, 9000) + 1);
        host.call.ringCut(count);
        model = model.subarray(0, model.length - count);
      }
      assert.equal(host.call.ringLength(), model.length, `seed ${seed}, step ${step}`);
    }
    host.call.ringDrop(model.length);
    assert.equal(host.call.freeFrames(), host.freeAtStart, `seed ${seed}: frames left behind`);
  });
}
