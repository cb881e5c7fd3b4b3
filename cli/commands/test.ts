// `egg test`: a project's node:test files, run by Node's test runner inside a guest.

import { resolve } from "node:path";
import { Option } from "commander";
import { EXIT_UNAVAILABLE, Failure } from "../failure.ts";
import { cachedBundle } from "../image/bundle-cache.ts";
import { prepareTarget } from "../image/prepare.ts";
import { UPLOAD_VARIABLE } from "../image/test-runner.ts";
import { testSources } from "../image/program.ts";
import { shown, type TestsTarget } from "../image/target.ts";
import { collect, makeCommand, parseCommand, parseEnvironment, parseInteger, parseMemory } from "../options.ts";
import { ACCELERATORS, type AcceleratorChoice } from "../run/accelerator.ts";
import { startGuest } from "../run/guest.ts";
import { terminalConfig } from "../run/terminal.ts";
import { receiveCoverage, reportCoverage } from "../test/coverage.ts";
import { findTests, type TestSet } from "../test/find-tests.ts";
import { watchProject } from "../watch.ts";
import { follow } from "./run.ts";

interface TestOptions {
  reporter?: string;
  testNamePattern?: string[];
  testSkipPattern?: string[];
  only?: boolean;
  concurrency?: number;
  timeout?: number;
  coverage?: boolean;
  coverageDir: string;
  coverageReporter: string;
  watch?: boolean;
  memory?: number;
  env?: ([string, string] | null)[];
  accel: AcceleratorChoice;
}

/** Two Nodes run at a time, the test runner and a test file. */
const DEFAULT_TEST_MEMORY_MIB = 512;

export function testCommand() {
  return makeCommand("test")
    .description("Run a project's node:test files in a QEMU virtual machine. The exit status is Node's test runner's.")
    .usage("[OPTIONS] [FILE, FOLDER or PATTERN…] [-- NODE OPTIONS…]")
    .argument("[files...]", "test files (default: those node --test finds in the working folder)")
    .option("--reporter <name>", "spec, tap, dot, junit, lcov, or a module of the project (default: spec)")
    .option("--test-name-pattern <pattern>", "only tests with such a name; repeatable", collect(String))
    .option("--test-skip-pattern <pattern>", "no tests with such a name; repeatable", collect(String))
    .option("--only", "only tests marked with only")
    .option("--concurrency <n>", "test files at a time (default: Node's choice)", (text) =>
      parseInteger(text, "--concurrency", 1, 64),
    )
    .option("--timeout <milliseconds>", "a test that takes longer fails (default: none)", (text) =>
      parseInteger(text, "--timeout", 1, 1 << 30),
    )
    .option("--coverage", "measure which code the tests reach, and report it")
    .option("--coverage-dir <folder>", "where V8's coverage files and reports go", "coverage")
    .option("--coverage-reporter <names>", "istanbul reporters: text, lcov, html, json-summary, …", "text,lcov")
    .option("--watch", "run again what a changed file concerns, until Ctrl-C")
    .option(
      "-m, --memory <amount>",
      `guest memory (default: ${DEFAULT_TEST_MEMORY_MIB}M, or egg.memory if that is more)`,
      (text) => parseMemory(text),
    )
    .option("-e, --env <KEY=VALUE>", "set an environment variable; repeatable", collect(parseEnvironment))
    .addOption(
      new Option("--accel <kind>", "how the guest's processor runs; auto takes KVM when it can work, else emulation")
        .choices(ACCELERATORS)
        .default("auto"),
    )
    .addHelpText(
      "after",
      `
What stands after -- goes to node --test as it is: egg test -- --test-shard=1/2
Every test file is a process of its own in the guest, as with node --test on the host.`,
    );
}

function nodeWords(options: TestOptions, more: string[]): string[] {
  return [
    ...(options.reporter === undefined ? [] : [`--test-reporter=${options.reporter}`]),
    ...(options.testNamePattern ?? []).map((pattern) => `--test-name-pattern=${pattern}`),
    ...(options.testSkipPattern ?? []).map((pattern) => `--test-skip-pattern=${pattern}`),
    ...(options.only ? ["--test-only"] : []),
    ...(options.concurrency === undefined ? [] : [`--test-concurrency=${options.concurrency}`]),
    ...(options.timeout === undefined ? [] : [`--test-timeout=${options.timeout}`]),
    ...more,
  ];
}

function chooseMemory(option: number | undefined, project: string | undefined): number {
  if (option !== undefined) return option;
  if (project === undefined) return DEFAULT_TEST_MEMORY_MIB;
  return Math.max(DEFAULT_TEST_MEMORY_MIB, parseMemory(project, "package.json egg.memory:"));
}

function targetOf(tests: TestSet, options: TestOptions, more: string[]): TestsTarget {
  return { kind: "tests", ...tests, options: nodeWords(options, more), hasCoverage: options.coverage === true };
}

/** One boot: these files. The status is the runner's. */
async function runTests(target: TestsTarget, options: TestOptions): Promise<number> {
  const prepared = await prepareTarget(target);
  for (const warning of prepared.warnings) process.stderr.write(`egg: ${warning}\n`);
  const folder = resolve(options.coverageDir);
  const receiver = options.coverage ? await receiveCoverage(folder) : undefined;
  try {
    const term = process.stdout.isTTY ? process.env.TERM : undefined;
    const guest = await startGuest({
      elf: prepared.path,
      // Tests take no input; the keyboard stays for Ctrl-C.
      boot: { ...terminalConfig(), ...(process.stdin.isTTY ? {} : { stdin: "none" as const }) },
      env: {
        ...(term === undefined ? {} : { TERM: term }),
        ...Object.fromEntries((options.env ?? []).filter((pair) => pair !== null)),
        ...(receiver ? { [UPLOAD_VARIABLE]: receiver.address } : {}),
      },
      memoryMiB: chooseMemory(options.memory, prepared.memory),
      accelerator: options.accel,
      output: "inherit",
    });
    const status = await follow(guest);
    if (!receiver) return status;
    const count = await reportCoverage(folder, target.root, options.coverageReporter.split(","));
    if (count > 0) return status;
    throw new Failure("no coverage files came out of the guest", {
      advice: "see what the tests printed",
      status: EXIT_UNAVAILABLE,
    });
  } finally {
    receiver?.close();
  }
}

/** Of the test files, those that are new or made of something that is not what it was. */
function concerned(target: TestsTarget): string[] {
  return testSources(target)
    .filter((source) => cachedBundle(source) === undefined)
    .map((source) => source.entry);
}

async function watchTests(find: () => TestsTarget, options: TestOptions): Promise<number> {
  let target = find();
  const watcher = await watchProject(target.root, []);
  while (true) {
    try {
      if (target.files.length > 0) await runTests(target, options);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      process.stderr.write(`egg: ${error.message}\n`);
    }
    process.stderr.write("egg: waiting for changes (Ctrl-C ends)\n");
    const changed = await watcher.next();
    const all = find();
    target = { ...all, files: concerned(all) };
    const what = changed.length === 1 ? shown(changed[0] ?? "") : `${changed.length} files`;
    if (target.files.length > 0) process.stderr.write(`egg: ${what} changed\n`);
  }
}

export async function run(words: string[], nodeOptions: string[] | undefined): Promise<number> {
  const command = parseCommand(testCommand(), words);
  if (!command) return 0;
  const options = command.opts<TestOptions>();
  const find = (): TestsTarget => targetOf(findTests(command.args), options, nodeOptions ?? []);
  return options.watch ? await watchTests(find, options) : await runTests(find(), options);
}
