// `egg pack`: a program as what machines boot from: a disc, a USB stick, a disk of a virtual machine or a cloud.

import { mkdtempSync, renameSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { type Command, Option } from "commander";
import { EXIT_BAD_DATA, EXIT_CANNOT_CREATE, EXIT_USAGE, Failure, asRefusal } from "../failure.ts";
import { type BootConfig, mergeBootConfig, withArguments } from "../image/boot-config.ts";
import { type BootParts, takeApart } from "../image/boot-parts.ts";
import type { Entry } from "../image/erofs.ts";
import { writeWhole } from "../image/hash.ts";
import { CONVERT_TOOLS, convertDisk } from "../image/convert.ts";
import { DISC_TOOLS, DISK_TOOLS, makeDisc, makeDisk, type MediaOptions } from "../image/media.ts";
import type { ScreenMode } from "../image/grub.ts";
import { ociArchive } from "../image/oci.ts";
import { prepareFiles, prepareTarget } from "../image/prepare.ts";
import { findTarget, shown } from "../image/target.ts";
import { missingTools } from "../image/tools.ts";
import {
  ROOTFS_HELP,
  collect,
  makeCommand,
  parseCommand,
  parseEnvironment,
  parseMemory,
  parseMode,
  rootWithTarget,
} from "../options.ts";
import { step } from "../progress.ts";

const MEDIA_FORMATS = ["iso", "raw", "qcow2", "vmdk", "vhd", "vhdx"] as const;
const FORMATS = [...MEDIA_FORMATS, "oci"] as const;
type MediaFormat = (typeof MEDIA_FORMATS)[number];
type Format = (typeof FORMATS)[number];
const EXTENSIONS: Record<string, Format> = {
  ".oci": "oci",
  ".iso": "iso",
  ".raw": "raw",
  ".img": "raw",
  ".qcow2": "qcow2",
  ".vmdk": "vmdk",
  ".vhd": "vhd",
  ".vhdx": "vhdx",
};
/** Memory beyond the image that the smallest program needs beside firmware and loader, MiB. */
const SPARE_MEMORY_MIB = 48;
const MB = 1e6;

interface PackOptions {
  format?: Format;
  output?: string;
  kernel?: string;
  env?: ([string, string] | null)[];
  append?: string;
  memory?: number;
  screen?: ScreenMode;
  json?: boolean;
  rootfs?: string;
}

export function packCommand() {
  return makeCommand("pack")
    .description(
      "Make a disc or a disk of a program that boots on real machines, virtual ones and clouds, BIOS or UEFI.",
    )
    .usage("[TARGET | -k app.elf] [-f FORMAT] [-o FILE] [-- ARGS…]")
    .argument("[target]", "project folder, .ts or .js file, Linux x86-64 program, or .elf image", ".")
    .addOption(
      new Option(
        "-f, --format <format>",
        "iso (disc, USB stick), raw, qcow2, vmdk, vhd, vhdx; oci: a container image (default: what FILE's name ends with, else iso)",
      ).choices(FORMATS),
    )
    .option("-o, --output <file>", "the file to write (default: NAME.FORMAT in the working folder)")
    .option("-k, --kernel <app.elf>", "an image made by egg build, instead of TARGET")
    .option("-e, --env <KEY=VALUE>", "set an environment variable; repeatable", collect(parseEnvironment))
    .option("--append <words>", "more words for the kernel, as docs/command-line.md lists them: 'hostname=box trace'")
    .option("-m, --memory <amount>", "the machine's memory: refuse what does not fit into it", (text) =>
      parseMemory(text),
    )
    .option("--screen <WIDTHxHEIGHT>", "ask the firmware for this screen (default: what it prefers)", parseMode)
    .option("--rootfs <dir|tar>", ROOTFS_HELP)
    .option("--json", "print what was made as JSON")
    .addHelpText("after", "\nARGS after -- become the program's own arguments.");
}

function chooseFormat(options: PackOptions): Format {
  if (options.format) return options.format;
  if (options.output === undefined) return "iso";
  const format = EXTENSIONS[extname(options.output).toLowerCase()];
  if (format) return format;
  throw new Failure(`${options.output}: its name does not tell the format`, {
    advice: `name it with -f: ${FORMATS.join(", ")}`,
    status: EXIT_USAGE,
  });
}

/** The built image to pack, and its name. */
async function source(
  options: PackOptions,
  given: string,
  isGiven: boolean,
  args: string[] | undefined,
): Promise<{ path: string; name: string; hasArguments: boolean }> {
  if (options.kernel !== undefined && (isGiven || options.rootfs !== undefined)) {
    throw new Failure("-k takes no target beside it", { advice: "give either", status: EXIT_USAGE });
  }
  if (options.kernel !== undefined && findTarget(options.kernel).kind !== "image") {
    throw new Failure(`${options.kernel}: not an image made by egg build`, {
      advice: "leave out -k to pack a program",
      status: EXIT_BAD_DATA,
    });
  }
  const isRoot = options.rootfs !== undefined;
  if (isRoot && isGiven) throw rootWithTarget(given);
  const prepared = await prepareTarget(options.kernel ?? options.rootfs ?? given, isRoot ? { isRoot, args } : {});
  for (const warning of prepared.warnings) process.stderr.write(`egg: ${warning}\n`);
  const { kind, name } = prepared.target;
  if (kind === "disk" || kind === "cdrom") {
    throw new Failure(`${given}: packed already`, { advice: "egg run boots it", status: EXIT_USAGE });
  }
  return { path: prepared.path, name: basename(name), hasArguments: isRoot };
}

/** Memory, in MiB, that the image needs at least. */
function leastMemory(parts: BootParts): number {
  return Math.ceil((parts.root.size + parts.kernel.length) / (1 << 20)) + SPARE_MEMORY_MIB;
}

function checkMemory(least: number, memoryMiB: number | undefined): void {
  if (memoryMiB === undefined || memoryMiB >= least) return;
  throw new Failure(
    `a machine with ${memoryMiB} MiB of memory is too small: the image lies in memory and needs ${least} MiB`,
    {
      advice: `give the machine ${least} MiB or more`,
      status: EXIT_USAGE,
    },
  );
}

/** Whether the folder has room for what is made there, before anything is. */
function checkRoom(folder: string, bytes: number): void {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new Failure(`${shown(folder)}: no such folder`, {
      advice: "make it, or choose another place with -o",
      status: EXIT_CANNOT_CREATE,
    });
  }
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (free >= bytes) return;
  throw new Failure(
    `${shown(folder)}: ${Math.floor(free / MB)} MB are free, packing takes ${Math.ceil(bytes / MB)} MB`,
    { advice: "make room, or choose another place with -o", status: EXIT_CANNOT_CREATE },
  );
}

