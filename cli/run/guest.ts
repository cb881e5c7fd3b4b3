// One guest: start QEMU, feed it input, collect what it writes and how it ended.
//
// `startGuest` is for whoever talks with a running guest (`egg run`, servers under test), `runGuest` for
// whoever wants the result. Wires between us and QEMU:
//
//   fd 0, 1  COM1: the program's terminal, or its standard input (framed, cli/run/framing.ts) and output
//   fd 2     QEMU's own complaints
//   fd 3     COM2: the program's standard error and the kernel's messages, when those are kept apart
//   fd 4     port 0xe9: how it ended
//   fd 5     QEMU's monitor, when it is wanted

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, rmSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Duplex, Readable, Writable } from "node:stream";
import { EXIT_NO_INPUT, EXIT_UNAVAILABLE, EXIT_USAGE, errorCode, Failure } from "../failure.ts";
import { type BootConfig, encodeBootConfig, mergeBootConfig, withArguments } from "../image/boot-config.ts";
import { type AcceleratorChoice, chooseAccelerator, thisHost } from "./accelerator.ts";
import { AfterMark, frameData, frameEnd, frameSignal, frameWindow } from "./framing.ts";
import { prepareUefi } from "./firmware.ts";
import { Monitor } from "./monitor.ts";
import {
  type BootMedium,
  type Display,
  type Ending,
  endingStatus,
  type MachineKind,
  type PortForward,
  parseEnding,
  qemuArguments,
} from "./qemu.ts";
import { relayPorts } from "./relay.ts";

const QEMU_PROGRAM = "qemu-system-x86_64";
/** Memory beyond the image that the smallest program needs, MiB. */
const SPARE_MEMORY_MIB = 8;

/** Longest command line that the firmware's PVH loader hands over, in bytes; the image carries longer ones. */
export const APPEND_LIMIT = 4000;

export interface GuestOptions {
  /** A built image (kernel and root in one ELF). One of `elf`, `target` or `medium`. */
  elf?: string;
  /** Anything `egg run` takes: a project folder, a script, a Linux program. Built first. */
  target?: string;
  medium?: BootMedium;
  /** What to tell the kernel beyond what the image says. */
  boot?: BootConfig;
  /** The program's arguments, after its own name. */
  args?: string[];
  env?: Record<string, string>;
  memoryMiB?: number;
  processors?: number;
  ports?: PortForward[];
  /** Whether the machine has a network card; true by default. */
  hasNetwork?: boolean;
  accelerator?: AcceleratorChoice;
  strace?: boolean | string[];
  trace?: boolean;
  /** Where the guest's screen is shown; without it there is none. */
  display?: Display;
  machine?: MachineKind;
  /** Start by UEFI firmware; `medium` is a disk or a disc then. */
  uefi?: boolean;
  /** Open QEMU's monitor: `Guest.monitor`. */
  monitor?: boolean;
  /** A file for the frames on the network card, in pcap format. */
  pcap?: string;
  gdbPort?: number;
  /** More QEMU arguments; those of the environment variable QEMU_OPTS come after. */
  qemuArguments?: string[];
  /** Where standard output goes: straight through to ours, or to `Guest.stdout`. */
  output?: "inherit" | "pipe";
  /** End the guest when the signal aborts. */
  signal?: AbortSignal;
}

export interface RunOptions extends GuestOptions {
  /** Standard input; without it, the program reads end of file at once. */
  stdin?: string | Uint8Array;
  /** Time limit in milliseconds; 60,000 by default. */
  timeoutMs?: number;
}

export interface GuestResult {
  /** The status `egg run` would exit with; null when the guest ended without saying how (crash of the machine, time limit). */
  status: number | null;
  ending: Ending;
  timedOut: boolean;
  /** Standard output, as UTF-8. */
  stdout: string;
  /** Standard error and the kernel's messages. */
  stderr: string;
  /** What QEMU itself had to say. */
  qemuErrors: string;
  /** From the start of QEMU to its end. */
  elapsedMs: number;
}

export interface Guest {
  readonly process: ChildProcess;
  /** Standard output, unless it is inherited. */
  readonly stdout: Readable | null;
  readonly stderr: Readable;
  /** Give the program input; resolves when the guest can take more. */
  write(data: Uint8Array): Promise<void>;
  endInput(): void;
  sendSignal(signal: number): void;
  resize(columns: number, rows: number): void;
  /** QEMU's monitor, if it was asked for. */
  readonly monitor: Monitor | null;
  /** The kernel has come up and takes input, or the machine has ended. */
  readonly ready: Promise<void>;
  /** End the machine at once. */
  kill(): void;
  readonly ended: Promise<{ ending: Ending; qemuStatus: number | null; qemuErrors: string }>;
}

