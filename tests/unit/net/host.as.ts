// A machine's network stack with one device, run from TypeScript: what host.ts wraps. Connections, listeners and
// endpoints are named by their position in a table.

import { addRange, freeCount, initialize, tableSize } from "memory/frames";
import { Address } from "../../../kernel/net/address";
import * as clock from "../../../kernel/net/clock";
import * as dhcpv4 from "../../../kernel/net/configuration/dhcpv4";
import * as resolvers from "../../../kernel/net/configuration/resolvers";
import * as counters from "../../../kernel/net/counters";
import { Counter } from "../../../kernel/net/counters";
import * as interfaces from "../../../kernel/net/ip/interfaces";
import * as routes from "../../../kernel/net/ip/routes";
import { NetworkDevice } from "../../../kernel/net/link/device";
import * as link from "../../../kernel/net/link/registry";
import { SocketObserver } from "../../../kernel/net/observer";
import { chunks, heads } from "../../../kernel/net/packet/buffer";
import { allocate, Checksum, Packet } from "../../../kernel/net/packet/packet";
import * as secret from "../../../kernel/net/secret";
import * as stack from "../../../kernel/net/stack";
import { Connection } from "../../../kernel/net/tcp/connection";
import { Listener } from "../../../kernel/net/tcp/listener";
import { Options } from "../../../kernel/net/tcp/options";
import { connect } from "../../../kernel/net/tcp/opening";
import { ports } from "../../../kernel/net/tcp/ports";
import * as table from "../../../kernel/net/tcp/table";
import { restartKeepalive } from "../../../kernel/net/tcp/timeout";
import { Binding } from "../../../kernel/net/transport/ports";
import { UdpEndpoint } from "../../../kernel/net/udp/endpoint";

/** A frame leaves: its bytes stand at `address`. */
declare function transmit(
  address: u64,
  length: u32,
  segmentation: u32,
  segmentSize: u32,
  checksumStart: i32,
  checksumOffset: u32,
): void;
declare function fill(handle: i32, address: u64, length: u32): void;
declare function drain(handle: i32, address: u64, length: u32): void;
declare function happened(handle: i32, event: i32, error: i32): void;

const enum Event {
  READABLE = 0,
  WRITABLE = 1,
  CLOSED = 2,
  FAILED = 3,
  URGENT = 4,
}

/** Room for the largest packet a device cuts up. */
const SCRATCH: u64 = 0xffff_8000_0000_0000 + 0x10_0000;
const MEMORY_START: u64 = 0x20_0000;

class WireDevice extends NetworkDevice {
  isFull: bool = false;

  override get isCongested(): bool {
    return this.isFull;
  }

  transmit(packet: Packet): void {
    let length = packet.length;
    packet.copyOut(SCRATCH, 0, length);
    let start = packet.checksum == Checksum.PARTIAL ? <i32>(packet.checksumStart - packet.front) : -1;
    this.transmittedPackets++;
    transmit(SCRATCH, length, packet.segmentation, packet.segmentSize, start, packet.checksumOffset);
    packet.release();
  }
}

class Observer extends SocketObserver {
  constructor(private handle: i32) {
    super();
  }
  readable(): void {
    happened(this.handle, Event.READABLE, 0);
  }
  writable(): void {
    happened(this.handle, Event.WRITABLE, 0);
  }
  closed(): void {
    happened(this.handle, Event.CLOSED, 0);
  }
  failed(error: i32): void {
    happened(this.handle, Event.FAILED, error);
  }
  urgent(): void {
    happened(this.handle, Event.URGENT, 0);
  }
}

const device: WireDevice = new WireDevice();
const connections: Array<Connection | null> = [];
const listeners: Array<Listener | null> = [];
const endpoints: Array<UdpEndpoint | null> = [];
const scratch: Address = new Address();
const gatewayScratch: Address = new Address();

export function boot(ramBytes: u64, seedLow: u64, seedHigh: u64, hardware: u64, features: u32, mtu: u32): void {
  initialize(ramBytes, 0x1000);
  assert(tableSize(ramBytes) + 0x1000 <= 0x10_0000);
  addRange(MEMORY_START, ramBytes);
  stack.start(seedLow, seedHigh, ramBytes);
  device.name = "eth0";
  device.hardware = hardware;
  device.features = features;
  device.mtu = mtu;
}

