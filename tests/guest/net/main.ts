// `node main.ts serve`: servers for clients outside. `node main.ts loopback`: both ends in one process, as tests.
// `node main.ts client HOST PORT`: a client of the servers that net.test.ts runs outside.

const [task = "loopback", ...rest] = process.argv.slice(2);
if (task === "serve") await import("./serve.ts");
else if (task === "loopback") await import("./loopback.ts");
else if (task === "client") await (await import("./client.ts")).runClient(rest[0] ?? "", Number(rest[1]));
else throw new Error(`no task ${task}`);
