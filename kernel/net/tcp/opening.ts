// How a connection comes about: actively, crossing another's SYN, or from a listener (RFC 9293 §3.5, §3.10.1).

import { EADDRNOTAVAIL, EINPROGRESS, EISCONN, ENETUNREACH } from "../../abi/errno";
import { Address } from "../address";
import * as checksum from "../checksum";
import * as clock from "../clock";
import { Counter, count } from "../counters";
import { EPHEMERAL_PORTS, nthEphemeral } from "../transport/ports";
import { Connection } from "./connection";
import { Handshake } from "./handshake";
import { initialSequence, timestampOffset } from "./initial-sequence";
import { Listener } from "./listener";
import { pathSegmentSize, push, updateSegmentSize } from "./output";
import { ports } from "./ports";
import { MAX_WINDOW_SCALE, Segment } from "./segment";
import { RECEIVE_SCALE } from "./receive-window";
import { State } from "./state";
import { sendSyn, syn } from "./syn";
import * as table from "./table";
import { TimeWait } from "./time-wait";
import { Purpose } from "./timers";
import { restartKeepalive } from "./timeout";
import { TcpFlag } from "../wire/tcp";

/** Segments of a new connection that are acknowledged at once: the peer is in slow start (Linux's TCP_MAX_QUICKACKS). */
const QUICK_ACKNOWLEDGMENTS: u32 = 16;

const LOOPBACK_IPV4: Address = Address.ipv4(0x7f00_0001);
const LOOPBACK_IPV6: Address = new Address(0, 1);

/**
 * Begin connecting `c`, whose local address and port are set when it was bound, to a peer. Returns -EINPROGRESS when the
 * SYN is out, else what is wrong.
 */
export function connect(c: Connection, remote: Address, remotePort: u32): i32 {
  if (c.state != State.CLOSED || c.isEstablishedOnce) return -EISCONN;
  c.remote.assign(remote);
  // "Nowhere" is this machine (Linux, and every program that connects to 0.0.0.0).
  if (remote.isUnspecified) c.remote.assign(remote.isIpv4 ? LOOPBACK_IPV4 : LOOPBACK_IPV6);
  if (c.remote.isMulticast || c.remote.isLimitedBroadcast) return -ENETUNREACH;
  c.remotePort = remotePort;
  let result = c.path.resolve(c.remote, c.local, c.index);
  if (result < 0) return result;
  c.local.assign(c.path.source);
  c.addressSum = checksum.addressSum(c.local, c.remote);
  if (choosePort(c) < 0) return -EADDRNOTAVAIL;
  let initial = initialSequence(c.local, c.remote, c.localPort, remotePort);
  c.timestampOffset = timestampOffset(c.local, c.remote);
  c.sendWindow.start(reusedNext != 0 ? reusedNext : initial);
  c.sendWindow.next = c.sendWindow.initial + 1;
  c.bufferStart = c.sendWindow.next;
  c.state = State.SYN_SENT;
  c.receivedNs = clock.nowNs;
  c.progressNs = clock.nowNs;
  table.insert(c);
  count(Counter.TCP_ACTIVE_OPENS);
  resendSyn(c);
  return -EINPROGRESS;
}

/** Where the sequence numbers of a connection that we took the ports over from ended; 0 when there was none. */
let reusedNext: u32 = 0;

/** Find a local port that makes the four parts unique. Returns it, or -1. */
function choosePort(c: Connection): i32 {
  reusedNext = 0;
  if (c.localPort != 0) return mayUse(c, c.localPort) ? <i32>c.localPort : -1;
  let start = ports.startFor(c.local, c.remote, c.remotePort);
  for (let i: u32 = 0; i < EPHEMERAL_PORTS; i++) {
    let port = nthEphemeral(start, i);
    if (ports.isTaken(port) || !mayUse(c, port)) continue;
    c.localPort = port;
    return <i32>port;
  }
  return -1;
}

/** Whether no other conversation has these four parts, or one that may be cut short (RFC 6191). */
function mayUse(c: Connection, port: u32): bool {
  let entry = table.find(c.local, c.remote, port, c.remotePort);
  if (entry === null) return true;
  if (!(entry instanceof TimeWait)) return false;
  let waiting = entry as TimeWait;
  if (!waiting.mayBeReused) return false;
  reusedNext = waiting.sendNext + 65537;
  count(Counter.TCP_TIME_WAIT_REUSED);
  waiting.end();
  return true;
}

/** Send SYN, or SYN-ACK when SYNs crossed, and wait for its answer. */
export function resendSyn(c: Connection): void {
  if (!c.path.isFresh) c.path.resolve(c.remote, c.local, c.index);
  let isReceived = c.state == State.SYN_RECEIVED;
  syn.sequence = c.sendWindow.initial;
  syn.hasAcknowledgment = isReceived;
  syn.acknowledgment = isReceived ? c.receiveWindow.next : 0;
  syn.window = min<u32>(c.receiveWindow.limit, 65535);
  syn.maximumSegmentSize = pathSegmentSize(c);
  syn.hasTimestamps = !isReceived || c.hasTimestamps;
  syn.timestamp = clock.nowMs() + c.timestampOffset;
  syn.timestampEcho = isReceived ? c.timestampRecent : 0;
  syn.hasSack = !isReceived || c.hasSack;
  syn.hasScaling = !isReceived || c.hasScaling;
  syn.hopLimit = c.options.hopLimit;
  syn.trafficClass = c.options.trafficClass;
  c.sentNs = clock.nowNs;
  c.retransmission.purpose = Purpose.TIMEOUT;
  clock.arm(c.retransmission, c.roundTrip.backedOff(c.recovery.timeouts));
  if (c.path.via !== null) sendSyn(c.path, c.remote, c.localPort, c.remotePort);
}

