// What two SYNs agreed on: all that is needed to make a connection of a half-open one or of a cookie.

import { Segment } from "./segment";

export class Handshake {
  /** ISS and IRS. */
  initialSend: u32 = 0;
  initialReceive: u32 = 0;
  /** What the peer takes (536 when it did not say, RFC 9293 §3.7.1). */
  segmentSize: u32 = 536;
  /** The peer's shift, -1 when it does not scale. */
  windowScale: i32 = -1;
  hasSack: bool = false;
  hasTimestamps: bool = false;
  timestampRecent: u32 = 0;
  timestampOffset: u32 = 0;

  /** Take the offers of a SYN. */
  readSyn(segment: Segment): void {
    this.initialReceive = segment.sequence;
    this.segmentSize = segment.maximumSegmentSize == 0 ? 536 : segment.maximumSegmentSize;
    this.windowScale = segment.windowScale;
    this.hasSack = segment.isSackPermitted;
    this.hasTimestamps = segment.hasTimestamps;
    this.timestampRecent = segment.timestampValue;
  }
}
