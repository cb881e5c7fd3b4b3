// `top`: the machine at work, redrawn every other second until q or Ctrl-C.

import { hostname, loadavg, uptime } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { state } from "./commands/system.ts";
import { type Call, CommandError } from "./command.ts";
import * as proc from "./proc.ts";
import * as look from "./text.ts";

const INTERVAL_MS = 2000;
const BAR_CELLS = 30;
const ALTERNATE_SCREEN = "\x1b[?1049h\x1b[?25l";
const USUAL_SCREEN = "\x1b[?25h\x1b[?1049l";
const TOP_LEFT = "\x1b[H";
const CLEAR_LINE = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";

interface Sample {
  ticks: { busy: number; total: number };
  processes: Map<number, proc.ProcessInfo>;
  atMs: number;
}

function sample(): Sample {
  return {
    ticks: proc.processorTicks(),
    processes: new Map(proc.processes().map((one) => [one.id, one])),
    atMs: performance.now(),
  };
}

/** What the screen shows: what happened between two samples. */
export function page(before: Sample, now: Sample, rowLimit: number): string[] {
  const seconds = Math.max(0.001, (now.atMs - before.atMs) / 1000);
  const busy = (now.ticks.busy - before.ticks.busy) / Math.max(1, now.ticks.total - before.ticks.total);
  const memory = proc.memory();
  const total = memory.get("MemTotal") ?? 1;
  const used = total - (memory.get("MemAvailable") ?? 0);
  const loads = loadavg()
    .map((load) => load.toFixed(2))
    .join(" ");
  const threads = [...now.processes.values()].reduce((sum, one) => sum + one.threads, 0);
  const head = [
    `${look.paint("bold", hostname())}  up ${look.duration(uptime())}  load ${loads}  ${now.processes.size} processes, ${threads} threads`,
    `cpu ${look.bar(busy, BAR_CELLS)} ${String(Math.round(busy * 100)).padStart(3)}%`,
    `mem ${look.bar(used / total, BAR_CELLS)} ${look.bytes(used)} of ${look.bytes(total)}`,
    "",
  ];
  const shares = [...now.processes.values()].map((one) => {
    const earlier = before.processes.get(one.id)?.cpuSeconds ?? one.cpuSeconds;
    return { one, share: (one.cpuSeconds - earlier) / seconds };
  });
  shares.sort((a, b) => b.share - a.share || b.one.residentBytes - a.one.residentBytes);
  const rows = shares
    .slice(0, Math.max(0, rowLimit - head.length - 1))
    .map(({ one, share }) => [
      String(one.id),
      state(one.state),
      (share * 100).toFixed(1),
      ((100 * one.residentBytes) / total).toFixed(1),
      look.bytes(one.residentBytes),
      String(one.threads),
      look.duration(one.cpuSeconds),
      one.command,
    ]);
  const titles = ["pid", "s", "cpu%", "mem%", "rss", "thr", "time", "command"];
  return [...head, ...look.table(titles, rows, ["pid", "cpu%", "mem%", "rss", "thr", "time"]).split("\n")];
}

/** A key, Ctrl-C, a new window size or the interval's end, whichever comes first; whether to go on. */
async function pause(signal: AbortSignal, keys: { isOver: boolean }): Promise<void> {
  const ending = new AbortController();
  const wake = (): void => ending.abort();
  process.stdout.on("resize", wake);
  try {
    await sleep(INTERVAL_MS, undefined, { signal: AbortSignal.any([signal, ending.signal, abortOn(keys)]) });
  } catch {
    // Woken early.
  } finally {
    process.stdout.off("resize", wake);
  }
}

/** A signal that fires when q was typed. */
function abortOn(keys: { isOver: boolean; controller?: AbortController }): AbortSignal {
  keys.controller = new AbortController();
  if (keys.isOver) keys.controller.abort();
  return keys.controller.signal;
}

/** `top`, or with a number: so many pages one after the other, for scripts. */
export async function top(call: Call): Promise<void> {
  const pages = call.args[0] === undefined ? null : Number(call.args[0]);
  if (pages !== null && !(pages > 0)) throw new CommandError("usage: top [PAGES]", 2);
  let before = sample();
  if (pages !== null || !call.isTerminal) {
    for (let shown = 0; shown < (pages ?? 1); shown++) {
      await sleep(500, undefined, { signal: call.signal });
      const now = sample();
      call.print(page(before, now, 1000).join("\n"));
      before = now;
    }
    return;
  }
  const keys: { isOver: boolean; controller?: AbortController } = { isOver: false };
  const typed = (_text: string | undefined, key: { name?: string } | undefined): void => {
    if (key?.name !== "q") return;
    keys.isOver = true;
    keys.controller?.abort();
  };
  process.stdin.on("keypress", typed);
  call.write(ALTERNATE_SCREEN);
  try {
    while (!call.signal.aborted && !keys.isOver) {
      const now = sample();
      const width = process.stdout.columns;
      const lines = page(before, now, process.stdout.rows - 1).map((line) => cutTo(line, width));
      lines.push(look.paint("dim", "q ends"));
      call.write(`${TOP_LEFT}${lines.join(`${CLEAR_LINE}\r\n`)}${CLEAR_LINE}${CLEAR_BELOW}`);
      before = now;
      await pause(call.signal, keys);
    }
  } finally {
    process.stdin.off("keypress", typed);
    call.write(USUAL_SCREEN);
  }
}

/** A line without what does not fit; colours of what goes stay off. */
function cutTo(line: string, width: number): string {
  return look.widthOf(line) <= width ? line : line.slice(0, width + line.length - look.widthOf(line));
}
