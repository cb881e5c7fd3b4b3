// What the kernel tells about itself and its processes in /proc (man 5 proc).

import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Clock ticks a second in /proc's times: USER_HZ. */
const TICKS = 100;
const PAGE = 4096;

/** A file's text, or nothing when it is not there (a process may end meanwhile). */
export function text(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** `Name:  value kB` lines, in bytes. */
export function memory(): Map<string, number> {
  const lines = text("/proc/meminfo").matchAll(/^(\S+):\s+(\d+) kB$/gm);
  return new Map([...lines].map(([, name, kilobytes]) => [name as string, Number(kilobytes) * 1024]));
}

export interface ProcessInfo {
  id: number;
  parentId: number;
  name: string;
  state: string;
  /** Seconds of processor time. */
  cpuSeconds: number;
  residentBytes: number;
  virtualBytes: number;
  threads: number;
  terminal: string;
  command: string;
}

/** The name of a terminal's device number. */
function terminalName(device: number): string {
  const major = device >> 8;
  const minor = (device & 0xff) | ((device >> 12) & 0xfff00);
  if (device === 0) return "-";
  if (major === 4) return minor < 64 ? `tty${minor}` : `ttyS${minor - 64}`;
  if (major >= 136 && major < 144) return `pts/${minor}`;
  return `${major}:${minor}`;
}

/** A process, or null when it is gone. */
export function processInfo(id: number): ProcessInfo | null {
  const stat = text(`/proc/${id}/stat`);
  const match = /^(\d+) \((.*)\) (.*)$/s.exec(stat);
  if (!match) return null;
  // Counted from the state, field 3 of man 5 proc_pid_stat.
  const fields = (match[3] ?? "").trim().split(" ");
  const field = (number: number): number => Number(fields[number - 3]);
  const words = text(`/proc/${id}/cmdline`)
    .split("\0")
    .filter((word) => word !== "");
  return {
    id,
    parentId: field(4),
    name: match[2] ?? "",
    state: fields[0] ?? "?",
    terminal: terminalName(field(7)),
    cpuSeconds: (field(14) + field(15)) / TICKS,
    threads: field(20),
    virtualBytes: field(23),
    residentBytes: field(24) * PAGE,
    command: words.join(" ") || `[${match[2]}]`,
  };
}

/** All processes, by number. */
export function processes(): ProcessInfo[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => processInfo(Number(name)))
    .filter((info) => info !== null)
    .sort((a, b) => a.id - b.id);
}

/** Ticks of all processors: in use, and altogether. */
export function processorTicks(): { busy: number; total: number } {
  const fields = /^cpu +(.*)$/m.exec(text("/proc/stat"))?.[1]?.split(" ").map(Number) ?? [];
  const total = fields.reduce((sum, value) => sum + value, 0);
  return { busy: total - (fields[3] ?? 0) - (fields[4] ?? 0), total };
}

export interface Connection {
  protocol: string;
  local: string;
  remote: string;
  state: string;
  /** Bytes that wait to be read, to be sent. */
  received: number;
  unsent: number;
}

/** include/net/tcp_states.h. */
const TCP_STATES = [
  "",
  "ESTABLISHED",
  "SYN_SENT",
  "SYN_RECV",
  "FIN_WAIT1",
  "FIN_WAIT2",
  "TIME_WAIT",
  "CLOSE",
  "CLOSE_WAIT",
  "LAST_ACK",
  "LISTEN",
  "CLOSING",
];

/** `0100007F:1F90` or its IPv6 form, words in the machine's order. */
function address(hex: string): string {
  const [words = "", portHex = "0"] = hex.split(":");
  const port = Number.parseInt(portHex, 16);
  const octets = (words.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse());
  const shownPort = port === 0 ? "*" : String(port);
  if (octets.length === 4) return `${octets.map((octet) => Number.parseInt(octet, 16)).join(".")}:${shownPort}`;
  const groups: string[] = [];
  for (let at = 0; at < 16; at += 2) {
    groups.push(Number.parseInt(`${octets[at]}${octets[at + 1]}`, 16).toString(16));
  }
  const plain = groups.join(":");
  const zeros = (plain.match(/\b0(:0)+\b/g) ?? []).sort((a, b) => b.length - a.length)[0];
  const short =
    zeros === undefined
      ? plain
      : plain
          .replace(zeros, "")
          .replace(/^:?|:?$/g, ":")
          .replace(/^:+$/, "::");
  return `[${short
    .replace(/:{3,}/, "::")
    .replace(/^:(?=[^:])/, "")
    .replace(/([^:]):$/, "$1")}]:${shownPort}`;
}

/** Sockets of TCP and UDP. */
export function connections(): Connection[] {
  return ["tcp", "tcp6", "udp", "udp6"].flatMap((protocol) =>
    text(`/proc/net/${protocol}`)
      .split("\n")
      .slice(1)
      .filter((line) => line.trim() !== "")
      .map((line) => {
        const [, local = "", remote = "", state = "", queues = ""] = line.trim().split(/\s+/);
        const [unsent = "0", received = "0"] = queues.split(":");
        return {
          protocol,
          local: address(local),
          remote: address(remote),
          state: protocol.startsWith("tcp") ? (TCP_STATES[Number.parseInt(state, 16)] ?? state) : "",
          received: Number.parseInt(received, 16),
          unsent: Number.parseInt(unsent, 16),
        };
      }),
  );
}

export interface MountInfo {
  source: string;
  place: string;
  kind: string;
  options: string;
}

export function mounts(): MountInfo[] {
  return text("/proc/self/mounts")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [source = "", place = "", kind = "", options = ""] = line.split(" ");
      return { source, place, kind, options };
    });
}

export interface ThreadStack {
  id: number;
  name: string;
  state: string;
  /** Innermost call first. */
  calls: string[];
}

function callsOf(lines: string): string[] {
  return lines
    .split("\n")
    .map((line) => line.replace(/^\[<0>\] /, "").trim())
    .filter((line) => line !== "");
}

/** Where the threads of a process are in the kernel. */
export function stacksOf(id: number): ThreadStack[] {
  let threads: string[];
  try {
    threads = readdirSync(`/proc/${id}/task`);
  } catch {
    return [];
  }
  return threads.map((thread) => {
    const folder = `/proc/${id}/task/${thread}`;
    return {
      id: Number(thread),
      name: text(`${folder}/comm`).trim(),
      state: /^State:\s+(.*)$/m.exec(text(`${folder}/status`))?.[1] ?? "",
      calls: callsOf(text(`${folder}/stack`)),
    };
  });
}

/** The kernel's own threads (eggos only). */
export function kernelStacks(): ThreadStack[] {
  const stacks: ThreadStack[] = [];
  for (const line of text("/proc/eggos/threads").split("\n")) {
    const head = /^(?!\[<0>\])(.*) ([SR]) ([\d.]+)$/.exec(line);
    if (head) {
      const state = `${head[2] === "S" ? "sleeping" : "running"}, ${head[3]} s`;
      stacks.push({ id: 0, name: head[1] || "idle", state, calls: [] });
    } else if (line !== "") stacks.at(-1)?.calls.push(...callsOf(line));
  }
  return stacks;
}

/** Where a link leads, as text; nothing when it is not there. */
export function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
