// The machine and its processes, as /proc shows them.

import { closeSync, constants, openSync, readdirSync, readSync, statfsSync } from "node:fs";
import { arch, constants as systemConstants, cpus, hostname, loadavg, release, type, uptime, version } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { type Call, CommandError, type Commands, options } from "../command.ts";
import * as proc from "../proc.ts";
import * as look from "../text.ts";

const STATES: Record<string, string> = { R: "green", S: "dim", D: "red", T: "yellow", Z: "red" };

export function state(letter: string): string {
  const colour = STATES[letter];
  return colour === undefined ? letter : look.paint(colour as "green", letter);
}

function processList(call: Call): void {
  const all = proc.processes();
  const depths = new Map<number, number>();
  for (const { id, parentId } of all) depths.set(id, (depths.get(parentId) ?? -1) + 1);
  const rows = all.map((one) => [
    String(one.id),
    String(one.parentId),
    one.terminal,
    state(one.state),
    String(one.threads),
    look.bytes(one.residentBytes),
    look.duration(one.cpuSeconds),
    look.paint("dim", "  ".repeat(depths.get(one.id) ?? 0)) + one.command,
  ]);
  const right = ["pid", "ppid", "thr", "rss", "time"];
  call.print(cut(look.table(["pid", "ppid", "tty", "s", "thr", "rss", "time", "command"], rows, right), call));
}

/** Lines no wider than the window, when a person looks. */
function cut(lines: string, call: Call): string {
  if (!call.isTerminal) return lines;
  return lines
    .split("\n")
    .map((line) =>
      look.widthOf(line) <= call.width ? line : `${line.slice(0, call.width + line.length - look.widthOf(line) - 1)}…`,
    )
    .join("\n");
}

function free(call: Call): void {
  const memory = proc.memory();
  const amount = (name: string): number => memory.get(name) ?? 0;
  const total = amount("MemTotal");
  const available = amount("MemAvailable");
  const row = [total, total - available, amount("MemFree"), amount("Buffers") + amount("Cached"), available];
  call.print(
    look.table(
      ["total", "used", "free", "cached", "available"],
      [row.map(look.bytes)],
      ["total", "used", "free", "cached", "available"],
    ),
  );
  if (call.isTerminal)
    call.print(`${look.bar((total - available) / total, 40)} ${Math.round((100 * (total - available)) / total)}%`);
}

function processors(call: Call): void {
  const all = cpus();
  const flags = /^flags\s*: (.*)$/m.exec(proc.text("/proc/cpuinfo"))?.[1] ?? "";
  call.print(
    `${look.paint("bold", all[0]?.model.trim() || "processor")}, ${all.length} × ${all[0]?.speed ?? 0} MHz, ${arch()}`,
  );
  const shown = [
    "fpu",
    "sse4_2",
    "aes",
    "avx",
    "avx2",
    "avx512f",
    "rdrand",
    "rdseed",
    "smep",
    "smap",
    "umip",
    "hypervisor",
  ];
  const has = new Set(flags.split(" "));
  call.print(
    shown.map((flag) => look.paint(has.has(flag) ? "green" : "dim", `${has.has(flag) ? "+" : "-"}${flag}`)).join(" "),
  );
}

function mountList(call: Call): void {
  const rows = proc.mounts().map(({ source, place, kind, options: how }) => [source, place, kind, how]);
  call.print(look.table(["source", "on", "type", "options"], rows));
}

function diskFree(call: Call): void {
  const rows = proc.mounts().flatMap(({ place, kind }) => {
    try {
      const { blocks, bsize, bavail } = statfsSync(place);
      if (blocks === 0) return [];
      const used = (blocks - bavail) * bsize;
      return [
        [
          place,
          kind,
          look.bytes(blocks * bsize),
          look.bytes(used),
          look.bytes(bavail * bsize),
          `${Math.round((100 * used) / (blocks * bsize))}%`,
        ],
      ];
    } catch {
      return [];
    }
  });
  call.print(look.table(["on", "type", "size", "used", "free", "full"], rows, ["size", "used", "free", "full"]));
}