/** Split QEMU_OPTS as a shell would, without expansions: blanks separate, quotes and backslashes group. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  for (const match of text.matchAll(/(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+/g)) {
    words.push(
      match[0].replaceAll(
        /"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/g,
        (_, double?: string, single?: string, escaped?: string) =>
          double !== undefined ? double.replaceAll(/\\(.)/g, "$1") : (single ?? escaped ?? ""),
      ),
    );
  }
  return words;
}

/** What to boot, and what it says about itself. */
async function resolveMedium(
  options: GuestOptions,
): Promise<{ medium: BootMedium; boot: BootConfig; qemu: readonly string[] }> {
  if (options.medium) return { medium: options.medium, boot: {}, qemu: [] };
  const { prepareTarget, readImageConfig } = await import("../image/prepare.ts");
  const prepared = options.elf === undefined ? await prepareTarget(options.target ?? ".", {}) : undefined;
  const path = options.elf ?? prepared?.path ?? "";
  const medium: BootMedium = { kind: "kernel", path, append: undefined };
  return { medium, boot: readImageConfig(path), qemu: prepared?.qemu ?? [] };
}

/** The configuration the caller adds to the image's; only what differs, so that it fits the loader's command line. */
function callerConfig(options: GuestOptions, image: BootConfig): BootConfig {
  const config: BootConfig = { ...options.boot };
  if (options.args !== undefined) {
    // What stands in a disk or a disc, the kernel alone can tell.
    config.argsAfterFixed = options.medium !== undefined && options.medium.kind !== "kernel";
    config.args = config.argsAfterFixed ? options.args : withArguments(image, options.args);
  }
  if (options.env !== undefined) config.env = { ...config.env, ...options.env };
  if (options.strace !== undefined) config.strace = options.strace;
  if (options.trace !== undefined) config.trace = options.trace;
  return config;
}

/** The medium with the caller's configuration: on the loader's command line, or, when too long, in a copy of the image. */
async function configure(
  medium: BootMedium,
  image: BootConfig,
  config: BootConfig,
): Promise<{ medium: BootMedium; temporary: string | undefined }> {
  const text = encodeBootConfig(config);
  if (medium.kind !== "kernel") return { medium: { ...medium, told: `${text} mark` }, temporary: undefined };
  if (text.length <= APPEND_LIMIT) return { medium: { ...medium, append: text }, temporary: undefined };
  const { copyWithConfig } = await import("../image/prepare.ts");
  const path = copyWithConfig(medium.path, mergeBootConfig(image, config));
  return { medium: { ...medium, path }, temporary: path };
}

/** A guest needs its image in memory, and some more to run in. */
function checkMemory(medium: BootMedium, memoryMiB: number): void {
  if (medium.kind !== "kernel") return;
  const stats = statSync(medium.path, { throwIfNoEntry: false });
  if (!stats)
    throw new Failure(`${medium.path}: no such image`, { advice: "build it first: egg build", status: EXIT_NO_INPUT });
  const imageMiB = Math.ceil(stats.size / (1 << 20));
  const least = imageMiB + SPARE_MEMORY_MIB;
  if (memoryMiB < least) {
    throw new Failure(`${memoryMiB} MiB of memory are too few: the image alone takes ${imageMiB} MiB`, {
      advice: `give at least -m ${least}M`,
      status: EXIT_USAGE,
    });
  }
}

/** A program in PATH; a Failure when it is not there. */
function findQemu(): string {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(folder, QEMU_PROGRAM);
    if (folder !== "" && existsSync(path)) return path;
  }
  throw new Failure(`${QEMU_PROGRAM} is not installed`, {
    advice: "apt-get install qemu-system-x86, or npm start, which does it",
    status: EXIT_UNAVAILABLE,
  });
}

/** On Linux QEMU dies with us, however we die. */
function spawnCommand(args: string[]): { command: string; args: string[] } {
  const qemu = findQemu();
  if (process.platform === "linux" && existsSync("/usr/bin/setpriv")) {
    return { command: "/usr/bin/setpriv", args: ["--pdeathsig", "KILL", "--", qemu, ...args] };
  }
  return { command: qemu, args };
}

