// SOL_SOCKET: the options that all families have (man 7 socket; Linux net/core/sock.c for bounds and errors).

import * as mem from "machine/mem";
import { EDOM, EINVAL, ENOPROTOOPT, EPERM } from "../abi/errno";
import * as so from "../abi/socket";
import { FOREVER } from "../sched/timer";
import { caller } from "./caller";
import { OptionValue } from "./option";
import { MAX_BUFFER, MIN_RECEIVE_BUFFER, MIN_SEND_BUFFER, Socket } from "./socket";

/** HZ of the interface that counts lingering: seconds beyond this are for ever. */
const LONGEST_SECONDS: i64 = 9_000_000_000;
/** What an unprivileged program may set SO_SNDBUF and SO_RCVBUF to: net.core.{w,r}mem_max. */
const ORDINARY_MAXIMUM: i32 = 4 << 20;
/** Linux TC_PRIO_INTERACTIVE: the highest priority without CAP_NET_ADMIN. */
const HIGHEST_PRIORITY: i32 = 6;

/** setsockopt at SOL_SOCKET. Returns 0 or a negative errno. */
export function setCommon(socket: Socket, name: i32, value: OptionValue): i32 {
  switch (name) {
    case so.SO_RCVTIMEO:
    case so.SO_RCVTIMEO_NEW:
    case so.SO_SNDTIMEO:
    case so.SO_SNDTIMEO_NEW:
      return setTimeout(socket, name == so.SO_RCVTIMEO || name == so.SO_RCVTIMEO_NEW, value);
    case so.SO_LINGER:
      return setLinger(socket, value);
    default:
      break;
  }
  if (!value.hasInt) return -EINVAL;
  let error = setNumber(socket, name, value.int);
  if (error == 0) socket.optionChanged(name);
  return error;
}

function setNumber(socket: Socket, name: i32, number: i32): i32 {
  let isOn = number != 0;
  switch (name) {
    case so.SO_REUSEADDR:
      socket.canReuseAddress = isOn;
      return 0;
    case so.SO_REUSEPORT:
      socket.canReusePort = isOn;
      return 0;
    case so.SO_BROADCAST:
      socket.mayBroadcast = isOn;
      return 0;
    case so.SO_KEEPALIVE:
      socket.keepsAlive = isOn;
      return 0;
    case so.SO_OOBINLINE:
      socket.isUrgentInline = isOn;
      return 0;
    case so.SO_PASSCRED:
      socket.passesCredentials = isOn;
      return 0;
    case so.SO_RXQ_OVFL:
      socket.tellsOverflow = isOn;
      return 0;
    case so.SO_TIMESTAMP:
      socket.timestamps = isOn ? 1 : 0;
      return 0;
    case so.SO_TIMESTAMPNS:
      socket.timestamps = isOn ? 2 : 0;
      return 0;
    case so.SO_SNDBUF:
      socket.sendBuffer = bufferSize(min(number, ORDINARY_MAXIMUM), MIN_SEND_BUFFER);
      return 0;
    case so.SO_RCVBUF:
      socket.receiveBuffer = bufferSize(min(number, ORDINARY_MAXIMUM), MIN_RECEIVE_BUFFER);
      return 0;
    case so.SO_SNDBUFFORCE:
      if (!caller.isPrivileged) return -EPERM;
      socket.sendBuffer = bufferSize(number, MIN_SEND_BUFFER);
      return 0;
    case so.SO_RCVBUFFORCE:
      if (!caller.isPrivileged) return -EPERM;
      socket.receiveBuffer = bufferSize(number, MIN_RECEIVE_BUFFER);
      return 0;
    case so.SO_PRIORITY:
      if (!caller.isPrivileged && <u32>number > <u32>HIGHEST_PRIORITY) return -EPERM;
      socket.priority = number;
      return 0;
    case so.SO_MARK:
      if (!caller.isPrivileged) return -EPERM;
      socket.mark = number;
      return 0;
    case so.SO_RCVLOWAT:
      socket.receiveLowMark = number < 0 ? i32.MAX_VALUE : max(number, 1);
      return 0;
    // Taken and without effect here: there is one route table, one CPU, and no debugging of the protocol.
    case so.SO_DEBUG:
    case so.SO_DONTROUTE:
    case so.SO_NO_CHECK:
    case so.SO_BUSY_POLL:
    case so.SO_INCOMING_CPU:
      return 0;
    default:
      return -ENOPROTOOPT;
  }
}