/** The records of /dev/kmsg that are there now. */
function messages(): string[] {
  let descriptor: number;
  try {
    descriptor = openSync("/dev/kmsg", constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new CommandError(`/dev/kmsg: ${(error as Error).message}`);
  }
  const buffer = Buffer.alloc(8192);
  const lines: string[] = [];
  try {
    for (;;) {
      let length: number;
      try {
        length = readSync(descriptor, buffer);
      } catch (error) {
        // EPIPE: lines were overwritten while we read; EAGAIN: that was all.
        if ((error as NodeJS.ErrnoException).code === "EPIPE") continue;
        return lines;
      }
      if (length === 0) return lines;
      const record = /^\d+,\d+,(\d+),[^;]*;([^\n]*)/.exec(buffer.toString("utf8", 0, length));
      if (!record) continue;
      const seconds = (Number(record[1]) / 1e6).toFixed(6).padStart(12);
      lines.push(`${look.paint("green", `[${seconds}]`)} ${record[2]}`);
    }
  } finally {
    closeSync(descriptor);
  }
}

function netstat(call: Call): void {
  const rows = proc
    .connections()
    .map((one) => [one.protocol, String(one.received), String(one.unsent), one.local, one.remote, one.state]);
  call.print(look.table(["proto", "recv-q", "send-q", "local", "remote", "state"], rows, ["recv-q", "send-q"]));
}

function stacks(call: Call): void {
  const id = call.args[0];
  if (id !== undefined && !/^\d+$/.test(id)) throw new CommandError("usage: pstack [PID]", 2);
  const threads = id === undefined ? proc.kernelStacks() : proc.stacksOf(Number(id));
  if (threads.length === 0) {
    throw new CommandError(
      id === undefined ? "this kernel does not show its own threads: give a PID" : `${id}: no such process`,
    );
  }
  for (const thread of threads) {
    call.print(
      `${look.paint("bold", thread.name)}${thread.id > 0 ? ` ${thread.id}` : ""} ${look.paint("dim", `(${thread.state})`)}`,
    );
    for (const line of thread.calls) {
      const match = /^(\S+) \(?([^()]*)\)?$/.exec(line);
      call.print(
        match ? `    ${look.paint("cyan", match[1] ?? "")} ${look.paint("dim", match[2] ?? "")}` : `    ${line}`,
      );
    }
    if (thread.calls.length === 0) call.print(look.paint("dim", "    in its program"));
  }
}

function kill(call: Call): void {
  let signal: NodeJS.Signals = "SIGTERM";
  const rest = [...call.args];
  if (rest[0]?.startsWith("-")) {
    const name = rest.shift()?.slice(1).toUpperCase() ?? "";
    const number = Number(name);
    const byNumber = Object.entries(systemConstants.signals).find(([, value]) => value === number)?.[0];
    const found = byNumber ?? (name.startsWith("SIG") ? name : `SIG${name}`);
    if (!(found in systemConstants.signals)) throw new CommandError(`${name}: no such signal`, 2);
    signal = found as NodeJS.Signals;
  }
  if (rest.length === 0 || !rest.every((word) => /^-?\d+$/.test(word)))
    throw new CommandError("usage: kill [-SIGNAL] PID…", 2);
  for (const word of rest) process.kill(Number(word), signal);
}

async function doze({ args, signal }: Call): Promise<void> {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(args[0] ?? "");
  if (!match) throw new CommandError("usage: sleep SECONDS", 2);
  const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  await sleep(Number(match[1]) * (units[match[2] ?? "s"] ?? 1000), undefined, { signal });
}

export const system: Commands = {
  ps: { usage: "", summary: "list processes", run: processList },
  free: { usage: "", summary: "say how much memory is used", run: free },
  cpuinfo: { usage: "", summary: "describe the processor", run: processors },
  mount: { usage: "", summary: "list file systems", run: mountList },
  df: { usage: "", summary: "say how full file systems are", run: diskFree },
  dmesg: {
    usage: "",
    summary: "print the kernel's log",
    run: (call) => {
      const lines = messages();
      if (lines.length > 0) call.print(lines.join("\n"));
    },
  },
  netstat: { usage: "", summary: "list sockets", run: netstat },
  pstack: { usage: "[PID]", summary: "where threads are in the kernel: its own, or a process's", run: stacks },
  uptime: {
    usage: "",
    summary: "say how long the machine runs and how busy it is",
    run: ({ print }) =>
      print(
        `up ${look.duration(uptime())}, load ${loadavg()
          .map((load) => load.toFixed(2))
          .join(" ")}`,
      ),
  },
  uname: {
    usage: "[-a]",
    summary: "name the system",
    run: (call) => {
      const { flags } = options(call.args, "a");
      call.print(flags.has("a") ? `${type()} ${hostname()} ${release()} ${version()} ${arch()}` : type());
    },
  },
  hostname: { usage: "", summary: "name the machine", run: ({ print }) => print(hostname()) },
  date: {
    usage: "[-u]",
    summary: "say what time it is",
    run: (call) => {
      const { flags } = options(call.args, "u");
      const now = new Date();
      call.print(flags.has("u") ? now.toUTCString() : now.toString());
    },
  },
  sleep: { usage: "SECONDS", summary: "wait", run: doze },
  kill: { usage: "[-SIGNAL] PID…", summary: "send a signal to processes", run: kill },
  lsof: {
    usage: "[PID]",
    summary: "list a process's open files",
    run: (call) => {
      const id = call.args[0] ?? String(process.pid);
      let names: string[];
      try {
        names = readdirSync(`/proc/${id}/fd`).sort((a, b) => Number(a) - Number(b));
      } catch {
        throw new CommandError(`${id}: no such process`);
      }
      call.print(
        look.table(
          ["fd", "file"],
          names.map((name) => [name, proc.link(`/proc/${id}/fd/${name}`)]),
          ["fd"],
        ),
      );
    },
  },
};
