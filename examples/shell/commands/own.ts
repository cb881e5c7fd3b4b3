// The shell's own commands: help, variables, history, jobs, JavaScript.

import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { createContext, runInContext } from "node:vm";
import { createRequire } from "node:module";
import { type Call, CommandError, type Commands } from "../command.ts";
import { top } from "../monitor.ts";
import type { Job, Shell } from "../shell.ts";
import * as look from "../text.ts";

/** How long an evaluation may take before it is ended. */
const EVALUATION_LIMIT_MS = 10_000;

/** What `js` sees: everything that Node.js has, and what earlier lines defined. */
function evaluator(): (code: string) => Promise<unknown> {
  const names = Object.getOwnPropertyNames(globalThis).map((name) => [
    name,
    Object.getOwnPropertyDescriptor(globalThis, name),
  ]);
  const scope = Object.defineProperties({}, Object.fromEntries(names)) as object;
  const context = createContext(Object.assign(scope, { require: createRequire(import.meta.url), console }));
  return async (code) => await runInContext(code, context, { timeout: EVALUATION_LIMIT_MS, filename: "js" });
}

function help(shell: Shell, call: Call): void {
  const rows = Object.entries(shell.commands)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, { usage, summary }]) => [look.paint("bold", name), look.paint("dim", usage), summary]);
  call.print(look.table(["command", "takes", "does"], rows));
  call.print(
    `\n${look.paint("dim", "Also: programs of the image by name, a | b, > file, >> file, < file, a && b, a || b, a ; b, a &, $NAME, quotes.")}`,
  );
}

function findJob(shell: Shell, word: string | undefined): Job {
  const number = word === undefined ? shell.jobs.at(-1)?.number : Number(word.replace(/^%/, ""));
  const job = shell.jobs.find((one) => one.number === number);
  if (!job) throw new CommandError(word === undefined ? "there are no jobs" : `${word}: no such job`);
  return job;
}

/** `shell`'s own commands; `history` gives its lines, oldest first. */
export function ownCommands(shell: Shell, history: () => string[]): Commands {
  const evaluate = evaluator();
  return {
    help: { usage: "", summary: "list the commands", run: (call) => help(shell, call) },
    echo: {
      usage: "[-n] [TEXT…]",
      summary: "print words",
      run: ({ args, write }) => {
        const isOpen = args[0] === "-n";
        write(`${(isOpen ? args.slice(1) : args).join(" ")}${isOpen ? "" : "\n"}`);
      },
    },
    true: { usage: "", summary: "succeed", run: () => {} },
    false: {
      usage: "",
      summary: "fail",
      run: () => {
        throw new CommandError("");
      },
    },
    clear: { usage: "", summary: "clear the screen", run: ({ write }) => write("\x1b[H\x1b[2J\x1b[3J") },
    env: {
      usage: "",
      summary: "list the environment's variables",
      run: ({ print }) =>
        print(
          Object.entries(process.env)
            .sort(([a], [b]) => a.localeCompare(b))
            .map(([name, value]) => `${look.paint("cyan", name)}=${value}`)
            .join("\n"),
        ),
    },
    export: {
      usage: "NAME=VALUE…",
      summary: "set variables of the environment",
      run: ({ args }) => {
        for (const word of args) {
          const match = /^(\w+)=(.*)$/s.exec(word);
          if (!match) throw new CommandError(`${word}: write it as NAME=VALUE`, 2);
          process.env[match[1] ?? ""] = match[2];
        }
      },
    },
    history: {
      usage: "",
      summary: "list the lines typed so far",
      run: ({ print }) => {
        const lines = history();
        if (lines.length > 0) print(lines.map((line, index) => `${String(index + 1).padStart(5)}  ${line}`).join("\n"));
      },
    },
    jobs: {
      usage: "",
      summary: "list what runs in the background",
      run: ({ print }) => {
        if (shell.jobs.length > 0) print(shell.jobs.map((job) => `[${job.number}] running  ${job.text}`).join("\n"));
      },
    },
    fg: {
      usage: "[%JOB]",
      summary: "wait for a job",
      run: async ({ args, signal, print }) => {
        const job = findJob(shell, args[0]);
        print(job.text);
        const end = (): void => job.controller.abort();
        signal.addEventListener("abort", end);
        shell.status = await job.done;
        shell.jobs.splice(shell.jobs.indexOf(job), 1);
      },
    },
    stop: {
      usage: "[%JOB]",
      summary: "end a job",
      run: async ({ args }) => {
        findJob(shell, args[0]).controller.abort();
        await sleep(0);
      },
    },
    js: {
      usage: "CODE",
      summary: "evaluate JavaScript; quote what the shell would take for itself",
      run: async (call) => {
        const code = call.args.length > 0 ? call.args.join(" ") : (call.input ?? "");
        let value: unknown;
        try {
          value = await evaluate(code);
        } catch (error) {
          throw new CommandError(error instanceof Error ? `${error.name}: ${error.message}` : inspect(error));
        }
        if (value !== undefined)
          call.print(
            inspect(value, { colors: call.isTerminal && look.paint("red", "x") !== "x", breakLength: call.width }),
          );
      },
    },
    top: {
      usage: "[PAGES]",
      summary: "watch the machine at work",
      run: async (call) => {
        await top(call);
        shell.dropTyped();
      },
    },
    exit: {
      usage: "[STATUS]",
      summary: "end the shell, and with it the machine it is the program of",
      run: ({ args }) => {
        shell.isOver = true;
        shell.status = args[0] === undefined ? 0 : Number(args[0]) & 0xff;
      },
    },
  };
}