/** SYN-SENT: the SYN-ACK came. */
export function acceptSynAcknowledgment(c: Connection, segment: Segment): void {
  readPeerSyn(c, segment);
  if (c.recovery.timeouts == 0) c.roundTrip.sample(clock.nowNs - c.sentNs);
  begin(c, segment.window, segment);
  // The handshake's third part tells the peer; data, if there is any, goes with it.
  c.quickAcknowledgments = QUICK_ACKNOWLEDGMENTS;
  push(c);
  if (c.sendWindow.outstanding == 0) c.acknowledge();
}

/** SYN-SENT: the peer's SYN crossed ours (RFC 9293 figure 8). */
export function crossOpen(c: Connection, segment: Segment): void {
  readPeerSyn(c, segment);
  c.state = State.SYN_RECEIVED;
  c.receiveWindow.edge = c.receiveWindow.next + min<u32>(c.receiveWindow.limit, 65535);
  resendSyn(c);
}

/** SYN-RECEIVED after a crossing: our SYN is acknowledged. */
export function establish(c: Connection, segment: Segment): void {
  let window = segment.has(TcpFlag.SYN) ? segment.window : segment.window << c.sendWindow.scale;
  begin(c, window, segment);
}

function begin(c: Connection, window: u32, segment: Segment): void {
  c.state = State.ESTABLISHED;
  c.isEstablishedOnce = true;
  c.softError = 0;
  c.recovery.timeouts = 0;
  clock.cancel(c.retransmission);
  c.sendWindow.unacknowledged = c.sendWindow.initial + 1;
  c.sendWindow.open(window, segment.sequence, segment.acknowledgment);
  c.receiveWindow.edge = c.receiveWindow.next + min<u32>(c.receiveWindow.limit, 65535);
  updateSegmentSize(c);
  c.congestion.start(c.segmentSize);
  // Room for what the first window lets out: on the loopback that is much, and one segment alone waits for a delayed ACK.
  c.tuneSendBuffer();
  c.receivedNs = clock.nowNs;
  c.progressNs = clock.nowNs;
  count(Counter.TCP_CURRENT_ESTABLISHED);
  restartKeepalive(c);
  let observer = c.observer;
  if (observer !== null) observer.writable();
}

/** Take what the peer's SYN offers of what we offered. */
function readPeerSyn(c: Connection, segment: Segment): void {
  c.receiveWindow.start(segment.sequence);
  c.peerSegmentSize = segment.maximumSegmentSize == 0 ? 536 : segment.maximumSegmentSize;
  c.hasSack = segment.isSackPermitted;
  c.hasTimestamps = segment.hasTimestamps;
  c.timestampRecent = segment.timestampValue;
  c.timestampRecentNs = clock.nowNs;
  scale(c, segment.windowScale);
}

function scale(c: Connection, shift: i32): void {
  c.hasScaling = shift >= 0;
  c.sendWindow.scale = shift >= 0 ? <u32>min(shift, MAX_WINDOW_SCALE) : 0;
  c.receiveWindow.scale = shift >= 0 ? RECEIVE_SCALE : 0;
}

/**
 * Make the connection that a handshake with a listener led to; `segment` is its last part. The caller puts it in the table.
 * Null when there is no way to the peer.
 */
export function openPassive(
  listener: Listener,
  local: Address,
  remote: Address,
  handshake: Handshake,
  segment: Segment,
): Connection | null {
  let c = new Connection();
  c.configure(listener.options);
  c.local.assign(local);
  c.remote.assign(remote);
  c.localPort = segment.destinationPort;
  c.remotePort = segment.sourcePort;
  c.index = listener.binding.index;
  c.listener = listener;
  if (c.path.resolve(remote, local, c.index) < 0) return null;
  c.addressSum = checksum.addressSum(local, remote);
  c.sendWindow.start(handshake.initialSend);
  c.sendWindow.next = handshake.initialSend + 1;
  c.bufferStart = c.sendWindow.next;
  c.receiveWindow.start(handshake.initialReceive);
  c.peerSegmentSize = handshake.segmentSize;
  c.hasSack = handshake.hasSack;
  c.hasTimestamps = handshake.hasTimestamps;
  c.timestampOffset = handshake.timestampOffset;
  c.timestampRecent = handshake.timestampRecent;
  c.timestampRecentNs = clock.nowNs;
  scale(c, handshake.windowScale);
  c.quickAcknowledgments = QUICK_ACKNOWLEDGMENTS;
  count(Counter.TCP_PASSIVE_OPENS);
  begin(c, segment.window << c.sendWindow.scale, segment);
  return c;
}