export async function startGuest(options: GuestOptions): Promise<Guest> {
  const { medium, boot, qemu } = await resolveMedium(options);
  const memoryMiB = options.memoryMiB ?? DEFAULT_MEMORY_MIB;
  checkMemory(medium, memoryMiB);
  const configured = await configure(medium, boot, callerConfig(options, boot));
  const uefi = options.uefi ? prepareUefi() : undefined;
  const relays = await relayPorts(options.ports ?? []);
  const args = qemuArguments({
    medium: configured.medium,
    accelerator: chooseAccelerator(options.accelerator ?? "auto", thisHost()),
    memoryMiB,
    processors: options.processors ?? 1,
    ports: relays.ports,
    hasNetwork: options.hasNetwork ?? true,
    display: options.display,
    ...(options.machine ? { machine: options.machine } : {}),
    uefi,
    monitorFd: options.monitor ? 5 : undefined,
    pcap: options.pcap,
    gdbPort: options.gdbPort,
    errorFd: 3,
    statusFd: 4,
    extra: [...qemu, ...(options.qemuArguments ?? []), ...splitWords(process.env.QEMU_OPTS ?? "")],
  });
  const { command, args: words } = spawnCommand(args);
  const isInherited = options.output === "inherit";
  const isLoaded = medium.kind !== "kernel";
  // A process group of its own: Ctrl-C reaches us, and we tell the program.
  const child = spawn(command, words, {
    stdio: [
      "pipe",
      isInherited && !isLoaded ? "inherit" : "pipe",
      "pipe",
      "pipe",
      "pipe",
      ...(options.monitor ? ["pipe" as const] : []),
    ],
    detached: true,
    ...(options.signal ? { signal: options.signal, killSignal: "SIGKILL" as const } : {}),
  });
  let stdout: Readable | null = child.stdout;
  // What firmware and loaders write before the kernel is kept back.
  if (isLoaded && stdout) stdout = stdout.pipe(new AfterMark());
  if (isLoaded && isInherited) stdout?.pipe(process.stdout, { end: false });
  return wireGuest(child, { stdout: isInherited ? null : stdout, isLoaded }, () => {
    if (configured.temporary !== undefined) rmSync(configured.temporary, { force: true });
    uefi?.remove();
    relays.close();
  });
}

/** Default guest memory in MiB. */
export const DEFAULT_MEMORY_MIB = 256;

function collectText(stream: Readable): { text(): string } {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  return { text: () => Buffer.concat(chunks).toString("utf8") };
}

function wireGuest(
  child: ChildProcess,
  { stdout, isLoaded }: { stdout: Readable | null; isLoaded: boolean },
  cleanUp: () => void,
): Guest {
  const input = child.stdin as Writable;
  const [, , , errors, statusStream, monitor] = child.stdio as unknown as Duplex[];
  if (!errors || !statusStream) throw new Error("QEMU was started without its wires");
  const statusLines = collectText(statusStream);
  // A serial port loses what comes before the kernel has set it up.
  const takesInput = new Promise<void>((resolve) => {
    statusStream.on("data", () => {
      if (/^input$/m.test(statusLines.text())) resolve();
    });
    statusStream.once("close", resolve);
  });
  const qemuErrors = collectText(child.stderr as Readable);
  // A guest that ends while we write is no failure of ours.
  for (const stream of [input, errors, statusStream]) stream.on("error", () => {});
  const ended = new Promise<{ ending: Ending; qemuStatus: number | null; qemuErrors: string }>((resolve, reject) => {
    child.on("error", (error) => {
      if (errorCode(error) === "ABORT_ERR") return;
      reject(new Failure(`QEMU cannot be started: ${error.message}`, { status: EXIT_UNAVAILABLE, cause: error }));
    });
    child.on("close", (code) => {
      cleanUp();
      // What went through AfterMark arrives a moment later.
      const result = { ending: parseEnding(statusLines.text()), qemuStatus: code, qemuErrors: qemuErrors.text() };
      setImmediate(() => resolve(result));
    });
  });
  const send = (bytes: Uint8Array): boolean => (input.writable ? input.write(bytes) : true);
  const sendLater = (bytes: Uint8Array): void => {
    void takesInput.then(() => send(bytes));
  };
  return {
    process: child,
    stdout,
    stderr: isLoaded ? errors.pipe(new AfterMark()) : errors,
    monitor: monitor ? new Monitor(monitor) : null,
    ready: takesInput,
    write: async (data) => {
      await takesInput;
      if (send(frameData(data)) || !input.writable) return;
      await new Promise<void>((resolve) => {
        input.once("drain", resolve);
        input.once("close", resolve);
      });
    },
    endInput: () => sendLater(frameEnd()),
    sendSignal: (signal) => sendLater(frameSignal(signal)),
    resize: (columns, rows) => sendLater(frameWindow(columns, rows)),
    kill: () => {
      child.kill("SIGKILL");
    },
    ended,
  };
}

/** Boot, feed, wait: the whole life of a guest. Standard output, standard error and the status are kept apart. */
export async function runGuest(options: RunOptions): Promise<GuestResult> {
  const boot: BootConfig = {
    stdin: options.stdin === undefined ? "none" : "pipe",
    stdout: "pipe",
    stderr: "com2",
    ...options.boot,
  };
  const guest = await startGuest({ ...options, boot, output: "pipe" });
  const startedAt = performance.now();
  const stdout = collectText(guest.stdout as Readable);
  const stderr = collectText(guest.stderr);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    guest.kill();
  }, options.timeoutMs ?? 60_000);
  try {
    if (options.stdin !== undefined) void guest.write(Buffer.from(options.stdin)).then(() => guest.endInput());
    const { ending, qemuErrors } = await guest.ended;
    return {
      status: timedOut ? null : endingStatus(ending),
      ending,
      timedOut,
      stdout: stdout.text(),
      stderr: stderr.text(),
      qemuErrors,
      elapsedMs: performance.now() - startedAt,
    };
  } finally {
    clearTimeout(timer);
    guest.kill();
  }
}
