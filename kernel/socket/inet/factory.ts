// socket(AF_INET, …) and socket(AF_INET6, …).

import { EPERM, EPROTONOSUPPORT, ESOCKTNOSUPPORT } from "../../abi/errno";
import { IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_IP, IPPROTO_TCP, IPPROTO_UDP } from "../../abi/inet";
import { AF_INET, AF_INET6, SOCK_DGRAM, SOCK_RAW, SOCK_STREAM } from "../../abi/socket";
import { caller } from "../caller";
import { failCreation, registerFamily, SocketFactory } from "../family";
import { Socket } from "../socket";
import { UdpSocket } from "./datagram";
import { EchoSocket } from "./echo";
import { TcpSocket } from "./stream";

class InetFactory extends SocketFactory {
  constructor(private readonly family: i32) {
    super();
  }

  override create(type: i32, protocol: i32): Socket | null {
    let family = this.family;
    let icmp = family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;
    switch (type) {
      case SOCK_STREAM:
        if (protocol == IPPROTO_IP || protocol == IPPROTO_TCP) return new TcpSocket(family);
        break;
      case SOCK_DGRAM:
        if (protocol == IPPROTO_IP || protocol == IPPROTO_UDP) return new UdpSocket(family);
        if (protocol == icmp) return new EchoSocket(family, type);
        break;
      case SOCK_RAW:
        if (!caller.isPrivileged) {
          failCreation(-EPERM);
          return null;
        }
        if (protocol == icmp) return new EchoSocket(family, type);
        break;
      default:
        failCreation(-ESOCKTNOSUPPORT);
        return null;
    }
    failCreation(-EPROTONOSUPPORT);
    return null;
  }
}

/** AF_INET and AF_INET6 are there from now on. */
export function registerInet(): void {
  registerFamily(AF_INET, new InetFactory(AF_INET));
  registerFamily(AF_INET6, new InetFactory(AF_INET6));
}
