// Frames that nobody should send: random ones, and right ones with something changed, at every layer. The stack neither
// falls over nor keeps memory, and still serves an honest peer afterwards.

import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "../../../simulator/entropy.ts";
import { concat, ethernet, ipBytes, ipFrame, mac, tcpHeader, u16, u32 } from "./frames.ts";
import { completeChecksum, pseudoSum } from "./offload.ts";
import { linkOption, Neighbour, STATION } from "./neighbour.ts";

const SEED = Number(process.env.SEED ?? 1);
const ROUNDS = Number(process.env.ROUNDS ?? 3000);

function randomBytes(random: SeededRandom, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.below(256));
}

/** Honest frames of every kind, to begin with. */
function honest(n: Neighbour, random: SeededRandom): Uint8Array[] {
  const us = n.host.hardware;
  const port = 1024 + random.below(60_000);
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)] as T;
  const flags = pick(["S", "A", "SA", "FA", "R", "RA", "UA", "PA", "SFRPAU", ""]);
  const tcp = tcpHeader({
    sourcePort: pick([port, 40_000]),
    destinationPort: pick([80, 80, 81]),
    sequence: pick([0, 1000, 0x7fff_fff1, 0xffff_ffff]) + random.below(2000),
    acknowledgment: random.below(0x7fff_ffff),
    flags,
    window: random.below(65536),
    urgent: random.below(65536),
    options: pick([
      {},
      { mss: random.below(65536) },
      { timestamps: [random.below(1e9), 0] },
      { sack: [[1, 2]] },
      { scale: 255 },
    ]),
    payload: randomBytes(random, random.below(200)),
  });
  const udp = concat(u16(port), u16(pick([68, 5000, 546, 7])), u16(8 + 40), [0, 0], randomBytes(random, 40));
  const v4 = { source: "10.0.0.2", destination: "10.0.0.1" };
  const v6 = { source: "fd00::2", destination: "fd00::1" };
  const router = concat(
    [134, 0, 0, 0, 64, 0xc0, 0, 9],
    u32(0),
    u32(0),
    linkOption(1, STATION),
    randomBytes(random, 32),
  );
  const solicitation = concat([135, 0, 0, 0], u32(0), ipBytes("fd00::1"), linkOption(1, STATION));
  const advertisement = concat([136, 0, 0, 0], u32(random.below(1e9)), ipBytes("fd00::2"), linkOption(2, STATION));
  const dhcp = concat([2, 1, 6, 0], randomBytes(random, 232), u32(0x63825363), randomBytes(random, 60));
  const quoted = ipFrame(1n, 1n, { source: "10.0.0.1", destination: "10.0.0.2", protocol: 6 }, tcp).subarray(14);
  return [
    ethernet(
      us,
      STATION,
      0x0806,
      concat(u16(1), u16(0x800), [6, 4], u16(1), mac(STATION), ipBytes("10.0.0.2"), mac(0n), ipBytes("10.0.0.1")),
    ),
    ipFrame(us, STATION, { ...v4, protocol: 6 }, tcp, 16),
    ipFrame(us, STATION, { ...v6, protocol: 6 }, tcp, 16),
    ipFrame(us, STATION, { ...v4, protocol: 17 }, udp, 6),
    ipFrame(us, STATION, { ...v6, protocol: 17 }, udp, 6),
    ipFrame(us, STATION, { ...v4, protocol: 17, fragment: random.below(65536), identification: random.below(8) }, udp),
    ipFrame(us, STATION, { ...v6, protocol: 44 }, concat([17, 0], u16(random.below(65536)), u32(random.below(8)), udp)),
    ipFrame(
      us,
      STATION,
      { ...v6, protocol: pick([0, 43, 60, 51]) },
      concat([pick([6, 17, 44, 60]), random.below(4)], randomBytes(random, 60)),
    ),
    ipFrame(
      us,
      STATION,
      { ...v4, protocol: 1 },
      concat([random.below(20), random.below(16), 0, 0], randomBytes(random, 4), quoted),
      2,
    ),
    ipFrame(
      us,
      STATION,
      { ...v6, protocol: 58 },
      concat([random.below(6), 0, 0, 0], u32(1200), randomBytes(random, 60)),
      2,
    ),
    ipFrame(us, STATION, { source: "fe80::99", destination: "ff02::1", protocol: 58, hopLimit: 255 }, router, 2),
    ipFrame(us, STATION, { ...v6, protocol: 58, hopLimit: 255 }, pick([solicitation, advertisement]), 2),
    ipFrame(
      0xffff_ffff_ffffn,
      STATION,
      { source: "10.0.0.2", destination: "255.255.255.255", protocol: 17 },
      concat(u16(67), u16(68), u16(8 + dhcp.length), [0, 0], dhcp),
    ),
    ipFrame(us, STATION, { ...v4, destination: "224.0.0.1", protocol: 2 }, concat([0x11, 5, 0, 0], u32(0)), 2),
  ];
}

