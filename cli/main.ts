// The command `egg`. Every command is a file in cli/commands, loaded when it is called; this file alone prints
// errors and ends the process.

import { enableCompileCache } from "node:module";
import { asRefusal, EXIT_SOFTWARE, EXIT_USAGE, Failure } from "./failure.ts";
import { cacheFolder } from "./paths.ts";

/** A command: its help, and what it does with its words (those before `--`, and those after). */
export interface CommandModule {
  run(words: string[], programArguments: string[] | undefined): Promise<number>;
}

const COMMANDS: Record<string, { summary: string; load: () => Promise<CommandModule> }> = {
  run: { summary: "boot a program in a virtual machine", load: () => import("./commands/run.ts") },
  dev: { summary: "run it, and again whenever a file changes", load: () => import("./commands/dev.ts") },
  test: { summary: "run a project's node:test files in a virtual machine", load: () => import("./commands/test.ts") },
  init: { summary: "make a new project that runs", load: () => import("./commands/init.ts") },
  build: { summary: "make one bootable file of a program", load: () => import("./commands/build.ts") },
  pack: { summary: "make a disc or a disk of a program", load: () => import("./commands/pack.ts") },
};

function help(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  egg ${name.padEnd(width)}  ${summary}`);
  return `egg boots ordinary programs on a bare machine: TypeScript, JavaScript, Linux programs.

${lines.join("\n")}

  egg COMMAND --help   the command's options and their defaults
  --debug              show where an error came from
`;
}

/** Everything after the first `--` is the program's. */
function splitArguments(words: string[]): { own: string[]; program: string[] | undefined } {
  const at = words.indexOf("--");
  return at < 0 ? { own: words, program: undefined } : { own: words.slice(0, at), program: words.slice(at + 1) };
}

async function dispatch(words: string[]): Promise<number> {
  const { own, program } = splitArguments(words);
  const [name, ...rest] = own;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    process.stdout.write(help());
    return name === undefined ? EXIT_USAGE : 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    throw new Failure(`there is no command "${name}"`, {
      advice: `the commands are ${Object.keys(COMMANDS).join(", ")}; egg --help says more`,
      status: EXIT_USAGE,
    });
  }
  const { run } = await command.load();
  return await run(rest, program);
}

/** One line for the person: what, and what to do. With --debug, where from. */
function report(thrown: unknown, isDebugging: boolean): number {
  const error = asRefusal(thrown) ?? thrown;
  const isExpected = error instanceof Failure;
  const message = error instanceof Error ? error.message : String(error);
  const advice = isExpected && error.advice !== undefined ? ` (${error.advice})` : "";
  const hint = isExpected ? "" : " (this is a defect in egg; --debug shows where)";
  process.stderr.write(`egg: ${message.trim()}${advice}${hint}\n`);
  if (isDebugging && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  if (isDebugging && error instanceof Error && error.cause) process.stderr.write(`cause: ${error.cause}\n`);
  return isExpected ? error.status : EXIT_SOFTWARE;
}

try {
  enableCompileCache(cacheFolder("compile"));
} catch {
  // A read-only place: only slower.
}
const given = process.argv.slice(2);
const ownWords = splitArguments(given).own;
const isDebugging = ownWords.includes("--debug");
try {
  process.exitCode = await dispatch(given.filter((word, index) => word !== "--debug" || index >= ownWords.length));
} catch (error) {
  process.exitCode = report(error, isDebugging);
}