/** The kernel doubles what is asked for, to allow for its own overhead (man 7 socket, SO_SNDBUF). */
function bufferSize(wanted: i32, least: i32): i32 {
  if (wanted < 0 || wanted > MAX_BUFFER / 2) wanted = MAX_BUFFER / 2;
  return max(wanted * 2, least);
}

/** struct timeval: two 64-bit words. */
function setTimeout(socket: Socket, isReceive: bool, value: OptionValue): i32 {
  if (value.length < 16) return -EINVAL;
  let seconds = <i64>mem.load64(value.at);
  let microseconds = <i64>mem.load64(value.at + 8);
  if (microseconds < 0 || microseconds >= 1_000_000) return -EDOM;
  let timeoutNs = FOREVER;
  if (seconds < 0) timeoutNs = 0;
  else if ((seconds != 0 || microseconds != 0) && seconds < LONGEST_SECONDS) {
    timeoutNs = <u64>seconds * 1_000_000_000 + <u64>microseconds * 1000;
  }
  if (isReceive) socket.receiveTimeoutNs = timeoutNs;
  else socket.sendTimeoutNs = timeoutNs;
  return 0;
}

/** struct linger: l_onoff, l_linger. */
function setLinger(socket: Socket, value: OptionValue): i32 {
  if (value.length < 8) return -EINVAL;
  let seconds = <i32>mem.load32(value.at + 4);
  if (!value.isOn) socket.lingerSeconds = -1;
  else socket.lingerSeconds = seconds < 0 ? i32.MAX_VALUE : seconds;
  socket.optionChanged(so.SO_LINGER);
  return 0;
}

/** getsockopt at SOL_SOCKET. */
export function getCommon(socket: Socket, name: i32, value: OptionValue): i32 {
  switch (name) {
    case so.SO_TYPE:
      return value.setInt(socket.type);
    case so.SO_DOMAIN:
      return value.setInt(socket.family);
    case so.SO_PROTOCOL:
      return value.setInt(socket.protocol);
    case so.SO_ERROR:
      return value.setInt(-socket.takeError());
    case so.SO_ACCEPTCONN:
      return value.setBool(socket.isListening);
    case so.SO_REUSEADDR:
      return value.setBool(socket.canReuseAddress);
    case so.SO_REUSEPORT:
      return value.setBool(socket.canReusePort);
    case so.SO_BROADCAST:
      return value.setBool(socket.mayBroadcast);
    case so.SO_KEEPALIVE:
      return value.setBool(socket.keepsAlive);
    case so.SO_OOBINLINE:
      return value.setBool(socket.isUrgentInline);
    case so.SO_PASSCRED:
      return value.setBool(socket.passesCredentials);
    case so.SO_RXQ_OVFL:
      return value.setBool(socket.tellsOverflow);
    case so.SO_TIMESTAMP:
      return value.setBool(socket.timestamps == 1);
    case so.SO_TIMESTAMPNS:
      return value.setBool(socket.timestamps == 2);
    case so.SO_SNDBUF:
      return value.setInt(socket.sendBuffer);
    case so.SO_RCVBUF:
      return value.setInt(socket.receiveBuffer);
    case so.SO_PRIORITY:
      return value.setInt(socket.priority);
    case so.SO_MARK:
      return value.setInt(socket.mark);
    case so.SO_RCVLOWAT:
      return value.setInt(socket.receiveLowMark);
    case so.SO_SNDLOWAT:
      return value.setInt(1);
    case so.SO_RCVTIMEO:
    case so.SO_RCVTIMEO_NEW:
      return giveTimeout(socket.receiveTimeoutNs, value);
    case so.SO_SNDTIMEO:
    case so.SO_SNDTIMEO_NEW:
      return giveTimeout(socket.sendTimeoutNs, value);
    case so.SO_LINGER: {
      let at = value.setBytes(8);
      mem.store32(at, socket.lingerSeconds >= 0 ? 1 : 0);
      mem.store32(at + 4, <u32>max(socket.lingerSeconds, 0));
      return 0;
    }
    case so.SO_PEEK_OFF:
      return value.setInt(-1);
    case so.SO_DEBUG:
    case so.SO_DONTROUTE:
    case so.SO_NO_CHECK:
    case so.SO_BUSY_POLL:
    case so.SO_INCOMING_CPU:
    case so.SO_ZEROCOPY:
      return value.setInt(0);
    default:
      return -ENOPROTOOPT;
  }
}

function giveTimeout(timeoutNs: u64, value: OptionValue): i32 {
  let at = value.setBytes(16);
  if (timeoutNs == FOREVER) return 0;
  mem.store64(at, timeoutNs / 1_000_000_000);
  mem.store64(at + 8, (timeoutNs % 1_000_000_000) / 1000);
  return 0;
}