/** Change a few bytes, cut it, lengthen it, or leave it; sometimes with checksums put right again. */
function spoil(frame: Uint8Array, random: SeededRandom): Uint8Array {
  let bytes: Uint8Array = frame.slice();
  const kind = random.below(6);
  if (kind === 0) bytes = bytes.slice(0, random.below(bytes.length + 1));
  else if (kind === 1) bytes = concat(bytes, randomBytes(random, random.below(100)));
  else if (kind <= 4) {
    for (let i = 0; i <= random.below(6); i++)
      bytes[14 + random.below(Math.max(1, bytes.length - 14))] = random.below(256);
  }
  if (random.below(2) === 0) repair(bytes);
  return bytes;
}

/** Make the checksums fit, so that the spoiled fields are really read. */
function repair(bytes: Uint8Array): void {
  const version = (bytes[14] ?? 0) >> 4;
  const isIpv4 = version === 4 && bytes.length >= 34;
  if (isIpv4) {
    bytes.set([0, 0], 24);
    const header = bytes.subarray(14, 14 + Math.min(((bytes[14] ?? 0) & 15) * 4, bytes.length - 14));
    let sum = 0;
    for (let i = 0; i + 1 < header.length; i += 2) sum += ((header[i] ?? 0) << 8) | (header[i + 1] ?? 0);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    bytes.set(u16(~sum & 0xffff), 24);
  } else if (version !== 6 || bytes.length < 54) return;
  const protocol = (isIpv4 ? bytes[23] : bytes[20]) ?? 0;
  const start = isIpv4 ? 14 + ((bytes[14] ?? 0) & 15) * 4 : 54;
  const at = protocol === 6 ? 16 : protocol === 17 ? 6 : protocol === 58 || protocol === 1 ? 2 : -1;
  if (at < 0 || start + at + 2 > bytes.length) return;
  const sum = protocol === 1 ? 0 : pseudoSum(bytes, protocol, bytes.length - start);
  bytes.set(u16(sum), start + at);
  completeChecksum(bytes, start, at);
}

function prepare(seed: number): Neighbour {
  const n = new Neighbour({ seed, ramMegabytes: 64, automatic: true });
  n.host.addStatic("10.0.0.1", 24);
  n.host.addStatic("fd00::1", 64);
  n.host.listen(80, { backlog: 8 });
  n.host.wasm.udpOpen(0n, 0n, 5000, 1, 0);
  n.advance(3000);
  n.take();
  return n;
}

test("random frames", () => {
  const random = new SeededRandom(SEED);
  const n = prepare(SEED);
  for (let i = 0; i < ROUNDS; i++) {
    const type = [0x0800, 0x0806, 0x86dd, random.below(65536)][random.below(4)] ?? 0;
    const body = randomBytes(random, random.below(300));
    if (random.below(2) === 0 && body.length > 0) body[0] = type === 0x0800 ? 0x45 : 0x60;
    n.host.receive(ethernet(n.host.hardware, STATION, type, body));
    if (i % 16 === 0) n.advance(random.below(50));
  }
  n.host.receive(new Uint8Array(0));
  n.host.receive(new Uint8Array(13));
  check(n, `seed ${SEED}`);
});

test("right frames with something wrong", () => {
  for (let seed = SEED; seed < SEED + 4; seed++) {
    const random = new SeededRandom(seed);
    const n = prepare(seed);
    for (let i = 0; i < ROUNDS / 14; i++) {
      for (const frame of honest(n, random)) {
        try {
          n.host.receive(spoil(frame, random));
          if (random.below(8) === 0) n.advance(random.below(100));
          n.host.takeSent();
        } catch (error) {
          throw new Error(`seed ${seed}, round ${i}`, { cause: error });
        }
      }
    }
    check(n, `seed ${seed}`);
  }
});

/** Memory is bounded now, given back later, and the stack still works. */
function check(n: Neighbour, what: string): void {
  n.advance(10);
  assert.ok(n.host.wasm.headsUsed() < 1500, `${what}: ${n.host.wasm.headsUsed()} packets held`);
  n.host.takeSent();
  // Half-open and orphaned conversations, fragments and neighbours go away by themselves.
  n.advance(400_000);
  n.host.takeSent();
  while (n.host.wasm.udpReceive(0) >= 0);
  assert.ok(n.host.wasm.headsUsed() < 100, `${what}: ${n.host.wasm.headsUsed()} packets leak`);
  n.take();
  n.arp(1, "10.0.0.3", "10.0.0.1");
  n.icmp("10.0.0.3", "10.0.0.1", concat([8, 0, 0, 0], u16(1), u16(2), [1, 2, 3]));
  assert.equal(n.takeIp(1).filter((frame) => frame.payload[0] === 0).length, 1, `${what}: no answer to an echo`);
}
