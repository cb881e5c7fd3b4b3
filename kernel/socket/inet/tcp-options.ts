// setsockopt and getsockopt at IPPROTO_TCP (man 7 tcp), and struct tcp_info.

import * as mem from "machine/mem";
import { EINVAL, EISCONN, ENOENT, ENOPROTOOPT } from "../../abi/errno";
import * as abi from "../../abi/inet";
import * as clock from "../../net/clock";
import { Connection } from "../../net/tcp/connection";
import { Options } from "../../net/tcp/options";
import { State } from "../../net/tcp/state";
import { restartKeepalive } from "../../net/tcp/timeout";
import { OptionValue } from "../option";
import { TcpSocket } from "./stream";

/** Linux MAX_TCP_KEEPIDLE, MAX_TCP_KEEPINTVL, MAX_TCP_KEEPCNT, MAX_TCP_SYNCNT; TCP_MIN_MSS and MAX_TCP_WINDOW. */
const MAX_KEEP_SECONDS: i32 = 32767;
const MAX_COUNT: i32 = 127;
const MIN_SEGMENT: i32 = 88;
const MAX_SEGMENT: i32 = 32767;
/** Linux SOCK_MIN_RCVBUF / 2. */
const MIN_WINDOW_CLAMP: i32 = 1152;
/** Linux TCP_FIN_TIMEOUT_MAX. */
const MAX_LINGER_SECONDS: i32 = 120;
/** Linux TCP_RTO_MAX. */
const MAX_SYN_ACK_WAIT_SECONDS: i32 = 120;
/** sizeof(struct tcp_info) as of Linux 5.4; programs ask for as much as they know. */
const INFO_SIZE: i32 = 232;

/** "cubic" and "reno" as congestion control names. */
const CUBIC: string = "cubic";
const RENO: string = "reno";

export function setTcpOption(socket: TcpSocket, name: i32, value: OptionValue): i32 {
  if (name == abi.TCP_CONGESTION) return setCongestion(socket, value);
  if (!value.hasInt) return -EINVAL;
  socket.enter();
  let error = setNumber(socket, name, value.int);
  socket.leave();
  return error;
}

function setNumber(socket: TcpSocket, name: i32, number: i32): i32 {
  let options = socket.options;
  let connection = socket.connection;
  switch (name) {
    case abi.TCP_NODELAY:
      options.noDelay = number != 0;
      if (options.noDelay && connection !== null) connection.send();
      return 0;
    case abi.TCP_CORK:
      options.isCorked = number != 0;
      if (!options.isCorked && connection !== null) connection.send();
      return 0;
    case abi.TCP_MAXSEG:
      if (number != 0 && (number < MIN_SEGMENT || number > MAX_SEGMENT)) return -EINVAL;
      options.maximumSegmentSize = <u32>number;
      return 0;
    case abi.TCP_KEEPIDLE:
      if (number < 1 || number > MAX_KEEP_SECONDS) return -EINVAL;
      options.keepIdleNs = <u64>number * clock.SECOND;
      if (connection !== null) restartKeepalive(connection);
      return 0;
    case abi.TCP_KEEPINTVL:
      if (number < 1 || number > MAX_KEEP_SECONDS) return -EINVAL;
      options.keepIntervalNs = <u64>number * clock.SECOND;
      return 0;
    case abi.TCP_KEEPCNT:
      if (number < 1 || number > MAX_COUNT) return -EINVAL;
      options.keepProbes = <u32>number;
      return 0;
    case abi.TCP_SYNCNT:
      if (number < 1 || number > MAX_COUNT) return -EINVAL;
      options.synRetries = <u32>number;
      return 0;
    case abi.TCP_LINGER2:
      // Negative: no waiting at all; too much: the longest.
      if (number < 0) options.finTimeoutNs = 0;
      else if (number > 0) options.finTimeoutNs = <u64>min(number, MAX_LINGER_SECONDS) * clock.SECOND;
      return 0;
    case abi.TCP_QUICKACK:
      options.quickAcknowledge = (number & 1) != 0;
      if (options.quickAcknowledge && connection !== null && connection.delayedAcknowledgment.isArmed) {
        connection.acknowledge();
      }
      return 0;
    case abi.TCP_USER_TIMEOUT:
      if (number < 0) return -EINVAL;
      options.userTimeoutNs = <u64>number * clock.MILLISECOND;
      return 0;
    case abi.TCP_DEFER_ACCEPT:
      options.deferRetries = retriesFor(number);
      return 0;
    case abi.TCP_NOTSENT_LOWAT:
      options.notSentLowMark = <u32>number;
      if (connection !== null && connection.wantsRoom) connection.offerRoom();
      return 0;
    case abi.TCP_WINDOW_CLAMP:
      if (number == 0 && connection !== null) return -EINVAL;
      options.windowClamp = number == 0 ? 0 : <u32>max(number, MIN_WINDOW_CLAMP);
      if (connection !== null) connection.receiveWindow.clamp = options.windowClamp;
      return 0;
    case abi.TCP_FASTOPEN:
      if (number < 0 || connection !== null) return -EINVAL;
      socket.fastOpenBacklog = number;
      return 0;
    case abi.TCP_FASTOPEN_CONNECT:
      if (number < 0 || number > 1 || connection !== null || socket.isListening) return -EINVAL;
      socket.wantsFastOpen = number != 0;
      return 0;
    default:
      return -ENOPROTOOPT;
  }
}

