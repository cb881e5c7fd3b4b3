// Putting fragments together again (RFC 791 §3.2, RFC 8200 §4.5), within limits: so many datagrams, so many fragments
// each, so much memory in all, so long. Fragments that overlap end their datagram (RFC 5722, for IPv4 too: no honest
// sender makes them).

import { Timer } from "../../lib/timer-queue";
import { Address } from "../address";
import * as clock from "../clock";
import { Counter, count } from "../counters";
import { Buffer, chunks, FRAME_SIZE, heads } from "../packet/buffer";
import { allocateForData, Packet } from "../packet/packet";
import { IPV4_MAX } from "../wire/ipv4";

/** Datagrams being put together at a time. */
const MAX_DATAGRAMS: i32 = 64;
/** Fragments of one: 64 KB in pieces of the smallest IPv4 MTU that is seen. */
const MAX_FRAGMENTS: u32 = 128;
/** Memory of all waiting fragments, as net.ipv4.ipfrag_high_thresh. */
const MEMORY_LIMIT: u32 = 4 << 20;
/** Linux's ipfrag_time; RFC 8200 §4.5 asks for 60 s, and both allow less under attack. */
const TIMEOUT_NS: u64 = 30 * clock.SECOND;

let memory: u32 = 0;

class Datagram extends Timer {
  isUsed: bool = false;
  source: Address = new Address();
  destination: Address = new Address();
  identity: u32 = 0;
  protocol: u32 = 0;
  /** Fragments by offset, linked through packet.next; sequence and sequenceEnd hold their byte range. */
  first: Packet | null = null;
  fragments: u32 = 0;
  bytes: u32 = 0;
  footprint: u32 = 0;
  /** Length of the whole, 0 until the last fragment came. */
  total: u32 = 0;

  expired(_nowNs: u64): void {
    count(Counter.IP_REASSEMBLY_TIMEOUTS);
    this.drop();
  }

  matches(packet: Packet, identity: u32): bool {
    if (!this.isUsed || this.identity != identity || this.protocol != packet.protocol) return false;
    return this.source.equals(packet.source) && this.destination.equals(packet.destination);
  }

  drop(): void {
    let packet = this.first;
    while (packet !== null) {
      let following = packet.next;
      packet.next = null;
      packet.release();
      packet = following;
    }
    memory -= this.footprint;
    this.first = null;
    this.isUsed = false;
    this.footprint = 0;
    clock.cancel(this);
  }

  /** Take a fragment in at its place; false when it overlaps another. */
  insert(packet: Packet): bool {
    let before: Packet | null = null;
    let after = this.first;
    while (after !== null && after.sequence < packet.sequence) {
      before = after;
      after = after.next;
    }
    if (before !== null && before.sequenceEnd > packet.sequence) return false;
    if (after !== null && packet.sequenceEnd > after.sequence) return false;
    packet.next = after;
    if (before === null) this.first = packet;
    else before.next = packet;
    this.fragments++;
    this.bytes += packet.sequenceEnd - packet.sequence;
    this.footprint += packet.footprint;
    memory += packet.footprint;
    return true;
  }

  /** The whole datagram in one packet; null when memory is short. */
  join(): Packet | null {
    let first = this.first;
    let whole = allocateForData();
    if (first === null || whole === null) {
      if (whole !== null) whole.release();
      return null;
    }
    whole.device = first.device;
    whole.cast = first.cast;
    whole.source.assign(first.source);
    whole.destination.assign(first.destination);
    whole.protocol = first.protocol;
    whole.hopLimit = first.hopLimit;
    whole.trafficClass = first.trafficClass;
    // The transport header must lie in the head; the rest goes to chunks.
    let head = min<u32>(first.length, whole.tailroom);
    first.copyOut(whole.append(head), 0, head);
    if (!this.fill(whole, head)) {
      whole.release();
      return null;
    }
    return whole;
  }

