// A small shell and system monitor. `shell -c LINE` runs one line; without a terminal, lines come from standard input.

import { appendFileSync, readFileSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { files } from "./commands/files.ts";
import { ownCommands } from "./commands/own.ts";
import { system } from "./commands/system.ts";
import { complete } from "./completion.ts";
import { Shell } from "./shell.ts";
import * as look from "./text.ts";

const HISTORY_LIMIT = 1000;
const historyFile = join(process.env.HOME ?? homedir(), ".shell_history");

function readHistory(): string[] {
  try {
    const lines = readFileSync(historyFile, "utf8").split("\n");
    return lines.filter((line) => line !== "").slice(-HISTORY_LIMIT);
  } catch {
    return [];
  }
}

function remember(line: string): void {
  try {
    appendFileSync(historyFile, `${line}\n`);
  } catch {
    // A place that cannot be written: history lasts as long as the shell.
  }
}

function makeShell(lend: (isLent: boolean) => void, history: () => string[]): Shell {
  const output = {
    write: (text: string) => void process.stdout.write(text),
    isTerminal: process.stdout.isTTY === true,
  };
  const shell = new Shell(output, lend);
  Object.assign(shell.commands, files, system, ownCommands(shell, history));
  return shell;
}

function prompt(shell: Shell): string {
  const home = process.env.HOME ?? "";
  const folder = process.cwd();
  const short =
    home !== "" && (folder === home || folder.startsWith(`${home}/`)) ? `~${folder.slice(home.length)}` : folder;
  const mark = look.paint(shell.status === 0 ? "green" : "red", ">");
  return `${look.paint(["bold", "green"], hostname())} ${look.paint(["bold", "blue"], short)} ${mark} `;
}

/** Lines from a person. */
async function talk(): Promise<number> {
  let terminal: Interface | null = null;
  const lines = readHistory();
  const shell = makeShell(
    (isLent) => {
      if (isLent) terminal?.pause();
      else terminal?.resume();
      process.stdin.setRawMode(!isLent);
    },
    () => lines,
  );
  const own = createInterface({
    input: process.stdin,
    output: process.stdout,
    completer: (line: string) => complete(line, Object.keys(shell.commands)),
    history: [...lines].reverse(),
    historySize: HISTORY_LIMIT,
    removeHistoryDuplicates: true,
  });
  terminal = own;
  // While a program has the terminal, Ctrl-C is a signal, and the program's.
  process.on("SIGINT", () => {});
  own.on("SIGINT", () => {
    process.stdout.write("^C\n");
    if (shell.isBusy) shell.interrupt();
    else {
      shell.dropTyped();
      ask();
    }
  });
  // readline has no call for this but its own keys.
  shell.dropTyped = () => {
    own.write(null, { ctrl: true, name: "e" });
    own.write(null, { ctrl: true, name: "u" });
  };
  const ask = (): void => {
    for (const line of shell.endedJobs()) process.stdout.write(`${line}\n`);
    own.setPrompt(prompt(shell));
    // What was typed meanwhile stays, and the cursor in it.
    own.prompt(true);
  };
  const waiting: string[] = [];
  const serve = async (): Promise<void> => {
    if (shell.isBusy) return;
    for (let line = waiting.shift(); line !== undefined && !shell.isOver; line = waiting.shift()) {
      if (line.trim() !== "") {
        lines.push(line);
        remember(line);
        await shell.run(line);
      }
    }
    if (shell.isOver) own.close();
    else ask();
  };
  own.on("line", (line) => {
    waiting.push(line);
    void serve();
  });
  const closed = new Promise<void>((resolve) => own.on("close", resolve));
  process.stdout.write(
    `${look.paint("bold", "eggos shell")}: ${look.paint("dim", "help lists the commands, Tab completes, Ctrl-D ends")}\n`,
  );
  ask();
  await closed;
  if (!shell.isOver) process.stdout.write("\n");
  for (const job of shell.jobs) job.controller.abort();
  return shell.isOver ? shell.status : 0;
}

/** Lines from a file or a pipe, until one says exit. */
async function obey(text: string): Promise<number> {
  const shell = makeShell(
    () => {},
    () => [],
  );
  process.on("SIGINT", () => shell.interrupt());
  for (const line of text.split("\n")) {
    await shell.run(line);
    if (shell.isOver) break;
  }
  await Promise.all(shell.jobs.map((job) => job.done));
  return shell.status;
}

const [option, line] = process.argv.slice(2);
if (option === "-c" && line !== undefined) process.exitCode = await obey(line);
else if (option !== undefined) {
  process.stderr.write("usage: shell [-c LINE]\n");
  process.exitCode = 64;
} else if (process.stdin.isTTY && process.stdout.isTTY) process.exitCode = await talk();
else process.exitCode = await obey(readFileSync(0, "utf8"));
process.exit();