export function attachDevice(isAutomatic: bool): void {
  if (!isAutomatic) stack.configureByHand();
  link.register(device);
}

export function setCongested(isFull: bool): void {
  device.isFull = isFull;
}

export function setCarrier(isOn: bool): void {
  link.carrierChanged(device, isOn);
}

export function addStatic(high: u64, low: u64, prefixLength: u32, gatewayHigh: u64, gatewayLow: u64): void {
  let entry = interfaces.find(device.index);
  scratch.set(high, low);
  gatewayScratch.set(gatewayHigh, gatewayLow);
  if (entry !== null) stack.addStatic(entry, scratch, prefixLength, gatewayScratch);
}

export function poll(nowNs: u64): u64 {
  return stack.poll(nowNs);
}

export function enter(nowNs: u64): void {
  stack.enter(nowNs);
}

export function leave(): void {
  stack.leave();
}

let incoming: Packet | null = null;

/** Room for a received frame; 0 when there is no memory. Large ones are in chunks: `receiveAt` walks them. */
export function beginReceive(length: u32): u64 {
  let packet = allocate();
  incoming = packet;
  if (packet === null || length > packet.tailroom) {
    if (packet !== null) packet.release();
    incoming = null;
    return 0;
  }
  return packet.append(length);
}

export function endReceive(isChecksumValid: bool): void {
  let packet = incoming;
  if (packet === null) return;
  if (isChecksumValid) packet.checksum = Checksum.VALID;
  incoming = null;
  link.receive(device, packet);
}

// TCP

export function tcpListen(high: u64, low: u64, port: u32, backlog: u32, isV6Only: bool, reusePort: bool): i32 {
  let binding = new Binding();
  binding.address.set(high, low);
  binding.port = port;
  binding.isV6Only = isV6Only;
  binding.canReuseAddress = true;
  binding.canReusePort = reusePort;
  let result = ports.bind(binding);
  if (result < 0) return result;
  let listener = new Listener(binding);
  result = listener.listen(backlog);
  if (result < 0) return result;
  return listeners.push(listener) - 1;
}

function listenerAt(handle: i32): Listener {
  return listeners[handle] as Listener;
}

function at(handle: i32): Connection {
  return connections[handle] as Connection;
}

function keep(c: Connection): i32 {
  let handle = connections.push(c) - 1;
  c.observer = new Observer(handle);
  return handle;
}

export function tcpAccept(handle: i32): i32 {
  let c = listenerAt(handle).accept();
  return c === null ? -1 : keep(c);
}

export function tcpCloseListener(handle: i32): void {
  listenerAt(handle).close();
}

export function tcpListenerOption(handle: i32, option: i32, value: i64): void {
  setOption(listenerAt(handle).options, option, value);
}

export function tcpConnect(high: u64, low: u64, port: u32, localPort: u32, option: i32, value: i64): i32 {
  let c = new Connection();
  if (option >= 0) {
    let options = new Options();
    setOption(options, option, value);
    c.configure(options);
  }
  c.localPort = localPort;
  let handle = keep(c);
  scratch.set(high, low);
  let result = connect(c, scratch, port);
  return result == -115 ? handle : result;
}

/** Options by number, for tests. */
function setOption(options: Options, option: i32, value: i64): void {
  if (option == 0) options.noDelay = value != 0;
  else if (option == 1) options.isCorked = value != 0;
  else if (option == 2) options.keepsAlive = value != 0;
  else if (option == 3) options.keepIdleNs = <u64>value;
  else if (option == 4) options.keepIntervalNs = <u64>value;
  else if (option == 5) options.keepProbes = <u32>value;
  else if (option == 6) options.userTimeoutNs = <u64>value;
  else if (option == 7) {
    options.receiveBuffer = <u32>value;
    options.isReceiveBufferFixed = true;
  } else if (option == 8) {
    options.sendBuffer = <u32>value;
    options.isSendBufferFixed = true;
  } else if (option == 9) options.maximumSegmentSize = <u32>value;
  else if (option == 10) options.usesReno = value != 0;
  else if (option == 11) options.notSentLowMark = <u32>value;
  else if (option == 12) options.deferRetries = <u32>value;
  else if (option == 13) options.windowClamp = <u32>value;
}