/** SYN-ACKs that are sent within so many seconds, each after twice the time of the one before (Linux secs_to_retrans). */
function retriesFor(seconds: i32): u32 {
  if (seconds <= 0) return 0;
  let retries: u32 = 1;
  let waitSeconds = 1;
  for (let passed = 1; passed < seconds && retries < 255; passed += waitSeconds) {
    retries++;
    waitSeconds = min(waitSeconds << 1, MAX_SYN_ACK_WAIT_SECONDS);
  }
  return retries;
}

/** The other way round (Linux retrans_to_secs). */
function secondsOf(retries: u32): i32 {
  let passed = 0;
  let waitSeconds = 1;
  for (let i: u32 = 0; i < retries; i++) {
    passed += waitSeconds;
    waitSeconds = min(waitSeconds << 1, MAX_SYN_ACK_WAIT_SECONDS);
  }
  return passed;
}

function isText(value: OptionValue, text: string): bool {
  let length = value.length;
  while (length > 0 && (value.bytes[length - 1] == 0 || value.bytes[length - 1] == 0x0a)) length--;
  if (length != text.length) return false;
  for (let i = 0; i < length; i++) if (<i32>value.bytes[i] != text.charCodeAt(i)) return false;
  return true;
}

/** Counts for connections to be made: a connection keeps the one that it began with. */
function setCongestion(socket: TcpSocket, value: OptionValue): i32 {
  if (value.length < 1) return -EINVAL;
  let usesReno = isText(value, RENO);
  if (!usesReno && !isText(value, CUBIC)) return -ENOENT;
  if (socket.connection !== null && usesReno != socket.options.usesReno) return -EISCONN;
  socket.options.usesReno = usesReno;
  return 0;
}

function seconds(ns: u64): i32 {
  return <i32>(ns / clock.SECOND);
}

