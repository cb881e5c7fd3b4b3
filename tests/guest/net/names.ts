// Looks names up in every way there is and prints what comes, as JSON. The names are those of network-peer/name-server.ts.

import dns from "node:dns/promises";
import fs from "node:fs";

const failure = async (question: Promise<unknown>): Promise<string> =>
  await question.then(
    () => "no failure",
    (error: NodeJS.ErrnoException) => error.code ?? error.message,
  );

console.log(
  JSON.stringify({
    configured: fs.readFileSync("/etc/resolv.conf", "utf8").match(/^nameserver .*$/gm),
    // getaddrinfo of the C library, by /etc/nsswitch.conf.
    lookup: (await dns.lookup("both.eggos.test", { all: true })).map(({ address }) => address).sort(),
    lookup4: await dns.lookup("alias.eggos.test", { family: 4 }),
    hosts: (await dns.lookup("localhost", { family: 4 })).address,
    unknown: await failure(dns.lookup("nobody.eggos.test")),
    // c-ares.
    resolve4: (await dns.resolve4("four.eggos.test")).sort(),
    resolve6: await dns.resolve6("both.eggos.test"),
    cname: await dns.resolveCname("alias.eggos.test"),
    mx: await dns.resolveMx("mail.eggos.test"),
    srv: await dns.resolveSrv("_http._tcp.eggos.test"),
    txt: await dns.resolveTxt("text.eggos.test"),
    // Too long for a datagram: asked again over TCP.
    long: (await dns.resolveTxt("long.eggos.test")).length,
    reverse: await dns.reverse("192.0.2.7"),
    missing: await failure(dns.resolve4("nobody.eggos.test")),
    empty: await failure(dns.resolve6("four.eggos.test")),
  }),
);