export function tcpOption(handle: i32, option: i32, value: i64): void {
  let c = at(handle);
  setOption(c.options, option, value);
  if (option == 2) restartKeepalive(c);
  if (option <= 1) c.send();
}

/** Write up to `length` bytes that the test supplies; returns how many fitted. */
export function tcpWrite(handle: i32, length: u32): u32 {
  let c = at(handle);
  let written: u32 = 0;
  if (c.isFinQueued || (c.state != 1 && c.state != 8)) return 0;
  while (written < length && !c.isAtLowMark && c.sendBuffer.reserve(length - written)) {
    let part = c.sendBuffer.writeLength;
    fill(handle, c.sendBuffer.writeAddress, part);
    c.sendBuffer.commit(part);
    written += part;
  }
  if (written < length) c.wantsRoom = true;
  if (written > 0) c.send();
  return written;
}

/** Hand up to `length` bytes to the test; returns how many there were. */
export function tcpRead(handle: i32, length: u32): u32 {
  let c = at(handle);
  let taken: u32 = 0;
  while (taken < length && c.receiveQueue.locate(0)) {
    let part = min(c.receiveQueue.pieceLength, length - taken);
    drain(handle, c.receiveQueue.pieceAddress, part);
    c.consume(part);
    taken += part;
  }
  return taken;
}

/** Write `length` bytes, the last of them urgent. */
export function tcpUrgent(handle: i32, length: u32): void {
  let c = at(handle);
  if (!c.sendBuffer.reserve(length)) return;
  fill(handle, c.sendBuffer.writeAddress, length);
  c.sendBuffer.commit(length);
  c.markUrgent();
  c.send();
}

export function tcpUrgentOffset(handle: i32): i32 {
  return at(handle).urgentOffset;
}

export function tcpShutdown(handle: i32): i32 {
  return at(handle).shutdownSend();
}

export function tcpClose(handle: i32, isAbortive: bool): void {
  at(handle).close(isAbortive);
}

export function tcpState(handle: i32): i32 {
  return at(handle).state;
}

export function tcpError(handle: i32): i32 {
  return at(handle).error;
}

export function tcpEnded(handle: i32): bool {
  let c = at(handle);
  return c.isReceiveEnded && c.receiveQueue.length == 0;
}

export function tcpWritable(handle: i32): bool {
  return at(handle).isWritable;
}

export function tcpLocalPort(handle: i32): u32 {
  return at(handle).localPort;
}

/** Figures of a connection by number: congestion window, threshold, segment size, smoothed round trip, unread, unsent … */
export function tcpFigure(handle: i32, figure: i32): u64 {
  let c = at(handle);
  if (figure == 0) return c.congestion.window;
  if (figure == 1) return c.congestion.threshold;
  if (figure == 2) return c.segmentSize;
  if (figure == 3) return c.roundTrip.smoothedNs;
  if (figure == 4) return c.receiveQueue.length;
  if (figure == 5) return c.sendBuffer.length;
  if (figure == 6) return c.sendBuffer.limit;
  if (figure == 7) return c.receiveWindow.limit;
  if (figure == 8) return c.sendWindow.outstanding;
  if (figure == 9) return c.scoreboard.count;
  if (figure == 10) return c.receiveQueue.footprint;
  return 0;
}

export function tableLength(): u32 {
  return table.length;
}

// UDP

export function udpOpen(high: u64, low: u64, port: u32, isIpv6: bool, reuse: bool): i32 {
  let endpoint = new UdpEndpoint();
  endpoint.isIpv6 = isIpv6;
  endpoint.mayBroadcast = true;
  endpoint.binding.address.set(high, low);
  endpoint.binding.port = port;
  endpoint.binding.canReuseAddress = reuse;
  let handle = endpoints.push(endpoint) - 1;
  endpoint.observer = new Observer(handle);
  let result = endpoint.bind();
  return result < 0 ? result : handle;
}

function endpointAt(handle: i32): UdpEndpoint {
  return endpoints[handle] as UdpEndpoint;
}