/** Make the file. What is made on the way stands beside it and goes. */
async function make(format: MediaFormat, output: string, parts: BootParts, media: PackedMedia): Promise<void> {
  const folder = dirname(output);
  // The root image, the medium with it, and for converted formats a second medium.
  checkRoom(folder, (parts.root.size + (64 << 20)) * (format === "iso" || format === "raw" ? 2 : 3));
  const work = mkdtempSync(join(folder, ".egg-pack-"));
  try {
    let made = join(work, "medium");
    await step(`packing ${shown(output)}`, async (show) => {
      const options = { ...media, work, show };
      const key = await (format === "iso" ? makeDisc : makeDisk)(made, parts, options);
      if (format === "iso" || format === "raw") return;
      show(format);
      const raw = made;
      made = join(work, "converted");
      convertDisk(raw, made, format, key);
    });
    renameSync(made, output);
  } catch (error) {
    throw asRefusal(error) ?? error;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

type PackedMedia = Omit<MediaOptions, "work" | "show">;

/** What the image says, with what is to be baked in. */
function bakedConfig(config: BootConfig, options: PackOptions, args: string[] | undefined): BootConfig {
  const env = Object.fromEntries((options.env ?? []).filter((pair) => pair !== null));
  return mergeBootConfig(config, { env, ...(args ? { args: withArguments(config, args) } : {}) });
}

function report(output: string, format: MediaFormat, parts: BootParts, leastMemoryMiB: number, isJson: boolean): void {
  const sizeBytes = statSync(output).size;
  const sizes = { kernelBytes: parts.kernel.length, rootBytes: parts.root.size };
  if (isJson) {
    process.stdout.write(`${JSON.stringify({ path: output, format, sizeBytes, ...sizes, leastMemoryMiB })}\n`);
    return;
  }
  const megabytes = (bytes: number): string => `${(bytes / MB).toFixed(1)} MB`;
  const rest = sizeBytes - sizes.kernelBytes - sizes.rootBytes;
  process.stdout.write(
    `${shown(output)}  ${megabytes(sizeBytes)}  ${format}, boots by BIOS and by UEFI, needs ${leastMemoryMiB} MiB of memory
  kernel ${megabytes(sizes.kernelBytes)}, program and libraries ${megabytes(sizes.rootBytes)}, boot loaders and file system ${megabytes(rest)}
`,
  );
}

/** The files as a container image: no kernel, no loader. */
async function packContainer(command: Command, options: PackOptions, args: string[] | undefined): Promise<number> {
  const given = command.processedArgs[0] as string;
  const isRoot = options.rootfs !== undefined;
  if (isRoot && command.args.length > 0) throw rootWithTarget(given);
  if (options.kernel !== undefined) {
    throw new Failure("-f oci takes a program's files, and -k names an image that has them inside", {
      advice: "give the project or the program instead",
      status: EXIT_USAGE,
    });
  }
  const env = Object.fromEntries((options.env ?? []).filter((pair) => pair !== null));
  const program = await prepareFiles(options.rootfs ?? given, { boot: { env }, args, isRoot });
  for (const warning of program.warnings) process.stderr.write(`egg: ${warning}\n`);
  const output = resolve(options.output ?? `${basename(program.name)}.oci`);
  const entries = [...program.base.entries, ...program.entries];
  const bytes = entries.reduce((sum, entry) => sum + contentSize(entry), 0);
  checkRoom(dirname(output), bytes + (1 << 20));
  const sizeBytes = await step(`packing ${shown(output)}`, () => {
    const archive = ociArchive(entries, program.boot, basename(program.name));
    writeWhole(output, (temporary) => writeFileSync(temporary, archive));
    return archive.length;
  });
  if (options.json) process.stdout.write(`${JSON.stringify({ path: output, format: "oci", sizeBytes })}\n`);
  else {
    process.stdout.write(
      `${shown(output)}  ${(sizeBytes / MB).toFixed(1)} MB  oci, for docker load, podman load and egg run --rootfs\n`,
    );
  }
  return 0;
}

function contentSize(entry: Entry): number {
  if (entry.kind !== "file") return 0;
  return "bytes" in entry.content ? entry.content.bytes.length : entry.content.size;
}

export async function run(words: string[], programArguments: string[] | undefined): Promise<number> {
  const command = parseCommand(packCommand(), words);
  if (!command) return 0;
  const options = command.opts<PackOptions>();
  const format = chooseFormat(options);
  if (format === "oci") return await packContainer(command, options, programArguments);
  missingTools([
    ...(format === "iso" ? DISC_TOOLS : DISK_TOOLS),
    ...(format === "iso" || format === "raw" ? [] : CONVERT_TOOLS),
  ]);
  const given = command.processedArgs[0] as string;
  const { path, name, hasArguments } = await source(options, given, command.args.length > 0, programArguments);
  const parts = takeApart(path, (config) => bakedConfig(config, options, hasArguments ? undefined : programArguments));
  const leastMemoryMiB = leastMemory(parts);
  checkMemory(leastMemoryMiB, options.memory);
  const output = resolve(options.output ?? `${name}.${format}`);
  await make(format, output, parts, { name, leastMemoryMiB, mode: options.screen, commandLine: options.append ?? "" });
  report(output, format, parts, leastMemoryMiB, options.json ?? false);
  return 0;
}
