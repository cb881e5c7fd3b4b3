// A machine with one network device on a simulated wire: the kernel's own stack as wasm, seen as an object.

import { readFileSync } from "node:fs";
import { instantiate, type Machine } from "../../../simulator/instantiate.ts";
import type { Station } from "../../../simulator/wire.ts";
import { buildWasm } from "../../../tools/kernel/wasm.ts";
import { completeChecksum, segmentFrames } from "./offload.ts";

interface Exports {
  boot(ram: bigint, seedLow: bigint, seedHigh: bigint, hardware: bigint, features: number, mtu: number): void;
  attachDevice(isAutomatic: number): void;
  setCarrier(isOn: number): void;
  setCongested(isFull: number): void;
  addStatic(high: bigint, low: bigint, prefix: number, gatewayHigh: bigint, gatewayLow: bigint): void;
  poll(now: bigint): bigint;
  enter(now: bigint): void;
  leave(): void;
  beginReceive(length: number): bigint;
  endReceive(isValid: number): void;
  tcpListen(high: bigint, low: bigint, port: number, backlog: number, v6Only: number, reusePort: number): number;
  tcpAccept(handle: number): number;
  tcpCloseListener(handle: number): void;
  tcpListenerOption(handle: number, option: number, value: bigint): void;
  tcpConnect(high: bigint, low: bigint, port: number, local: number, option: number, value: bigint): number;
  tcpOption(handle: number, option: number, value: bigint): void;
  tcpWrite(handle: number, length: number): number;
  tcpRead(handle: number, length: number): number;
  tcpUrgent(handle: number, length: number): void;
  tcpUrgentOffset(handle: number): number;
  tcpShutdown(handle: number): number;
  tcpClose(handle: number, isAbortive: number): void;
  tcpState(handle: number): number;
  tcpError(handle: number): number;
  tcpEnded(handle: number): number;
  tcpWritable(handle: number): number;
  tcpLocalPort(handle: number): number;
  tcpFigure(handle: number, figure: number): bigint;
  tableLength(): number;
  udpOpen(high: bigint, low: bigint, port: number, isIpv6: number, reuse: number): number;
  udpConnect(handle: number, high: bigint, low: bigint, port: number): number;
  udpSend(handle: number, high: bigint, low: bigint, port: number, length: number): number;
  udpReceive(handle: number): number;
  udpSourceHigh(): bigint;
  udpSourceLow(): bigint;
  udpSourcePort(): number;
  udpError(handle: number): number;
  udpJoin(handle: number, high: bigint, low: bigint): number;
  udpLeave(handle: number, high: bigint, low: bigint): number;
  udpHeldBack(handle: number): number;
  udpClose(handle: number): void;
  counter(index: number): bigint;
  addressCount(): number;
  addressHigh(position: number): bigint;
  addressLow(position: number): bigint;
  addressPrefix(position: number): number;
  addressState(position: number): number;
  routeCount(): number;
  routeGateway(position: number): bigint;
  resolverCount(): number;
  resolverLow(position: number): bigint;
  leaseState(): number;
  headsUsed(): number;
  chunksUsed(): number;
  setHeadsLimit(limit: number): void;
  framesFree(): bigint;
  random(): bigint;
}

export const Feature = { CHECKSUM: 1, TSO4: 2, TSO6: 4, GATHER: 8, ALL: 15 } as const;
export const Option = {
  NO_DELAY: 0,
  CORK: 1,
  KEEPALIVE: 2,
  KEEP_IDLE: 3,
  KEEP_INTERVAL: 4,
  KEEP_PROBES: 5,
  USER_TIMEOUT: 6,
  RECEIVE_BUFFER: 7,
  SEND_BUFFER: 8,
  MAXIMUM_SEGMENT: 9,
  RENO: 10,
  NOT_SENT_LOW_MARK: 11,
  DEFER_RETRIES: 12,
  WINDOW_CLAMP: 13,
} as const;
export const Figure = {
  WINDOW: 0,
  THRESHOLD: 1,
  SEGMENT: 2,
  ROUND_TRIP: 3,
  UNREAD: 4,
  QUEUED: 5,
  SEND_LIMIT: 6,
  RECEIVE_LIMIT: 7,
  OUTSTANDING: 8,
  RECORDS: 9,
  FOOTPRINT: 10,
} as const;
export const State = {
  ESTABLISHED: 1,
  SYN_SENT: 2,
  SYN_RECEIVED: 3,
  FIN_WAIT_1: 4,
  FIN_WAIT_2: 5,
  TIME_WAIT: 6,
  CLOSED: 7,
  CLOSE_WAIT: 8,
  LAST_ACK: 9,
  CLOSING: 11,
} as const;

