// `egg dev`: run a project, and again whenever one of its files changes.
//
// The guest is an `egg run` of its own, so everything that takes works here too. A change that makes no other image
// (a comment in a file that is bundled away, a README) restarts nothing.

import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { EXIT_USAGE, Failure } from "../failure.ts";
import { prepareTarget, type Prepared } from "../image/prepare.ts";
import { findTarget, shown } from "../image/target.ts";
import { parseCommand, withDefaultValue } from "../options.ts";
import { watchProject } from "../watch.ts";
import { ALL_CALLS, GDB_PORT, runCommand } from "./run.ts";

const EGG = fileURLToPath(new URL("../main.ts", import.meta.url));
/** How long a program may take to end when its file changed, milliseconds. */
const GRACE_MS = 1000;

export function devCommand() {
  return runCommand()
    .name("egg dev")
    .description("Run a project in a QEMU virtual machine, and again whenever one of its files changes.")
    .addHelpText("after", "\nA program that ends is started again with the next change; Ctrl-C ends both.");
}

function say(text: string): void {
  process.stderr.write(`egg: ${text}\n`);
}

/** Ask it to end, then make it. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGTERM"), GRACE_MS); // the second one ends the machine
  await ended;
  clearTimeout(timer);
}

/** The image as the files are now; null when they are wrong, which is said. */
async function prepare(given: string, args: string[] | undefined): Promise<Prepared | null> {
  try {
    return await prepareTarget(given, { args });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    say(error.message);
    return null;
  }
}

export async function run(words: string[], programArguments: string[] | undefined): Promise<number> {
  const withValues = withDefaultValue(withDefaultValue(words, "--strace", ALL_CALLS), "--gdb", String(GDB_PORT));
  const command = parseCommand(devCommand(), withValues);
  if (!command) return 0;
  const given = command.processedArgs[0] as string;
  const target = findTarget(given);
  if (target.kind !== "script" && target.kind !== "go") {
    throw new Failure(`${given}: not a project, so there is nothing to watch`, {
      advice: "egg run starts it",
      status: EXIT_USAGE,
    });
  }
  const root = target.kind === "go" ? target.folder : target.root;
  const watcher = await watchProject(root, []);
  const runWords = ["run", ...words, ...(programArguments ? ["--", ...programArguments] : [])];
  let running: ChildProcess | undefined;
  let image: string | undefined;
  let endedBySignal: number | undefined;
  for (const [name, status] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const) {
    process.on(name, () => {
      endedBySignal = status;
      if (!running || running.exitCode !== null || running.signalCode !== null) process.exit(status);
      running.kill("SIGTERM"); // a terminal sends its SIGINT to `egg run` itself
    });
  }
  while (true) {
    const prepared = await prepare(given, programArguments);
    if (prepared && prepared.path !== image) {
      const before = running;
      running = undefined;
      if (before) await stop(before);
      image = prepared.path;
      const child = spawn(process.execPath, [EGG, ...runWords], { stdio: "inherit" });
      running = child;
      child.once("exit", (code, signal) => {
        if (endedBySignal !== undefined) process.exit(endedBySignal);
        // Three Ctrl-C on a terminal, and `egg run` was ended by it.
        if (running === child && code === 130) process.exit(130);
        if (running === child) say(`ended with ${signal ?? `status ${code}`}; waiting for changes (Ctrl-C ends)`);
      });
    } else if (prepared) say("nothing that changed is in the image");
    const changed = await watcher.next();
    say(`${changed.length === 1 ? shown(changed[0] ?? "") : `${changed.length} files`} changed`);
  }
}
