// Published ports on IPv6 addresses, with a server of this machine in the guest's place.

import assert from "node:assert/strict";
import { once } from "node:events";
import net, { type AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import type { PortForward } from "../../../cli/run/qemu.ts";
import { relayPorts } from "../../../cli/run/relay.ts";

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "::1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

const forward = (hostAddress: string, hostPort: number, protocol: "tcp" | "udp" = "tcp"): PortForward => ({
  protocol,
  hostAddress,
  hostPort,
  guestPort: 80,
});

test("IPv4 ports are QEMU's business", async () => {
  const ports = [forward("127.0.0.1", 8000), forward("0.0.0.0", 8001, "udp")];
  const relays = await relayPorts(ports);
  assert.deepEqual(relays.ports, ports);
  relays.close();
});

test("a connection to an IPv6 address is carried to QEMU's port, half closed ends included", async () => {
  const port = await freePort();
  const relays = await relayPorts([forward("[::1]", port)]);
  const [inner] = relays.ports;
  assert.equal(inner?.hostAddress, "127.0.0.1");
  const server = net.createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  server.listen(inner?.hostPort, "127.0.0.1");
  await once(server, "listening");
  const socket = net.connect({ port, host: "::1", allowHalfOpen: true });
  const sent = Buffer.alloc(1 << 20, "eggos");
  socket.end(sent);
  assert.ok((await buffer(socket)).equals(sent));
  server.close();
  relays.close();
});

test("while QEMU does not listen, the client is turned away; closing ends what is open", async () => {
  const port = await freePort();
  const relays = await relayPorts([forward("[::1]", port)]);
  const refused = net.connect({ port, host: "::1" });
  refused.on("error", () => {});
  await new Promise((resolve) => refused.once("close", resolve));
  relays.close();
  const late = net.connect({ port, host: "::1" });
  const [error] = (await once(late, "error")) as [NodeJS.ErrnoException];
  assert.equal(error.code, "ECONNREFUSED");
});

test("a port that is in use, and datagrams over IPv6, are refused with a plain line", async () => {
  const server = net.createServer().listen(0, "::1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await assert.rejects(relayPorts([forward("[::1]", port)]), { message: `port ${port} is in use on this machine` });
  await assert.rejects(relayPorts([forward("[::1]", 5353, "udp")]), /IPv6 addresses are for TCP only/);
  server.close();
});