export interface HostOptions {
  readonly seed?: number;
  readonly hardware?: bigint;
  readonly features?: number;
  readonly mtu?: number;
  readonly ramMegabytes?: number;
  /** DHCP and autoconfiguration; off by default. */
  readonly automatic?: boolean;
  /** Do not attach the device yet. */
  readonly unplugged?: boolean;
}

export type EventName = "readable" | "writable" | "closed" | "failed" | "urgent";
const EVENT_NAMES: readonly EventName[] = ["readable", "writable", "closed", "failed", "urgent"];

const wasm = await buildWasm(new URL("./host.as.ts", import.meta.url));

/** Counter names in the order of the kernel's enum, read from its source. */
const counterNames = (() => {
  const source = readFileSync(new URL("../../../kernel/net/counters.ts", import.meta.url), "utf8");
  const body = source.slice(source.indexOf("enum Counter {"), source.indexOf("LENGTH,"));
  return [...body.matchAll(/^ {2}([A-Z][A-Z0-9_]*),$/gm)].map((match) => match[1] ?? "");
})();

/** An address in text ("10.0.0.1", "fe80::1") as the kernel's two numbers. */
export function parseAddress(text: string): { high: bigint; low: bigint } {
  if (text.includes(".")) {
    const parts = text.split(".").map(Number);
    const value = parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n);
    return { high: 0n, low: 0xffff_0000_0000n | value };
  }
  const [front = "", back = ""] = text.split("::");
  const left = front === "" ? [] : front.split(":");
  const right = back === "" ? [] : back.split(":");
  const middle = Array(8 - left.length - right.length).fill("0");
  const words = text.includes("::") ? [...left, ...middle, ...right] : left;
  const value = words.reduce((sum, word) => (sum << 16n) | BigInt(`0x${word}`), 0n);
  return { high: value >> 64n, low: value & 0xffff_ffff_ffff_ffffn };
}

export class Host implements Station {
  readonly wasm: Exports;
  readonly machine: Machine;
  readonly hardware: bigint;
  readonly features: number;
  /** What happened to each handle, in order, until taken. */
  readonly events: { handle: number; name: EventName; error: number }[] = [];
  nowNs = 1_000_000_000n;
  /** Where written bytes come from and read bytes go. */
  source: (handle: number, into: Uint8Array) => void = (_handle, into) => into.fill(0x61);
  sink: (handle: number, bytes: Uint8Array) => void = () => {};
  #sent: Uint8Array[] = [];

  constructor(options: HostOptions = {}) {
    const megabytes = options.ramMegabytes ?? 32;
    const { exports, machine } = instantiate<Exports>(wasm, {
      ramBytes: megabytes << 20,
      imports: {
        "host.as": {
          transmit: (address: bigint, length: number, segmentation: number, size: number, start: number, at: number) =>
            this.#transmit(address, length, segmentation, size, start, at),
          fill: (handle: number, address: bigint, length: number) => {
            const offset = machine.memory.resolve(address, length);
            this.source(handle, machine.memory.bytes.subarray(offset, offset + length));
          },
          drain: (handle: number, address: bigint, length: number) =>
            this.sink(handle, machine.memory.read(address, length)),
          happened: (handle: number, event: number, error: number) => {
            this.events.push({ handle, name: EVENT_NAMES[event] ?? "failed", error });
          },
        },
      },
    });
    this.wasm = exports;
    this.machine = machine;
    this.hardware = options.hardware ?? 0x525400000001n;
    this.features = options.features ?? 0;
    const seed = BigInt(options.seed ?? 1);
    exports.boot(BigInt(megabytes << 20), seed, seed ^ 0x5eedn, this.hardware, this.features, options.mtu ?? 1500);
    if (!options.unplugged) {
      exports.attachDevice(options.automatic ? 1 : 0);
      this.poll(this.nowNs);
    }
  }

