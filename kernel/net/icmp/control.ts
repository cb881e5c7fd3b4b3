// Errors that the network reports about what we sent, on their way to the transport that sent it.

import { EACCES, ECONNREFUSED, EHOSTUNREACH, EMSGSIZE, ENETUNREACH, ENOPROTOOPT, EPROTO } from "../../abi/errno";
import { Address } from "../address";
import { Icmpv4Type, Icmpv4Unreachable, Icmpv6Type, Icmpv6Unreachable } from "../wire/icmp";

/** One report, with what it quotes of our packet. A single instance serves every report. */
export class ControlMessage {
  /** Our packet's addresses: from us, to them. */
  local: Address = new Address();
  remote: Address = new Address();
  localPort: u32 = 0;
  remotePort: u32 = 0;
  /** TCP: the sequence number quoted. */
  sequence: u32 = 0;
  /** Positive errno. */
  error: i32 = 0;
  /** "Too big": the size that passes, else 0. */
  mtu: u32 = 0;
  /** Who complained, with what message; what it quotes of our packet behind the transport header (ICMP: with it). */
  reporter: Address = new Address();
  type: u32 = 0;
  code: u32 = 0;
  quoted: u64 = 0;
  quotedLength: u32 = 0;
  /** Whether the destination itself refused (RFC 1122 §4.2.3.9), rather than some router that may find another way. */
  isHard: bool = false;
}

export const message: ControlMessage = new ControlMessage();

/** What an ICMP error means, as Linux's icmp_err_convert; false when it means nothing to a socket. */
export function classifyIpv4(type: u32, code: u32): bool {
  message.isHard = false;
  if (type == Icmpv4Type.TIME_EXCEEDED) message.error = EHOSTUNREACH;
  else if (type == Icmpv4Type.PARAMETER_PROBLEM) {
    message.error = EPROTO;
    message.isHard = true;
  } else if (type == Icmpv4Type.UNREACHABLE) classifyUnreachableIpv4(code);
  else return false;
  return true;
}

function classifyUnreachableIpv4(code: u32): void {
  switch (code) {
    case Icmpv4Unreachable.NETWORK:
    case 6:
    case 11:
      message.error = ENETUNREACH;
      return;
    case Icmpv4Unreachable.PROTOCOL:
      message.error = ENOPROTOOPT;
      message.isHard = true;
      return;
    case Icmpv4Unreachable.PORT:
      message.error = ECONNREFUSED;
      message.isHard = true;
      return;
    case Icmpv4Unreachable.FRAGMENTATION_NEEDED:
      message.error = EMSGSIZE;
      return;
    default:
      message.error = EHOSTUNREACH;
  }
}

/** As Linux's icmpv6_err_convert. */
export function classifyIpv6(type: u32, code: u32): bool {
  message.isHard = false;
  switch (type) {
    case Icmpv6Type.UNREACHABLE:
      if (code == Icmpv6Unreachable.NO_ROUTE) message.error = ENETUNREACH;
      else if (code == Icmpv6Unreachable.PORT) {
        message.error = ECONNREFUSED;
        message.isHard = true;
      } else message.error = code == Icmpv6Unreachable.PROHIBITED ? EACCES : EHOSTUNREACH;
      return true;
    case Icmpv6Type.PACKET_TOO_BIG:
      message.error = EMSGSIZE;
      return true;
    case Icmpv6Type.TIME_EXCEEDED:
      message.error = EHOSTUNREACH;
      return true;
    case Icmpv6Type.PARAMETER_PROBLEM:
      message.error = EPROTO;
      message.isHard = true;
      return true;
    default:
      return false;
  }
}
