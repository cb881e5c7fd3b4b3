// Two of the kernel's stacks talk through a bad wire: every byte arrives once and in order, or the connection is reset.

import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "../../../simulator/entropy.ts";
import { Network, type Trouble } from "../../../simulator/wire.ts";
import { Feature, Host, type HostOptions, Option, State } from "./host.ts";

/** Byte `offset` of a stream. */
function streamByte(key: number, offset: number): number {
  return (offset * 31 + (offset >> 8) * 7 + key * 13) & 0xff;
}

interface Pair {
  network: Network;
  client: Host;
  server: Host;
}

function makePair(seed: number, trouble: Trouble, options: HostOptions = {}, isIpv6 = false): Pair {
  const network = new Network(seed, trouble);
  const client = new Host({ ...options, seed, hardware: 0x525400000001n });
  const server = new Host({ ...options, seed: seed + 1000, hardware: 0x525400000002n });
  network.add(client);
  network.add(server);
  if (isIpv6) {
    client.addStatic("fd00::1", 64);
    server.addStatic("fd00::2", 64);
    const calm = network.trouble;
    network.trouble = {};
    network.run({ untilMs: 3000 });
    network.trouble = calm;
  } else {
    client.addStatic("10.0.0.1", 24);
    server.addStatic("10.0.0.2", 24);
  }
  return { network, client, server };
}

interface Transfer {
  readonly seed: number;
  readonly bytes: number;
  readonly trouble: Trouble;
  readonly options?: HostOptions;
  readonly isIpv6?: boolean;
  readonly limitMs?: number;
  /** Both sides send. */
  readonly isDuplex?: boolean;
  readonly reno?: boolean;
  /** The reader takes at most so much at a time. */
  readonly sip?: number;
}

/** Move bytes from client to server (and back) and check each; returns the time it took in milliseconds. */
function transfer(plan: Transfer): number {
  const { network, client, server } = makePair(plan.seed, plan.trouble, plan.options, plan.isIpv6);
  const sent = [0, 0];
  const got = [0, 0];
  const hosts = [client, server];
  hosts.forEach((host, side) => {
    host.source = (_handle, into) => {
      for (let i = 0; i < into.length; i++) into[i] = streamByte(side, (sent[side] ?? 0) + i);
      sent[side] = (sent[side] ?? 0) + into.length;
    };
    host.sink = (_handle, bytes) => {
      const from = got[side] ?? 0;
      for (let i = 0; i < bytes.length; i++) {
        if (bytes[i] !== streamByte(1 - side, from + i)) assert.fail(`seed ${plan.seed}: byte ${from + i} is wrong`);
      }
      got[side] = from + bytes.length;
    };
  });
  const listener = server.listen(80);
  const option = plan.reno ? Option.RENO : -1;
  const connection = client.connect(plan.isIpv6 ? "fd00::2" : "10.0.0.2", 80, { option, value: 1 });
  assert.ok(connection >= 0, `connect: ${connection}`);
  let accepted = -1;
  const wants = [plan.bytes, plan.isDuplex ? plan.bytes : 0];
  const shut = [false, false];
  const work = (): void => {
    if (accepted < 0) accepted = server.accept(listener);
    const handles = [connection, accepted];
    hosts.forEach((host, side) => {
      const handle = handles[side] ?? -1;
      if (handle < 0) return;
      const left = (wants[side] ?? 0) - (sent[side] ?? 0);
      if (left > 0) host.write(handle, left);
      else if (!shut[side] && host.state(handle) === State.ESTABLISHED) {
        host.call((w) => w.tcpShutdown(handle));
        shut[side] = true;
      } else if (!shut[side] && host.state(handle) === State.CLOSE_WAIT) {
        host.call((w) => w.tcpShutdown(handle));
        shut[side] = true;
      }
      host.read(handle, plan.sip);
    });
  };
  const startNs = network.nowNs;
  const isDone = (): boolean =>
    got[1] === plan.bytes &&
    (!plan.isDuplex || got[0] === plan.bytes) &&
    accepted >= 0 &&
    !!client.wasm.tcpEnded(connection);
  const finished = network.run({ untilMs: plan.limitMs ?? 600_000, until: isDone, each: work });
  const report = `seed ${plan.seed}: got ${got}, sent ${sent}, states ${client.state(connection)} ${accepted >= 0 ? server.state(accepted) : "-"}
client ${JSON.stringify(client.counters())}
server ${JSON.stringify(server.counters())}`;
  assert.ok(finished, report);
  // Everything is given back: closed connections keep no packets.
  client.call((w) => w.tcpClose(connection, 0));
  server.call((w) => w.tcpClose(accepted, 0));
  network.trouble = {};
  network.run({ untilMs: 200_000 });
  for (const host of hosts) {
    assert.equal(host.wasm.headsUsed(), 0, `${report}: packets leak`);
    assert.equal(host.wasm.chunksUsed(), 0, `${report}: chunks leak`);
    assert.equal(host.wasm.tableLength(), 0, `${report}: conversations leak`);
  }
  return Number((network.nowNs - startNs) / 1_000_000n) - 200_000;
}

test("a clean wire carries a megabyte", () => {
  transfer({ seed: 1, bytes: 1_000_000, trouble: { delayMs: 1 } });
});

test("a clean wire carries a megabyte over IPv6", () => {
  transfer({ seed: 2, bytes: 1_000_000, trouble: { delayMs: 1 }, isIpv6: true });
});

test("devices that cut segments and sum up are used", () => {
  transfer({ seed: 3, bytes: 2_000_000, trouble: { delayMs: 5 }, options: { features: Feature.ALL } });
});

test("both directions at once", () => {
  transfer({ seed: 4, bytes: 500_000, trouble: { delayMs: 2, lossPerMille: 10 }, isDuplex: true });
});

test("a reader that sips does not stall the writer", () => {
  transfer({ seed: 5, bytes: 300_000, trouble: { delayMs: 1 }, sip: 777 });
});

test("seeded trouble of every kind", () => {
  const base = Number(process.env.SEED ?? 100);
  const rounds = Number(process.env.ROUNDS ?? 12);
  for (let seed = base; seed < base + rounds; seed++) {
    const random = new SeededRandom(seed);
    const trouble = {
      lossPerMille: random.below(100),
      duplicatePerMille: random.below(50),
      corruptPerMille: random.below(30),
      reorderPerMille: random.below(200),
      reorderMs: 1 + random.below(30),
      delayMs: 1 + random.below(60),
    };
    const options: HostOptions = {
      features: random.below(2) === 0 ? 0 : Feature.ALL,
      mtu: random.below(2) === 0 ? 1500 : 1280,
    };
    transfer({
      seed,
      bytes: 50_000 + random.below(150_000),
      trouble,
      options,
      isDuplex: random.below(2) === 0,
      isIpv6: random.below(2) === 0,
      reno: random.below(3) === 0,
      limitMs: 3_600_000,
    });
  }
});
