// DHCP messages for IPv4 (RFC 2131 §2, options: RFC 2132; classless routes: RFC 3442).
//
//     0 | op 1 | htype 1 | hlen 1 | hops 1 | xid 4 | secs 2 | flags 2 |
//    12 | ciaddr 4 | yiaddr 4 | siaddr 4 | giaddr 4 | chaddr 16 | sname 64 | file 128 |
//   236 | magic cookie 4 | options: code 1, length 1, data ... |

import * as mem from "machine/mem";
import { load8, load32, loadHardware, store8, store16, store32, storeHardware } from "./bytes";

export const DHCP_FIXED: u32 = 240;
/** The least a client must send for old relays to pass it (RFC 1542 §2.1). */
export const DHCP_MINIMUM: u32 = 300;
const MAGIC: u32 = 0x6382_5363;
const BROADCAST_FLAG: u32 = 0x8000;

export const SERVER_PORT: u32 = 67;

export const enum DhcpMessage {
  DISCOVER = 1,
  OFFER = 2,
  REQUEST = 3,
  DECLINE = 4,
  ACK = 5,
  NAK = 6,
  RELEASE = 7,
}

export const enum DhcpOption {
  PAD = 0,
  SUBNET_MASK = 1,
  ROUTER = 3,
  NAME_SERVER = 6,
  HOST_NAME = 12,
  DOMAIN_NAME = 15,
  INTERFACE_MTU = 26,
  REQUESTED_ADDRESS = 50,
  LEASE_TIME = 51,
  MESSAGE_TYPE = 53,
  SERVER_IDENTIFIER = 54,
  PARAMETER_LIST = 55,
  MAXIMUM_SIZE = 57,
  RENEWAL_TIME = 58,
  REBINDING_TIME = 59,
  CLIENT_IDENTIFIER = 61,
  CLASSLESS_ROUTES = 121,
  END = 255,
}

/** Write the fixed part of a request; options follow at DHCP_FIXED. */
export function writeFixed(
  message: u64,
  transaction: u32,
  seconds: u32,
  isBroadcast: bool,
  client: u32,
  hardware: u64,
): void {
  mem.fill(message, 0, DHCP_FIXED);
  store32(message, 0x0101_0600);
  store32(message + 4, transaction);
  store16(message + 8, seconds);
  store16(message + 10, isBroadcast ? BROADCAST_FLAG : 0);
  store32(message + 12, client);
  storeHardware(message + 28, hardware);
  store32(message + 236, MAGIC);
}

/** Whether a message is a server's answer to the request with this transaction number and hardware address. */
export function isReply(message: u64, length: u32, transaction: u32, hardware: u64): bool {
  if (length < DHCP_FIXED || load8(message) != 2 || load32(message + 236) != MAGIC) return false;
  return load32(message + 4) == transaction && loadHardware(message + 28) == hardware;
}

export function yourAddress(message: u64): u32 {
  return load32(message + 16);
}

/** The data of an option, 0 when it is missing or cut off; `optionLength` then has its length. */
export function findOption(message: u64, length: u32, wanted: u32): u64 {
  let at = DHCP_FIXED;
  while (at < length) {
    let code = load8(message + <u64>at);
    if (code == DhcpOption.END) return 0;
    if (code == DhcpOption.PAD) {
      at++;
      continue;
    }
    if (at + 2 > length) return 0;
    let size = load8(message + <u64>at + 1);
    if (at + 2 + size > length) return 0;
    if (code == wanted) {
      optionLength = size;
      return message + <u64>at + 2;
    }
    at += 2 + size;
  }
  return 0;
}

/** Length of the option that `findOption` found. */
export let optionLength: u32 = 0;

/** A 32-bit option's value, or `otherwise`. */
export function option32(message: u64, length: u32, wanted: u32, otherwise: u32): u32 {
  let data = findOption(message, length, wanted);
  return data != 0 && optionLength >= 4 ? load32(data) : otherwise;
}

/** A one-byte option's value, or 0. */
export function option8(message: u64, length: u32, wanted: u32): u32 {
  let data = findOption(message, length, wanted);
  return data != 0 && optionLength >= 1 ? load8(data) : 0;
}

/** Append a 32-bit option; returns where the next goes. */
export function write32(at: u64, code: u32, value: u32): u64 {
  store8(at, code);
  store8(at + 1, 4);
  store32(at + 2, value);
  return at + 6;
}

export function write8(at: u64, code: u32, value: u32): u64 {
  store8(at, code);
  store8(at + 1, 1);
  store8(at + 2, value);
  return at + 3;
}
