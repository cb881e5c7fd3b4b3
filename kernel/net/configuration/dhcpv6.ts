// Stateless DHCPv6 (RFC 8415 §6.1, §18.2.6): when a router says that there is more to know, ask once for name servers.
//
//   message  | type 1 | transaction 3 | options: code 2, length 2, data ... |

import { Timer } from "../../lib/timer-queue";
import { Address } from "../address";
import * as clock from "../clock";
import { Interface } from "../ip/interface";
import { Path } from "../ip/path";
import { NetworkDevice } from "../link/device";
import { MAX_DEVICES } from "../link/registry";
import { allocate, Packet } from "../packet/packet";
import { random64 } from "../secret";
import { DHCPV6_CLIENT_PORT, InternalService, setDhcpv6 } from "../udp/internal";
import { load16, load32, loadIpv6, store16, store32, storeHardware } from "../wire/bytes";
import { sendDatagram } from "./datagram";
import * as resolvers from "./resolvers";
import { ServerOrigin } from "./resolvers";

const SERVER_PORT: u32 = 547;
const INFORMATION_REQUEST: u32 = 11;
const REPLY: u32 = 7;
const OPTION_CLIENT_IDENTIFIER: u32 = 1;
const OPTION_REQUEST: u32 = 6;
const OPTION_ELAPSED: u32 = 8;
const OPTION_NAME_SERVERS: u32 = 23; // RFC 3646
const OPTION_REFRESH: u32 = 32;
const MESSAGE_HEADER: u32 = 4;
const REQUEST_LENGTH: u32 = 4 + 14 + 8 + 6;
/** RFC 8415 §7.6. */
const FIRST_WAIT_NS: u64 = clock.SECOND;
const MAX_WAIT_NS: u64 = 3600 * clock.SECOND;
const DEFAULT_REFRESH_SECONDS: u32 = 86400;
const MIN_REFRESH_SECONDS: u32 = 600;

/** ff02::1:2, all relay agents and servers (RFC 8415 §7.1). */
const SERVERS: Address = new Address(0xff02_0000_0000_0000, 0x0001_0002);
const address: Address = new Address();

class Requester extends Timer {
  private transaction: u32 = 0;
  private tries: u32 = 0;
  private isWaiting: bool = false;
  private hasAnswer: bool = false;
  private startedNs: u64 = 0;
  private path: Path = new Path();

  constructor(private on: Interface) {
    super();
  }

  request(): void {
    if (this.isWaiting || this.hasAnswer) return;
    this.begin();
  }

  expired(_nowNs: u64): void {
    if (this.isWaiting) this.transmit();
    else this.begin();
  }

  received(packet: Packet): void {
    if (!this.isWaiting || !packet.linearize() || packet.length < MESSAGE_HEADER) return;
    let message = packet.address;
    if (load32(message) != ((REPLY << 24) | this.transaction)) return;
    this.isWaiting = false;
    this.hasAnswer = true;
    let refresh = this.readOptions(message + <u64>MESSAGE_HEADER, packet.length - MESSAGE_HEADER);
    clock.arm(this, <u64>max(refresh, MIN_REFRESH_SECONDS) * clock.SECOND);
  }

  private begin(): void {
    this.transaction = <u32>random64() & 0xff_ffff;
    this.tries = 0;
    this.isWaiting = true;
    this.startedNs = clock.nowNs;
    this.transmit();
  }

  private readOptions(at: u64, length: u32): u32 {
    let refresh = DEFAULT_REFRESH_SECONDS;
    resolvers.clear(ServerOrigin.DHCPV6, this.on.index);
    while (length >= 4) {
      let size = load16(at + 2);
      if (size + 4 > length) return refresh;
      let code = load16(at);
      if (code == OPTION_NAME_SERVERS) {
        for (let i: u32 = 0; i + 16 <= size; i += 16) {
          loadIpv6(at + 4 + <u64>i, address);
          resolvers.add(address, ServerOrigin.DHCPV6, this.on.index);
        }
      } else if (code == OPTION_REFRESH && size == 4) {
        refresh = load32(at + 4);
      }
      at += <u64>(size + 4);
      length -= size + 4;
    }
    return refresh;
  }

  private transmit(): void {
    clock.arm(this, min<u64>(FIRST_WAIT_NS << (<u64>min<u32>(this.tries, 12)), MAX_WAIT_NS));
    this.tries++;
    let linkLocal = this.on.linkLocal;
    if (linkLocal === null || this.path.resolve(SERVERS, linkLocal.address, this.on.index) < 0) return;
    let packet = allocate();
    if (packet === null) return;
    let at = packet.append(REQUEST_LENGTH);
    store32(at, (INFORMATION_REQUEST << 24) | this.transaction);
    // DUID-LL: hardware type 1 and the address (RFC 8415 §11.4).
    store16(at + 4, OPTION_CLIENT_IDENTIFIER);
    store16(at + 6, 10);
    store32(at + 8, 0x0003_0001);
    storeHardware(at + 12, this.on.device.hardware);
    store16(at + 18, OPTION_REQUEST);
    store16(at + 20, 4);
    store16(at + 22, OPTION_NAME_SERVERS);
    store16(at + 24, OPTION_REFRESH);
    store16(at + 26, OPTION_ELAPSED);
    store16(at + 28, 2);
    let elapsed = (clock.nowNs - this.startedNs) / (10 * clock.MILLISECOND);
    store16(at + 30, <u32>min<u64>(elapsed, 65535));
    sendDatagram(packet, this.path, SERVERS, DHCPV6_CLIENT_PORT, SERVER_PORT);
  }
}

const requesters: StaticArray<Requester | null> = new StaticArray<Requester | null>(MAX_DEVICES + 1);

class Service extends InternalService {
  received(packet: Packet, device: NetworkDevice): void {
    let requester = requesters[device.index];
    if (requester !== null) requester.received(packet);
  }
}

/** A router says that there is other configuration. */
export function request(on: Interface): void {
  let requester = requesters[on.index];
  if (requester === null) {
    requester = new Requester(on);
    requesters[on.index] = requester;
    setDhcpv6(new Service());
  }
  requester.request();
}
