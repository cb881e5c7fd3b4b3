// `node main.ts serve`: servers for clients outside. `node main.ts loopback`: both ends in one process, as tests.
// `node main.ts client IPV4 IPV6 PORT TLS_PORT`: a client of the servers that net.test.ts runs outside.
// `node main.ts names`: what the resolver says (network-peer.test.ts).

const [task = "loopback", ...rest] = process.argv.slice(2);
if (task === "serve") await import("./serve.ts");
else if (task === "loopback") await import("./loopback.ts");
else if (task === "client")
  await (await import("./client.ts")).runClient(rest[0] ?? "", rest[1] ?? "", Number(rest[2]), Number(rest[3]));
else if (task === "names") await import("./names.ts");
else throw new Error(`no task ${task}`);
