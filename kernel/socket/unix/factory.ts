// socket(AF_UNIX, …) and socketpair(2).

import { EPROTONOSUPPORT, ESOCKTNOSUPPORT } from "../../abi/errno";
import { AF_UNIX, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET, SOCK_STREAM } from "../../abi/socket";
import { failCreation, registerFamily, SocketFactory } from "../family";
import { Socket } from "../socket";
import { connectPair, UnixConnection } from "./connection";
import { UnixDatagram } from "./datagram";
import { UnixSequenced } from "./sequenced";
import { UnixSocket } from "./socket";
import { UnixStream } from "./stream";

class UnixFactory extends SocketFactory {
  override create(type: i32, protocol: i32): Socket | null {
    if (protocol != 0 && protocol != AF_UNIX) {
      failCreation(-EPROTONOSUPPORT);
      return null;
    }
    switch (type) {
      case SOCK_STREAM:
        return new UnixStream();
      // Linux takes SOCK_RAW for SOCK_DGRAM here.
      case SOCK_DGRAM:
      case SOCK_RAW:
        return new UnixDatagram();
      case SOCK_SEQPACKET:
        return new UnixSequenced();
      default:
        failCreation(-ESOCKTNOSUPPORT);
        return null;
    }
  }

  override pair(left: Socket, right: Socket): i32 {
    if (left instanceof UnixConnection) return connectPair(left as UnixConnection, right as UnixConnection);
    let one = left as UnixSocket;
    let other = right as UnixSocket;
    one.peer = other;
    other.peer = one;
    one.setPeerCredentials();
    other.setPeerCredentials();
    return 0;
  }
}

/** AF_UNIX is there from now on. */
export function registerUnix(): void {
  registerFamily(AF_UNIX, new UnixFactory());
}
