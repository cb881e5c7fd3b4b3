// What a program may set on a connection (man 7 tcp, man 7 socket). A listener's options pass to what it accepts.

import * as clock from "../clock";
import { DEFAULT_RECEIVE_BUFFER } from "./receive-window";

/** As net.ipv4.tcp_wmem: what a connection may queue at first, and how far autotuning goes. */
export const DEFAULT_SEND_BUFFER: u32 = 65536;
export const MAX_SEND_BUFFER: u32 = 4 << 20;
export const MIN_SEND_BUFFER: u32 = 4608;

/** As net.ipv4.tcp_keepalive_{time,intvl,probes}. */
const KEEPALIVE_IDLE_NS: u64 = 7200 * clock.SECOND;
const KEEPALIVE_INTERVAL_NS: u64 = 75 * clock.SECOND;
const KEEPALIVE_PROBES: u32 = 9;
/** As net.ipv4.tcp_syn_retries, tcp_retries2, tcp_orphan_retries, tcp_fin_timeout. */
export const SYN_RETRIES: u32 = 6;
export const DATA_RETRIES: u32 = 15;
export const ORPHAN_RETRIES: u32 = 8;
const FIN_TIMEOUT_NS: u64 = 60 * clock.SECOND;

export class Options {
  /** TCP_NODELAY, TCP_CORK. */
  noDelay: bool = false;
  isCorked: bool = false;
  /** TCP_QUICKACK. */
  quickAcknowledge: bool = false;
  /** SO_KEEPALIVE, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT. */
  keepsAlive: bool = false;
  keepIdleNs: u64 = KEEPALIVE_IDLE_NS;
  keepIntervalNs: u64 = KEEPALIVE_INTERVAL_NS;
  keepProbes: u32 = KEEPALIVE_PROBES;
  /** TCP_USER_TIMEOUT; 0 for the default number of tries. */
  userTimeoutNs: u64 = 0;
  /** TCP_SYNCNT. */
  synRetries: u32 = SYN_RETRIES;
  /** TCP_LINGER2: how long FIN-WAIT-2 lasts when nobody listens any more. */
  finTimeoutNs: u64 = FIN_TIMEOUT_NS;
  /** TCP_MAXSEG; 0 for what the path takes. */
  maximumSegmentSize: u32 = 0;
  /** SO_OOBINLINE. */
  isUrgentInline: bool = false;
  /** SO_SNDBUF, SO_RCVBUF; and whether they were set, which ends autotuning. */
  sendBuffer: u32 = DEFAULT_SEND_BUFFER;
  receiveBuffer: u32 = DEFAULT_RECEIVE_BUFFER;
  isSendBufferFixed: bool = false;
  isReceiveBufferFixed: bool = false;
  /** IP_TTL or IPV6_UNICAST_HOPS, 0 for the default; IP_TOS or IPV6_TCLASS. */
  hopLimit: u32 = 0;
  trafficClass: u32 = 0;
  /** TCP_WINDOW_CLAMP: the largest window to offer; 0 for as large as the buffer. */
  windowClamp: u32 = 0;
  /** TCP_NOTSENT_LOWAT: so many bytes may wait to be sent before the program is held back; 0 for as many as fit. */
  notSentLowMark: u32 = 0;
  /** TCP_DEFER_ACCEPT: how many SYN-ACKs a listener spends on a peer that completes the handshake and says nothing. */
  deferRetries: u32 = 0;
  /** TCP_CONGESTION: Reno instead of CUBIC. */
  usesReno: bool = false;

  assign(other: Options): void {
    this.noDelay = other.noDelay;
    this.isCorked = other.isCorked;
    this.quickAcknowledge = other.quickAcknowledge;
    this.keepsAlive = other.keepsAlive;
    this.keepIdleNs = other.keepIdleNs;
    this.keepIntervalNs = other.keepIntervalNs;
    this.keepProbes = other.keepProbes;
    this.userTimeoutNs = other.userTimeoutNs;
    this.synRetries = other.synRetries;
    this.finTimeoutNs = other.finTimeoutNs;
    this.maximumSegmentSize = other.maximumSegmentSize;
    this.isUrgentInline = other.isUrgentInline;
    this.sendBuffer = other.sendBuffer;
    this.receiveBuffer = other.receiveBuffer;
    this.isSendBufferFixed = other.isSendBufferFixed;
    this.isReceiveBufferFixed = other.isReceiveBufferFixed;
    this.hopLimit = other.hopLimit;
    this.trafficClass = other.trafficClass;
    this.windowClamp = other.windowClamp;
    this.notSentLowMark = other.notSentLowMark;
    this.deferRetries = other.deferRetries;
    this.usesReno = other.usesReno;
  }
}
