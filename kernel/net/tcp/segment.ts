// A segment that arrived, taken apart. One instance serves all: segments are handled one at a time, to the end.

import { Packet } from "../packet/packet";
import { load8, load16, load32 } from "../wire/bytes";
import * as wire from "../wire/tcp";
import { TCP_HEADER, TcpFlag, TcpOption, TIMESTAMPS_SPACE } from "../wire/tcp";

/** Blocks that fit 40 bytes of options (RFC 2018 §3). */
export const MAX_SACK_BLOCKS: i32 = 4;
/** The largest shift (RFC 7323 §2.3). */
export const MAX_WINDOW_SCALE: i32 = 14;

export class Segment {
  sourcePort: u32 = 0;
  destinationPort: u32 = 0;
  sequence: u32 = 0;
  acknowledgment: u32 = 0;
  flags: u32 = 0;
  /** As it stands in the header, unscaled. */
  window: u32 = 0;
  urgentPointer: u32 = 0;
  /** Bytes of payload. */
  length: u32 = 0;

  hasTimestamps: bool = false;
  timestampValue: u32 = 0;
  timestampEcho: u32 = 0;
  /** 0 when the option is missing. */
  maximumSegmentSize: u32 = 0;
  /** -1 when the option is missing. */
  windowScale: i32 = -1;
  isSackPermitted: bool = false;
  sackCount: i32 = 0;
  sackStart: StaticArray<u32> = new StaticArray<u32>(MAX_SACK_BLOCKS);
  sackEnd: StaticArray<u32> = new StaticArray<u32>(MAX_SACK_BLOCKS);

  has(flag: TcpFlag): bool {
    return (this.flags & flag) != 0;
  }

  /** Sequence number after everything in it: SEG.SEQ + SEG.LEN (RFC 9293 §3.3.1). */
  get end(): u32 {
    let end = this.sequence + this.length;
    if (this.flags & (TcpFlag.SYN | TcpFlag.FIN)) {
      if (this.flags & TcpFlag.SYN) end++;
      if (this.flags & TcpFlag.FIN) end++;
    }
    return end;
  }

  /** Read a packet that stands at its TCP header; it then stands at the payload. False when it is malformed. */
  parse(packet: Packet): bool {
    if (!packet.pull(TCP_HEADER)) return false;
    let header = packet.address;
    let size = wire.headerLength(header);
    if (size < TCP_HEADER || !packet.pull(size)) return false;
    this.sourcePort = wire.sourcePort(header);
    this.destinationPort = wire.destinationPort(header);
    this.sequence = wire.sequence(header);
    this.acknowledgment = wire.acknowledgment(header);
    this.flags = wire.flags(header);
    this.window = wire.window(header);
    this.urgentPointer = wire.urgentPointer(header);
    this.hasTimestamps = false;
    this.sackCount = 0;
    if (size == TCP_HEADER + TIMESTAMPS_SPACE && wire.hasOnlyTimestamps(header)) {
      this.hasTimestamps = true;
      this.timestampValue = load32(header + 24);
      this.timestampEcho = load32(header + 28);
    } else if (size > TCP_HEADER || this.flags & TcpFlag.SYN) {
      this.parseOptions(header + <u64>TCP_HEADER, size - TCP_HEADER);
    }
    packet.strip(size);
    this.length = packet.length;
    packet.sequence = this.sequence + (this.flags & TcpFlag.SYN ? 1 : 0);
    packet.sequenceEnd = packet.sequence + this.length;
    return true;
  }

  /** Unknown options are skipped; a length that does not fit ends the list (RFC 9293 §3.1, RFC 1122 §4.2.2.5). */
  private parseOptions(option: u64, length: u32): void {
    this.maximumSegmentSize = 0;
    this.windowScale = -1;
    this.isSackPermitted = false;
    let at: u32 = 0;
    while (at < length) {
      let kind = load8(option + <u64>at);
      if (kind == TcpOption.END) return;
      if (kind == TcpOption.NO_OPERATION) {
        at++;
        continue;
      }
      if (at + 1 >= length) return;
      let size = load8(option + <u64>at + 1);
      if (size < 2 || at + size > length) return;
      this.parseOption(kind, size, option + <u64>at + 2);
      at += size;
    }
  }

  private parseOption(kind: u32, size: u32, value: u64): void {
    let isSyn = (this.flags & TcpFlag.SYN) != 0;
    switch (kind) {
      case TcpOption.MAXIMUM_SEGMENT_SIZE:
        if (size == 4 && isSyn) this.maximumSegmentSize = load16(value);
        return;
      case TcpOption.WINDOW_SCALE:
        if (size == 3 && isSyn) this.windowScale = min<i32>(<i32>load8(value), MAX_WINDOW_SCALE);
        return;
      case TcpOption.SACK_PERMITTED:
        if (size == 2 && isSyn) this.isSackPermitted = true;
        return;
      case TcpOption.TIMESTAMPS:
        if (size != 10) return;
        this.hasTimestamps = true;
        this.timestampValue = load32(value);
        this.timestampEcho = load32(value + 4);
        return;
      case TcpOption.SACK: {
        let blocks = min<i32>(<i32>((size - 2) >> 3), MAX_SACK_BLOCKS);
        for (let i = 0; i < blocks; i++) {
          this.sackStart[i] = load32(value + <u64>(8 * i));
          this.sackEnd[i] = load32(value + <u64>(8 * i) + 4);
        }
        this.sackCount = blocks;
        return;
      }
      default:
        return;
    }
  }
}

/** The segment being handled. */
export const arrived: Segment = new Segment();