  #transmit(address: bigint, length: number, segmentation: number, size: number, start: number, at: number): void {
    const frame = this.machine.memory.read(address, length);
    if (segmentation !== 0) this.#sent.push(...segmentFrames(frame, size));
    else {
      if (start >= 0) completeChecksum(frame, start, at);
      this.#sent.push(frame);
    }
  }

  takeSent(): Uint8Array[] {
    const sent = this.#sent;
    if (sent.length > 0) this.#sent = [];
    return sent;
  }

  receive(frame: Uint8Array): void {
    const address = this.wasm.beginReceive(frame.length);
    if (address === 0n) return;
    this.machine.memory.write(address, frame);
    this.wasm.endReceive(0);
  }

  poll(nowNs: bigint): bigint {
    this.nowNs = nowNs;
    return BigInt.asUintN(64, this.wasm.poll(nowNs));
  }

  /** Let milliseconds pass, timers going off at their times; `collect` is called whenever something may have been sent. */
  pass(ms: number, collect: () => void): void {
    const endNs = this.nowNs + BigInt(Math.round(ms * 1e6));
    for (;;) {
      const next = this.poll(this.nowNs);
      collect();
      if (next > endNs) break;
      this.nowNs = next > this.nowNs ? next : this.nowNs + 1000n;
    }
    this.nowNs = endNs;
    this.poll(endNs);
    collect();
  }

  /** Do something as a system call would: at the present time, and let its effects out. */
  call<T>(action: (wasm: Exports) => T): T {
    this.wasm.enter(this.nowNs);
    const result = action(this.wasm);
    this.wasm.leave();
    return result;
  }

  addStatic(address: string, prefixLength: number, gateway?: string): void {
    const { high, low } = parseAddress(address);
    const via = parseAddress(gateway ?? (address.includes(".") ? "0.0.0.0" : "::"));
    this.wasm.addStatic(high, low, prefixLength, via.high, via.low);
  }

  listen(
    port: number,
    options: { address?: string; backlog?: number; v6Only?: boolean; reusePort?: boolean } = {},
  ): number {
    const { high, low } = parseAddress(options.address ?? "::");
    return this.call((w) =>
      w.tcpListen(high, low, port, options.backlog ?? 16, options.v6Only ? 1 : 0, options.reusePort ? 1 : 0),
    );
  }

  connect(
    address: string,
    port: number,
    options: { localPort?: number; option?: number; value?: number } = {},
  ): number {
    const { high, low } = parseAddress(address);
    const value = BigInt(options.value ?? 0);
    return this.call((w) => w.tcpConnect(high, low, port, options.localPort ?? 0, options.option ?? -1, value));
  }

  accept(listener: number): number {
    return this.call((w) => w.tcpAccept(listener));
  }

  write(handle: number, length: number): number {
    return this.call((w) => w.tcpWrite(handle, length)) >>> 0;
  }

  read(handle: number, length = 0xffffffff): number {
    return this.call((w) => w.tcpRead(handle, length)) >>> 0;
  }

  option(handle: number, option: number, value: number): void {
    this.call((w) => w.tcpOption(handle, option, BigInt(value)));
  }

  state(handle: number): number {
    return this.wasm.tcpState(handle);
  }

  figure(handle: number, figure: number): number {
    return Number(this.wasm.tcpFigure(handle, figure));
  }

  counter(name: string): number {
    const index = counterNames.indexOf(name);
    if (index < 0) throw new Error(`no counter ${name}`);
    return Number(this.wasm.counter(index));
  }

  /** Every counter that is not zero, for messages. */
  counters(): Record<string, number> {
    return Object.fromEntries(
      counterNames
        .map((name, index) => [name, Number(this.wasm.counter(index))] as const)
        .filter(([, count]) => count > 0),
    );
  }

  takeEvents(): string[] {
    return this.events.splice(0).map((event) => event.name);
  }

  addresses(): { high: bigint; low: bigint; prefix: number; state: number }[] {
    return Array.from({ length: this.wasm.addressCount() }, (_, i) => ({
      high: BigInt.asUintN(64, this.wasm.addressHigh(i)),
      low: BigInt.asUintN(64, this.wasm.addressLow(i)),
      prefix: this.wasm.addressPrefix(i),
      state: this.wasm.addressState(i),
    }));
  }
}
