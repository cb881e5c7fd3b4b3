// Published ports on IPv6 addresses. QEMU's user network listens on IPv4 only: it gets a port on 127.0.0.1, and each
// connection to the IPv6 address is carried over to that one here.

import { once } from "node:events";
import net, { type AddressInfo } from "node:net";
import { EXIT_UNAVAILABLE, EXIT_USAGE, Failure } from "../failure.ts";
import type { PortForward } from "./qemu.ts";

const LOOPBACK = "127.0.0.1";

export interface Relays {
  /** What QEMU is to forward: every address is IPv4. */
  ports: PortForward[];
  /** Stop listening, and end the connections. */
  close(): void;
}

function isIpv6({ hostAddress }: PortForward): boolean {
  return hostAddress.includes(":");
}

/** One sentence for a port that cannot be had. */
export function portInUse(port: number): Failure {
  return new Failure(`port ${port} is in use on this machine`, {
    advice: `stop what uses it, or publish another: -p ${port + 1}:…`,
    status: EXIT_UNAVAILABLE,
  });
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, LOOPBACK);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Carry what one side sends to the other, each direction to its own end; an error on one side resets the other. */
function join(left: net.Socket, right: net.Socket): void {
  for (const [from, to] of [
    [left, right],
    [right, left],
  ] as const) {
    from.pipe(to);
    from.on("error", () => to.destroy());
    from.on("close", () => to.end());
  }
}

async function listen(forward: PortForward, innerPort: number, open: Set<net.Socket>): Promise<net.Server> {
  const host = forward.hostAddress.replace(/^\[|\]$/g, "");
  const server = net.createServer({ allowHalfOpen: true }, (outside) => {
    const inside = net.connect({ host: LOOPBACK, port: innerPort, allowHalfOpen: true });
    for (const socket of [outside, inside]) {
      open.add(socket);
      socket.on("close", () => open.delete(socket));
    }
    join(outside, inside);
  });
  server.listen({ host, port: forward.hostPort, ipv6Only: true });
  try {
    await once(server, "listening");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") throw portInUse(forward.hostPort);
    throw new Failure(`-p ${forward.hostAddress}:${forward.hostPort}: ${(error as Error).message}`, {
      advice: "publish on an address that this machine has, as [::1]",
      status: EXIT_UNAVAILABLE,
      cause: error,
    });
  }
  return server;
}

/** Listen on the IPv6 addresses among `ports`. Throws a Failure when one cannot be had. */
export async function relayPorts(ports: PortForward[]): Promise<Relays> {
  const datagrams = ports.find((forward) => isIpv6(forward) && forward.protocol === "udp");
  if (datagrams) {
    throw new Failure(`-p ${datagrams.hostAddress}:${datagrams.hostPort}/udp: IPv6 addresses are for TCP only`, {
      advice: "publish UDP on an IPv4 address",
      status: EXIT_USAGE,
    });
  }
  const servers: net.Server[] = [];
  const open = new Set<net.Socket>();
  const close = (): void => {
    for (const server of servers) server.close();
    for (const socket of open) socket.destroy();
  };
  const carried: PortForward[] = [];
  try {
    for (const forward of ports) {
      if (!isIpv6(forward)) carried.push(forward);
      else {
        const hostPort = await freePort();
        servers.push(await listen(forward, hostPort, open));
        carried.push({ ...forward, hostAddress: LOOPBACK, hostPort });
      }
    }
  } catch (error) {
    close();
    throw error;
  }
  return { ports: carried, close };
}
