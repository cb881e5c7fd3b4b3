// ioctl(2) about interfaces (man 7 netdevice): what SIOCGIF* answers. Changing them is the configuration's, not a program's.

import * as mem from "machine/mem";
import { bytesAddress } from "memory/address";
import { EADDRNOTAVAIL, EFAULT, EINVAL, ENODEV, EPERM } from "../abi/errno";
import * as abi from "../abi/inet";
import { AF_INET } from "../abi/socket";
import { copyIn, copyOut, fetch32, fetch64, fetched, store32 } from "../memory/user";
import { Interface, InterfaceAddress } from "../net/ip/interface";
import * as interfaces from "../net/ip/interfaces";

/** struct ifreq: the name, then what it is about. */
const request: StaticArray<u8> = new StaticArray<u8>(<i32>abi.IFREQ_SIZE);
const VALUE: u64 = 16;
/** Queue length that ip(8) shows for Ethernet. */
const TRANSMIT_QUEUE: u32 = 1000;

export function isInterfaceRequest(number: u32): bool {
  switch (number) {
    case abi.SIOCGIFNAME:
    case abi.SIOCGIFCONF:
    case abi.SIOCGIFFLAGS:
    case abi.SIOCSIFFLAGS:
    case abi.SIOCGIFADDR:
    case abi.SIOCGIFDSTADDR:
    case abi.SIOCGIFBRDADDR:
    case abi.SIOCGIFNETMASK:
    case abi.SIOCGIFMETRIC:
    case abi.SIOCGIFMTU:
    case abi.SIOCGIFHWADDR:
    case abi.SIOCGIFINDEX:
    case abi.SIOCGIFTXQLEN:
    case abi.SIOCGIFMAP:
      return true;
    default:
      return false;
  }
}

/** IFF_* of an interface. */
export function flagsOf(entry: Interface): u32 {
  let flags: u32 = entry.isLoopback ? abi.IFF_LOOPBACK : abi.IFF_BROADCAST | abi.IFF_MULTICAST;
  if (entry.isUp) flags |= abi.IFF_UP;
  if (entry.isRunning) flags |= abi.IFF_RUNNING;
  return flags;
}

/** The IPv4 netmask of an address, as a number. */
export function netmaskOf(address: InterfaceAddress): u32 {
  let bits = address.prefixLength - 96;
  return bits == 0 ? 0 : (<u32>0xffffffff) << (32 - bits);
}

/** Answer a request. Precondition: isInterfaceRequest. */
export function requestInterface(number: u32, argument: u64): i64 {
  if (number == abi.SIOCGIFCONF) return listInterfaces(argument);
  let base = bytesAddress(request);
  if (copyIn(base, argument, abi.IFREQ_SIZE) < 0) return -EFAULT;
  let entry = number == abi.SIOCGIFNAME ? interfaces.find(<i32>mem.load32(base + VALUE)) : findByName();
  if (entry === null) return -ENODEV;
  let error = answer(number, entry, base);
  return error < 0 ? error : copyOut(argument, base, abi.IFREQ_SIZE);
}

/** The interface named in the request. An alias ("eth0:1") is the interface itself. */
function findByName(): Interface | null {
  let length = 0;
  while (length < abi.IFNAMSIZ && request[length] != 0 && request[length] != 0x3a) length++;
  for (let i = 1; i <= interfaces.last; i++) {
    let entry = interfaces.find(i);
    if (entry === null) continue;
    let name = entry.device.name;
    if (name.length != length) continue;
    let same = 0;
    while (same < length && <i32>request[same] == name.charCodeAt(same)) same++;
    if (same == length) return entry;
  }
  return null;
}

function putName(at: u64, name: string): void {
  mem.fill(at, 0, <u64>abi.IFNAMSIZ);
  for (let i = 0; i < name.length && i < abi.IFNAMSIZ - 1; i++) mem.store8(at + <u64>i, <u32>name.charCodeAt(i));
}

/** A struct sockaddr_in with `address` (host order) at the value's place. */
function putAddress(at: u64, address: u32): i64 {
  mem.fill(at, 0, 16);
  mem.store16(at, <u32>AF_INET);
  mem.store32(at + 4, bswap<u32>(address));
  return 0;
}

function answer(number: u32, entry: Interface, base: u64): i64 {
  let at = base + VALUE;
  switch (number) {
    case abi.SIOCGIFNAME:
      putName(base, entry.device.name);
      return 0;
    case abi.SIOCGIFFLAGS:
      mem.store16(at, flagsOf(entry));
      return 0;
    case abi.SIOCSIFFLAGS:
      return -EPERM;
    case abi.SIOCGIFMETRIC:
      mem.store32(at, 0);
      return 0;
    case abi.SIOCGIFMTU:
      mem.store32(at, entry.device.mtu);
      return 0;
    case abi.SIOCGIFINDEX:
      mem.store32(at, <u32>entry.index);
      return 0;
    case abi.SIOCGIFTXQLEN:
      mem.store32(at, TRANSMIT_QUEUE);
      return 0;
    case abi.SIOCGIFMAP:
      mem.fill(at, 0, 24);
      return 0;
    case abi.SIOCGIFHWADDR:
      mem.fill(at, 0, 16);
      mem.store16(at, <u32>entry.device.kind);
      putHardware(at + 2, entry.device.hardware);
      return 0;
    default:
      break;
  }
  let address = entry.primary(true);
  if (address === null) return -EADDRNOTAVAIL;
  switch (number) {
    case abi.SIOCGIFADDR:
    case abi.SIOCGIFDSTADDR:
      return putAddress(at, address.address.ipv4);
    case abi.SIOCGIFBRDADDR:
      return putAddress(at, entry.isLoopback ? 0 : address.broadcastIpv4);
    case abi.SIOCGIFNETMASK:
      return putAddress(at, netmaskOf(address));
    default:
      return -EINVAL;
  }
}

/** A station address in the order it is written in. */
export function putHardware(at: u64, hardware: u64): void {
  for (let i: u64 = 0; i < 6; i++) mem.store8(at + i, <u32>(hardware >> (40 - 8 * i)) & 0xff);
}

/** SIOCGIFCONF: struct ifconf { int length; struct ifreq *list }: every IPv4 address. */
function listInterfaces(argument: u64): i64 {
  if (fetch32(argument) < 0) return -EFAULT;
  let room = <i32>fetched;
  if (fetch64(argument + 8) < 0) return -EFAULT;
  let list = fetched;
  let base = bytesAddress(request);
  let length = 0;
  for (let i = 1; i <= interfaces.last; i++) {
    let entry = interfaces.find(i);
    if (entry === null) continue;
    for (let k = 0; k < entry.addressCount; k++) {
      let address = entry.address(k);
      if (!address.address.isIpv4) continue;
      if (list != 0) {
        if (length + <i32>abi.IFREQ_SIZE > room) break;
        mem.fill(base, 0, abi.IFREQ_SIZE);
        putName(base, entry.device.name);
        putAddress(base + VALUE, address.address.ipv4);
        if (copyOut(list + <u64>length, base, abi.IFREQ_SIZE) < 0) return -EFAULT;
      }
      length += <i32>abi.IFREQ_SIZE;
    }
  }
  return store32(argument, <u32>length);
}
