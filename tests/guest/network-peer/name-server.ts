/** A name server for tests: it knows the names under eggos.test, over UDP and TCP (RFC 1035), and counts what it is asked. */

import dgram from "node:dgram";
import { once } from "node:events";
import net, { isIPv6 } from "node:net";

const TYPES = { A: 1, CNAME: 5, PTR: 12, MX: 15, TXT: 16, AAAA: 28, SRV: 33 } as const;
type Type = keyof typeof TYPES;
const NO_SUCH_NAME = 3;
const LARGEST_DATAGRAM = 512;
const TRUNCATED = 0x0200;

function encodeName(name: string): Buffer {
  const labels = name === "" ? [] : name.split(".");
  return Buffer.concat([
    ...labels.map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.from([0]),
  ]);
}

function encodeAddress(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split(".").map(Number));
  const [front = "", back = ""] = address.split("::");
  const words = (text: string): number[] =>
    text === "" ? [] : text.split(":").map((word) => Number.parseInt(word, 16));
  const filled = [...words(front), ...Array(8).fill(0), ...words(back)];
  filled.splice(words(front).length, filled.length - 8);
  return Buffer.from(filled.flatMap((word) => [word >> 8, word & 255]));
}

function sixteen(...values: number[]): Buffer {
  return Buffer.from(values.flatMap((value) => [value >> 8, value & 255]));
}

/** Enough text that it does not go into one datagram. */
export const LONG_TEXTS = Array.from({ length: 12 }, (_, index) => `${index} `.padEnd(120, "long "));

const RECORDS: Record<string, Partial<Record<Type, Buffer[]>>> = {
  "both.eggos.test": { A: [encodeAddress("192.0.2.7")], AAAA: [encodeAddress("2001:db8::7")] },
  "four.eggos.test": { A: [encodeAddress("192.0.2.4"), encodeAddress("192.0.2.5")] },
  "alias.eggos.test": { CNAME: [encodeName("four.eggos.test")] },
  "mail.eggos.test": { MX: [Buffer.concat([sixteen(10), encodeName("both.eggos.test")])] },
  "text.eggos.test": { TXT: [Buffer.from("\x05eggos")] },
  "long.eggos.test": { TXT: LONG_TEXTS.map((text) => Buffer.from([text.length, ...Buffer.from(text)])) },
  "_http._tcp.eggos.test": { SRV: [Buffer.concat([sixteen(1, 2, 8000), encodeName("both.eggos.test")])] },
  "7.2.0.192.in-addr.arpa": { PTR: [encodeName("both.eggos.test")] },
};

function readName(message: Buffer, start: number): { name: string; end: number } {
  const labels: string[] = [];
  let at = start;
  for (let length = message[at] ?? 0; length !== 0; length = message[at] ?? 0) {
    labels.push(message.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join(".").toLowerCase(), end: at + 1 };
}

function record(name: string, type: Type, data: Buffer): Buffer {
  return Buffer.concat([encodeName(name), sixteen(TYPES[type], 1, 0, 60, data.length), data]);
}

/** The answer to a query; `limit` is what a datagram takes. */
function answerTo(query: Buffer, limit: number): Buffer {
  const { name, end } = readName(query, 12);
  const wanted = (Object.keys(TYPES) as Type[]).find((type) => TYPES[type] === query.readUInt16BE(end));
  const question = query.subarray(12, end + 4);
  const known = RECORDS[name];
  const answers: Buffer[] = [];
  const alias = known?.CNAME?.[0];
  const holder = alias === undefined ? name : readName(alias, 0).name;
  if (alias !== undefined) answers.push(record(name, "CNAME", alias));
  for (const data of (wanted && RECORDS[holder]?.[wanted]) ?? []) answers.push(record(holder, wanted as Type, data));
  const code = known === undefined ? NO_SUCH_NAME : 0;
  const build = (flags: number, some: Buffer[]): Buffer =>
    Buffer.concat([query.subarray(0, 2), sixteen(0x8180 | flags | code, 1, some.length, 0, 0), question, ...some]);
  const whole = build(0, answers);
  return whole.length > limit ? build(TRUNCATED, []) : whole;
}

export interface NameServer {
  /** Queries so far, by transport. */
  readonly asked: { udp: number; tcp: number };
  close(): void;
}

export async function startNameServer(host: string, port: number): Promise<NameServer> {
  const asked = { udp: 0, tcp: 0 };
  const datagrams = dgram.createSocket(isIPv6(host) ? "udp6" : "udp4");
  datagrams.on("message", (query, from) => {
    asked.udp++;
    datagrams.send(answerTo(query, LARGEST_DATAGRAM), from.port, from.address);
  });
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (message: Buffer) => {
      asked.tcp++;
      const answer = answerTo(message.subarray(2), 65_535);
      socket.write(Buffer.concat([sixteen(answer.length), answer]));
    });
  });
  datagrams.bind(port, host);
  await once(datagrams, "listening");
  server.listen(port, host);
  await once(server, "listening");
  return {
    asked,
    close: () => {
      datagrams.close();
      server.close();
    },
  };
}