  /** Copy everything behind the first `done` bytes into chunks of `whole`. */
  private fill(whole: Packet, done: u32): bool {
    let chunk: Buffer | null = null;
    let used: u32 = FRAME_SIZE;
    let packet = this.first;
    let skip = done;
    while (packet !== null) {
      let length = packet.length;
      while (skip < length) {
        if (used == FRAME_SIZE) {
          chunk = chunks.allocate();
          if (chunk === null) return false;
          let rest = this.total - whole.length;
          let isAdded = whole.addFragment(chunk, 0, min<u32>(rest, FRAME_SIZE));
          chunk.release();
          if (!isAdded) return false;
          used = 0;
        }
        if (chunk === null) return false;
        let part = min<u32>(length - skip, FRAME_SIZE - used);
        packet.copyOut(chunk.address + <u64>used, skip, part);
        used += part;
        skip += part;
      }
      skip -= length;
      packet = packet.next;
    }
    return true;
  }
}

const datagrams: StaticArray<Datagram | null> = new StaticArray<Datagram | null>(MAX_DATAGRAMS);

/**
 * Take in a fragment, which begins with its payload, and return the whole datagram when this was the last piece.
 * The packet belongs to us from here on.
 */
export function receive(packet: Packet, identity: u32, offset: u32, hasMore: bool): Packet | null {
  count(Counter.IP_REASSEMBLY_REQUESTS);
  let length = packet.length;
  if (heads.isScarce) return fail(packet, null);
  if (length == 0 || offset + length > IPV4_MAX || (hasMore && (length & 7) != 0)) return fail(packet, null);
  let datagram = obtain(packet, identity);
  if (datagram === null || datagram.fragments == MAX_FRAGMENTS) return fail(packet, datagram);
  packet.sequence = offset;
  packet.sequenceEnd = offset + length;
  if (!hasMore) {
    if (datagram.total != 0 && datagram.total != offset + length) return fail(packet, datagram);
    datagram.total = offset + length;
  }
  if (!datagram.insert(packet)) return fail(packet, datagram);
  if (datagram.total == 0 || datagram.bytes < datagram.total) return null;
  if (datagram.bytes > datagram.total) return fail(null, datagram);
  let whole = datagram.join();
  datagram.drop();
  count(whole === null ? Counter.IP_REASSEMBLY_FAILS : Counter.IP_REASSEMBLY_OK);
  return whole;
}

function fail(packet: Packet | null, datagram: Datagram | null): Packet | null {
  count(Counter.IP_REASSEMBLY_FAILS);
  if (packet !== null) packet.release();
  if (datagram !== null) datagram.drop();
  return null;
}

/** The datagram that a fragment belongs to, begun if there is none; the oldest makes room. */
function obtain(packet: Packet, identity: u32): Datagram | null {
  let free: Datagram | null = null;
  let oldest: Datagram | null = null;
  for (let i = 0; i < MAX_DATAGRAMS; i++) {
    let entry = datagrams[i];
    if (entry === null) {
      entry = new Datagram();
      datagrams[i] = entry;
    }
    if (entry.matches(packet, identity)) return entry;
    if (!entry.isUsed) free = entry;
    else if (oldest === null || entry.deadlineNs < oldest.deadlineNs) oldest = entry;
    if (free !== null && i + 1 < MAX_DATAGRAMS && datagrams[i + 1] === null) break;
  }
  if (oldest !== null && (free === null || memory > MEMORY_LIMIT)) {
    count(Counter.IP_REASSEMBLY_FAILS);
    oldest.drop();
    free = oldest;
  }
  if (free === null) return null;
  free.isUsed = true;
  free.source.assign(packet.source);
  free.destination.assign(packet.destination);
  free.identity = identity;
  free.protocol = packet.protocol;
  free.fragments = 0;
  free.bytes = 0;
  free.total = 0;
  free.first = null;
  clock.arm(free, TIMEOUT_NS);
  return free;
}