export function udpConnect(handle: i32, high: u64, low: u64, port: u32): i32 {
  scratch.set(high, low);
  return endpointAt(handle).connect(scratch, port);
}

export function udpSend(handle: i32, high: u64, low: u64, port: u32, length: u32): i32 {
  let endpoint = endpointAt(handle);
  let packet = endpoint.prepare(length);
  if (packet === null) return -105;
  let offset: u32 = 0;
  while (offset < length && endpoint.locate(packet, offset)) {
    fill(handle, endpoint.pieceAddress, endpoint.pieceLength);
    offset += endpoint.pieceLength;
  }
  scratch.set(high, low);
  return endpoint.send(packet, scratch, port);
}

/** Read one datagram into the test; returns its length, -1 when there is none. */
export function udpReceive(handle: i32): i32 {
  let endpoint = endpointAt(handle);
  let packet = endpoint.first;
  if (packet === null) return -1;
  let length = packet.length;
  let offset: u32 = 0;
  while (endpoint.locate(packet, offset)) {
    drain(handle, endpoint.pieceAddress, endpoint.pieceLength);
    offset += endpoint.pieceLength;
  }
  lastSource.assign(packet.source);
  lastPort = packet.sequence;
  endpoint.drop();
  return length;
}

const lastSource: Address = new Address();
let lastPort: u32 = 0;

export function udpSourceHigh(): u64 {
  return lastSource.high;
}

export function udpSourceLow(): u64 {
  return lastSource.low;
}

export function udpSourcePort(): u32 {
  return lastPort;
}

export function udpError(handle: i32): i32 {
  return endpointAt(handle).takeError();
}

export function udpJoin(handle: i32, high: u64, low: u64): i32 {
  scratch.set(high, low);
  return endpointAt(handle).join(scratch, 0);
}

export function udpLeave(handle: i32, high: u64, low: u64): i32 {
  scratch.set(high, low);
  return endpointAt(handle).leave(scratch, 0);
}

/** Whether a sender should wait; then the endpoint's "writable" tells when no longer. */
export function udpHeldBack(handle: i32): bool {
  let endpoint = endpointAt(handle);
  if (endpoint.isHeldBack) endpoint.awaitRoom();
  return endpoint.isHeldBack;
}

export function udpClose(handle: i32): void {
  endpointAt(handle).close();
}

// What the stack knows

export function counter(index: i32): u64 {
  return counters.read(<Counter>index);
}

export function addressCount(): i32 {
  let entry = interfaces.find(device.index);
  return entry === null ? 0 : entry.addressCount;
}

export function addressHigh(position: i32): u64 {
  let entry = interfaces.find(device.index);
  return entry === null ? 0 : entry.address(position).address.high;
}

export function addressLow(position: i32): u64 {
  let entry = interfaces.find(device.index);
  return entry === null ? 0 : entry.address(position).address.low;
}

export function addressPrefix(position: i32): u32 {
  let entry = interfaces.find(device.index);
  return entry === null ? 0 : entry.address(position).prefixLength;
}

export function addressState(position: i32): i32 {
  let entry = interfaces.find(device.index);
  return entry === null ? -1 : <i32>entry.address(position).state;
}

export function routeCount(): i32 {
  return routes.length;
}

export function routeGateway(position: i32): u64 {
  let route = routes.nth(position);
  return route === null ? 0 : route.gateway.low;
}

export function resolverCount(): i32 {
  return resolvers.serverCount;
}

export function resolverLow(position: i32): u64 {
  return resolvers.server(position).low;
}

export function leaseState(): i32 {
  let entry = interfaces.find(device.index);
  let client: dhcpv4.DhcpClient | null = entry === null ? null : dhcpv4.find(entry);
  return client === null ? -1 : <i32>client.state;
}

/** Memory in use: packet heads, chunks, frames. */
export function headsUsed(): u32 {
  return heads.used;
}

export function chunksUsed(): u32 {
  return chunks.used;
}

export function setHeadsLimit(limit: u32): void {
  heads.limit = limit;
}

export function framesFree(): u64 {
  return freeCount();
}

export function random(): u64 {
  return secret.random64();
}

export function now(): u64 {
  return clock.nowNs;
}
