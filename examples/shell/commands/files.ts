// Files and text.

import {
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { basename, join, resolve } from "node:path";
import { type Call, CommandError, type Commands, options, reason } from "../command.ts";
import * as look from "../text.ts";

/** Do something with each name; the first that fails is told. */
function each(names: string[], action: (name: string) => void): void {
  const failures: string[] = [];
  for (const name of names) {
    try {
      action(name);
    } catch (error) {
      failures.push(`${name}: ${reason(error)}`);
    }
  }
  if (failures.length > 0) throw new CommandError(failures.join("; "));
}

function needed(names: string[], usage: string): string[] {
  if (names.length === 0) throw new CommandError(`usage: ${usage}`, 2);
  return names;
}

function typeLetter(stats: Stats): string {
  if (stats.isDirectory()) return "d";
  if (stats.isSymbolicLink()) return "l";
  if (stats.isCharacterDevice()) return "c";
  if (stats.isBlockDevice()) return "b";
  if (stats.isFIFO()) return "p";
  return stats.isSocket() ? "s" : "-";
}

function permissions(mode: number): string {
  return [6, 3, 0]
    .map((shift) => ["r", "w", "x"].map((letter, bit) => ((mode >> shift) & (4 >> bit) ? letter : "-")).join(""))
    .join("");
}

function painted(name: string, stats: Stats): string {
  if (stats.isDirectory()) return look.paint(["bold", "blue"], name);
  if (stats.isSymbolicLink()) return look.paint("cyan", name);
  if (stats.isCharacterDevice() || stats.isBlockDevice()) return look.paint("yellow", name);
  if (stats.isFIFO() || stats.isSocket()) return look.paint("magenta", name);
  return (stats.mode & 0o111) !== 0 ? look.paint(["bold", "green"], name) : name;
}

function target(path: string): string {
  try {
    return ` -> ${readlinkSync(path)}`;
  } catch {
    return "";
  }
}

interface Listed {
  name: string;
  path: string;
  stats: Stats;
}

function listing(entries: Listed[], isLong: boolean, call: Call): string {
  if (!isLong) {
    const names = entries.map(({ name, stats }) => painted(name, stats));
    return call.isTerminal ? look.columns(names, call.width) : names.join("\n");
  }
  const rows = entries.map(({ name, path, stats }) => [
    typeLetter(stats) + permissions(stats.mode),
    String(stats.nlink),
    look.bytes(stats.size),
    new Date(stats.mtimeMs).toISOString().slice(0, 16).replace("T", " "),
    painted(name, stats) + (stats.isSymbolicLink() ? target(path) : ""),
  ]);
  return look.table(["mode", "links", "size", "changed", "name"], rows, ["links", "size"]);
}

function list(call: Call): void {
  const { flags, rest } = options(call.args, "la");
  const isShown = (name: string): boolean => flags.has("a") || !name.startsWith(".");
  const paths = rest.length > 0 ? rest : ["."];
  each(paths, (path) => {
    const own = statSync(path);
    const names = own.isDirectory() ? readdirSync(path).filter(isShown).sort() : [path];
    const entries = names.flatMap((name): Listed[] => {
      const place = own.isDirectory() ? join(path, name) : path;
      const stats = lstatSync(place, { throwIfNoEntry: false });
      return stats ? [{ name, path: place, stats }] : [];
    });
    if (paths.length > 1 && own.isDirectory()) call.print(`${path}:`);
    if (entries.length > 0) call.print(listing(entries, flags.has("l"), call));
  });
}

/** The texts of the files named, or what was piped in. */
function texts(call: Call, names: string[], usage: string): string[] {
  if (names.length === 0) {
    if (call.input === undefined) throw new CommandError(`usage: ${usage}`, 2);
    return [call.input];
  }
  const read: string[] = [];
  each(names, (name) => read.push(readFileSync(name, "utf8")));
  return read;
}

function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** `-n 5`, `-5`: how many lines; and the rest. */
function lineCount(args: string[]): { count: number; rest: string[] } {
  const rest = [...args];
  let count = 10;
  const at = rest.findIndex((arg) => /^-(n|\d+)$/.test(arg));
  if (at >= 0) {
    const number = rest[at] === "-n" ? rest[at + 1] : rest[at]?.slice(1);
    if (!/^\d+$/.test(number ?? "")) throw new CommandError("-n needs a number of lines", 2);
    count = Number(number);
    rest.splice(at, rest[at] === "-n" ? 2 : 1);
  }
  return { count, rest };
}

function move(call: Call, act: (from: string, to: string) => void, usage: string): void {
  const { rest } = options(call.args, "r");
  const to = rest.pop();
  if (to === undefined || rest.length === 0) throw new CommandError(`usage: ${usage}`, 2);
  const isInto = statSync(to, { throwIfNoEntry: false })?.isDirectory() ?? false;
  if (rest.length > 1 && !isInto) throw new CommandError(`${to}: not a directory`);
  each(rest, (from) => act(from, isInto ? join(to, basename(resolve(from))) : to));
}

let previousFolder = process.cwd();

export const files: Commands = {
  ls: { usage: "[-la] [PATH…]", summary: "list a directory", run: list },
  cd: {
    usage: "[PATH | -]",
    summary: "go to a directory",
    run: ({ args }) => {
      const from = process.cwd();
      const to = args[0] === "-" ? previousFolder : (args[0] ?? process.env.HOME ?? homedir());
      each([to], (path) => process.chdir(path));
      previousFolder = from;
    },
  },
  pwd: { usage: "", summary: "say where you are", run: ({ print }) => print(process.cwd()) },
  cat: {
    usage: "[FILE…]",
    summary: "print files",
    run: (call) => {
      for (const text of texts(call, call.args, "cat FILE…")) call.write(text);
    },
  },
  head: {
    usage: "[-n LINES] [FILE…]",
    summary: "print the first lines",
    run: (call) => {
      const { count, rest } = lineCount(call.args);
      for (const text of texts(call, rest, "head [-n LINES] FILE…"))
        call.print(linesOf(text).slice(0, count).join("\n"));
    },
  },
  tail: {
    usage: "[-n LINES] [FILE…]",
    summary: "print the last lines",
    run: (call) => {
      const { count, rest } = lineCount(call.args);
      for (const text of texts(call, rest, "tail [-n LINES] FILE…")) call.print(linesOf(text).slice(-count).join("\n"));
    },
  },
  grep: {
    usage: "[-iv] PATTERN [FILE…]",
    summary: "print the lines that match a regular expression",
    run: (call) => {
      const { flags, rest } = options(call.args, "iv");
      const [pattern, ...names] = rest;
      if (pattern === undefined) throw new CommandError("usage: grep [-iv] PATTERN [FILE…]", 2);
      const expression = new RegExp(pattern, flags.has("i") ? "i" : "");
      const found = texts(call, names, "grep PATTERN FILE…")
        .flatMap(linesOf)
        .filter((line) => expression.test(line) !== flags.has("v"));
      if (found.length === 0) throw new CommandError("");
      call.print(found.join("\n"));
    },
  },
  sort: {
    usage: "[-rn] [FILE…]",
    summary: "sort lines",
    run: (call) => {
      const { flags, rest } = options(call.args, "rn");
      const lines = texts(call, rest, "sort FILE…").flatMap(linesOf);
      lines.sort(flags.has("n") ? (a, b) => Number.parseFloat(a) - Number.parseFloat(b) : undefined);
      call.print((flags.has("r") ? lines.reverse() : lines).join("\n"));
    },
  },
  wc: {
    usage: "[FILE…]",
    summary: "count lines, words and bytes",
    run: (call) => {
      for (const text of texts(call, call.args, "wc FILE…")) {
        const words = text.split(/\s+/).filter((word) => word !== "").length;
        call.print(`${linesOf(text).length} ${words} ${Buffer.byteLength(text)}`);
      }
    },
  },
  mkdir: {
    usage: "[-p] PATH…",
    summary: "make directories",
    run: ({ args }) => {
      const { flags, rest } = options(args, "p");
      each(needed(rest, "mkdir PATH…"), (path) => mkdirSync(path, { recursive: flags.has("p") }));
    },
  },
  touch: {
    usage: "PATH…",
    summary: "make files, or set their time to now",
    run: ({ args }) =>
      each(needed(args, "touch PATH…"), (path) => {
        writeFileSync(path, "", { flag: "a" });
        utimesSync(path, new Date(), new Date());
      }),
  },
  rm: {
    usage: "[-rf] PATH…",
    summary: "remove files",
    run: ({ args }) => {
      const { flags, rest } = options(args, "rf");
      each(needed(rest, "rm PATH…"), (path) => rmSync(path, { recursive: flags.has("r"), force: flags.has("f") }));
    },
  },
  cp: {
    usage: "[-r] FROM… TO",
    summary: "copy files",
    run: (call) => move(call, (from, to) => cpSync(from, to, { recursive: true }), "cp FROM… TO"),
  },
  mv: { usage: "FROM… TO", summary: "rename or move files", run: (call) => move(call, renameSync, "mv FROM… TO") },
};
