// `egg build`: kernel, root file system and program in one file that boots.

import { constants, copyFileSync, rmSync, statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { EXIT_CANNOT_CREATE, EXIT_USAGE, errorCode, Failure } from "../failure.ts";
import type { KernelChoice } from "../image/kernel-modules.ts";
import { prepareTarget } from "../image/prepare.ts";
import { shown } from "../image/target.ts";
import {
  ROOTFS_HELP,
  collect,
  makeCommand,
  parseCommand,
  parseEnvironment,
  parseKeyboard,
  rootWithTarget,
} from "../options.ts";

interface BuildOptions {
  output?: string;
  env?: ([string, string] | null)[];
  keyboard?: string;
  json?: boolean;
  rootfs?: string;
  sizes?: boolean;
}

export function buildCommand() {
  return makeCommand("build")
    .description("Make one bootable ELF file of a program: kernel, root file system, program, arguments.")
    .usage("[TARGET] [-o FILE] [-- ARGS…]")
    .argument("[target]", "project folder, .ts or .js file, or Linux x86-64 program", ".")
    .option("-o, --output <file>", "the file to write (default: NAME.elf in the working folder)")
    .option("-e, --env <KEY=VALUE>", "set an environment variable; repeatable", collect(parseEnvironment))
    .option("--rootfs <dir|tar>", ROOTFS_HELP)
    .option("--keyboard <layout>", "layout of the machine's own keyboard: us, gb, de, fr (default: us)", (text) =>
      parseKeyboard(text),
    )
    .option("--json", "print what was made as JSON")
    .option("--sizes", "show how much code of the kernel each of its modules is")
    .addHelpText("after", "\nARGS after -- become the program's own arguments, at every boot that gives no others.");
}

export async function run(words: string[], programArguments: string[] | undefined): Promise<number> {
  const command = parseCommand(buildCommand(), words);
  if (!command) return 0;
  const options = command.opts<BuildOptions>();
  const isRoot = options.rootfs !== undefined;
  if (isRoot && command.args.length > 0) throw rootWithTarget(command.args[0] ?? "");
  const target = options.rootfs ?? (command.processedArgs[0] as string);
  const env = Object.fromEntries((options.env ?? []).filter((pair) => pair !== null));
  const prepared = await prepareTarget(target, {
    boot: { env, ...(options.keyboard ? { keyboard: options.keyboard } : {}) },
    args: programArguments,
    isRoot,
  });
  if (!["script", "program", "root"].includes(prepared.target.kind)) {
    throw new Failure(`${target}: an image already`, { advice: "egg run boots it", status: EXIT_USAGE });
  }
  for (const warning of prepared.warnings) process.stderr.write(`egg: ${warning}\n`);
  const output = resolve(options.output ?? `${basename(prepared.target.name)}.elf`);
  writeOutput(prepared.path, output);
  const size = statSync(output).size;
  const sizes =
    options.sizes && prepared.kernel !== undefined ? await readSizes(prepared.kernel, prepared.choice) : null;
  const kernel = sizes === null ? {} : { kernel: { codeBytes: sizes.bytes, modules: sizes.modules } };
  if (options.json) process.stdout.write(`${JSON.stringify({ path: output, sizeBytes: size, ...kernel })}\n`);
  else process.stdout.write(`${shown(output)}  ${(size / 1e6).toFixed(1)} MB\n`);
  if (sizes !== null && !options.json) process.stdout.write(`${sizes.text}\n`);
  return 0;
}

async function readSizes(kernel: string, choice: KernelChoice | undefined) {
  const { kernelSizes, showSizes } = await import("../../tools/kernel/sizes.ts");
  const sizes = kernelSizes(dirname(kernel), choice);
  return { ...sizes, text: showSizes(sizes) };
}

function writeOutput(from: string, to: string): void {
  try {
    if (statSync(to, { throwIfNoEntry: false })?.isFile()) rmSync(to);
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
  } catch (error) {
    throw new Failure(`${shown(to)}: cannot be written (${errorCode(error) ?? "unknown error"})`, {
      advice: "choose another place with -o",
      status: EXIT_CANNOT_CREATE,
      cause: error,
    });
  }
}