export function getTcpOption(socket: TcpSocket, name: i32, value: OptionValue): i32 {
  let options = socket.options;
  let connection = socket.connection;
  switch (name) {
    case abi.TCP_NODELAY:
      return value.setBool(options.noDelay);
    case abi.TCP_CORK:
      return value.setBool(options.isCorked);
    case abi.TCP_MAXSEG:
      if (connection !== null) return value.setInt(<i32>connection.segmentSize);
      return value.setInt(options.maximumSegmentSize != 0 ? <i32>options.maximumSegmentSize : 536);
    case abi.TCP_KEEPIDLE:
      return value.setInt(seconds(options.keepIdleNs));
    case abi.TCP_KEEPINTVL:
      return value.setInt(seconds(options.keepIntervalNs));
    case abi.TCP_KEEPCNT:
      return value.setInt(<i32>options.keepProbes);
    case abi.TCP_SYNCNT:
      return value.setInt(<i32>options.synRetries);
    case abi.TCP_LINGER2:
      return value.setInt(seconds(options.finTimeoutNs));
    case abi.TCP_QUICKACK:
      return value.setBool(options.quickAcknowledge);
    case abi.TCP_USER_TIMEOUT:
      return value.setInt(<i32>(options.userTimeoutNs / clock.MILLISECOND));
    case abi.TCP_CONGESTION:
      return giveText(value, options.usesReno ? RENO : CUBIC);
    case abi.TCP_INFO:
      return giveInfo(value, connection, options, socket.isListening);
    case abi.TCP_DEFER_ACCEPT:
      return value.setInt(secondsOf(options.deferRetries));
    case abi.TCP_NOTSENT_LOWAT:
      return value.setInt(<i32>options.notSentLowMark);
    case abi.TCP_WINDOW_CLAMP:
      return value.setInt(<i32>options.windowClamp);
    case abi.TCP_FASTOPEN:
      return value.setInt(socket.fastOpenBacklog);
    case abi.TCP_FASTOPEN_CONNECT:
      return value.setBool(socket.wantsFastOpen);
    default:
      return -ENOPROTOOPT;
  }
}

/** Names come in 16 bytes (TCP_CA_NAME_MAX). */
function giveText(value: OptionValue, text: string): i32 {
  value.setBytes(16);
  for (let i = 0; i < text.length; i++) value.bytes[i] = <u8>text.charCodeAt(i);
  return 0;
}

function microseconds(ns: u64): u32 {
  return <u32>min<u64>(ns / 1000, u32.MAX_VALUE);
}

function milliseconds(sinceNs: u64): u32 {
  return sinceNs == 0 ? 0 : <u32>((clock.nowNs - sinceNs) / clock.MILLISECOND);
}

/** struct tcp_info: Linux include/uapi/linux/tcp.h; what is not kept here is 0. */
function giveInfo(value: OptionValue, c: Connection | null, options: Options, isListening: bool): i32 {
  let at = value.setBytes(INFO_SIZE);
  if (c === null) {
    mem.store8(at, <u32>(isListening ? State.LISTEN : State.CLOSED));
    return 0;
  }
  mem.store8(at, <u32>c.state);
  mem.store8(at + 2, c.recovery.timeouts); // tcpi_retransmits
  mem.store8(at + 3, c.probes);
  let has: u32 = (c.hasTimestamps ? 1 : 0) | (c.hasSack ? 2 : 0) | (c.hasScaling ? 4 : 0);
  mem.store8(at + 5, has); // tcpi_options
  mem.store8(at + 6, c.sendWindow.scale | (c.receiveWindow.scale << 4));
  mem.store32(at + 16, c.segmentSize); // tcpi_snd_mss
  mem.store32(at + 20, c.receiveWindow.segmentSize); // tcpi_rcv_mss
  mem.store32(at + 24, c.segmentSize == 0 ? 0 : c.sendWindow.outstanding / c.segmentSize); // tcpi_unacked
  mem.store32(at + 44, milliseconds(c.sentNs)); // tcpi_last_data_sent
  mem.store32(at + 52, milliseconds(c.receivedNs)); // tcpi_last_data_recv
  mem.store32(at + 56, milliseconds(c.progressNs)); // tcpi_last_ack_recv
  mem.store32(at + 60, c.path.mtu); // tcpi_pmtu
  mem.store32(at + 68, microseconds(c.roundTrip.smoothedNs)); // tcpi_rtt
  mem.store32(at + 72, microseconds(c.roundTrip.variationNs)); // tcpi_rttvar
  mem.store32(at + 80, c.segmentSize == 0 ? 0 : c.congestion.window / c.segmentSize); // tcpi_snd_cwnd
  mem.store32(at + 84, options.maximumSegmentSize != 0 ? options.maximumSegmentSize : c.segmentSize); // tcpi_advmss
  mem.store32(at + 96, c.receiveWindow.window); // tcpi_rcv_space
  mem.store32(at + 144, c.unsent); // tcpi_notsent_bytes
  return 0;
}
