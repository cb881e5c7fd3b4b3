// `egg run`: build what TARGET names, boot it, be its terminal, end with its status.

import { resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { Option } from "commander";
import { EXIT_SOFTWARE, EXIT_UNAVAILABLE, EXIT_USAGE, Failure } from "../failure.ts";
import { prepareTarget } from "../image/prepare.ts";
import {
  ROOTFS_HELP,
  collect,
  makeCommand,
  parseCommand,
  parseAddress,
  parseEnvironment,
  parseHost,
  parseInteger,
  parseKeyboard,
  parseMemory,
  parsePort,
  parseTime,
  rootWithTarget,
  withDefaultValue,
  withOptionalValue,
} from "../options.ts";
import { ACCELERATORS, type AcceleratorChoice } from "../run/accelerator.ts";
import { attachTerminal, type Terminal, terminalConfig } from "../run/terminal.ts";
import { takePicture, writePicture } from "../run/screenshot.ts";
import { DEFAULT_MEMORY_MIB, type Guest, startGuest } from "../run/guest.ts";
import { AUTOMATIC, chooseDisplay, isDisplayWord, type Shown, thisDisplayHost } from "../run/display.ts";
import { type BootMedium, endingStatus, MACHINE_KINDS, type MachineKind, type PortForward } from "../run/qemu.ts";
import { portInUse } from "../run/relay.ts";

interface RunOptions {
  publish?: PortForward[];
  ip?: string[];
  gateway?: string[];
  dns?: string[];
  pcap?: string;
  memory?: number;
  smp: number;
  volume?: string[];
  env?: ([string, string] | null)[];
  accel: AcceleratorChoice;
  keyboard?: string;
  display?: string;
  screenshot?: string;
  after?: number;
  machine: MachineKind;
  uefi?: boolean;
  strace?: string;
  gdb?: number;
  trace?: boolean;
  rootfs?: string;
}

export const GDB_PORT = 1234;
const PICTURE_AFTER_MS = 3000;
/** What --strace without names means. */
export const ALL_CALLS = "*";

export function runCommand() {
  return makeCommand("run")
    .description("Boot a program in a QEMU virtual machine. The exit status is the program's.")
    .usage("[OPTIONS] [TARGET] [-- ARGS…]")
    .argument(
      "[target]",
      "project folder, .ts or .js file, Linux x86-64 program, an image: .elf, .iso, disk; or node: its prompt, shell: a shell",
      ".",
    )
    .option(
      "-p, --publish <HOST:GUEST[/udp]>",
      "let a port of this machine reach a guest port; repeatable",
      collect(parsePort),
    )
    .option(
      "--ip <ADDRESS/PREFIX>",
      "the guest's address, IPv4 or IPv6; repeatable (default: DHCP, router advertisements)",
      collect(parseAddress),
    )
    .option("--gateway <ADDRESS>", "where packets for elsewhere go; repeatable, with --ip", collect(parseHost))
    .option("--dns <ADDRESS>", "name server; repeatable, with --ip", collect(parseHost))
    .option("--pcap <FILE>", "write the frames on the network card to FILE, for Wireshark and tcpdump")
    .option(
      "-m, --memory <amount>",
      `guest memory, as 256M or 2G (default: ${DEFAULT_MEMORY_MIB}M, or what the project's egg.memory says)`,
      (text) => parseMemory(text),
    )
    .option("--smp <n>", "processors to offer the guest", (text) => parseInteger(text, "--smp", 1, 64), 1)
    .option(
      "-v, --volume <HOST_DIR:GUEST_DIR[:ro]>",
      "share a folder with the guest (not supported yet)",
      collect(String),
    )
    .option(
      "-e, --env <KEY=VALUE>",
      "set an environment variable (KEY alone: as it is here); repeatable",
      collect(parseEnvironment),
    )
    .addOption(
      new Option("--accel <kind>", "how the guest's processor runs; auto takes KVM when it can work, else emulation")
        .choices(ACCELERATORS)
        .default("auto"),
    )
    .option("--rootfs <dir|tar>", ROOTFS_HELP)
    .option("--keyboard <layout>", "layout of the guest's own keyboard: us, gb, de, fr (default: us)", (text) =>
      parseKeyboard(text),
    )
    .option(
      "--display [kind]",
      "show the guest's screen: gtk or sdl (a window), vnc or vnc:N, none (default: a window where one can open, when the program wants a screen or a disk or disc is started)",
    )
    .option("--screenshot <file>", "write a picture of the guest's screen (PNG), then end the machine")
    .option("--after <time>", "when to take it, from when the kernel has come up: 3s or 500ms (default: 3s)", parseTime)
    .addOption(
      new Option("--machine <kind>", "the machine: q35 (PCI Express), pc (PCI), microvm (no PCI, no screen)")
        .choices(MACHINE_KINDS)
        .default("q35"),
    )
    .option("--uefi", "start a disk or a disc by UEFI firmware (OVMF) instead of a BIOS")
    .option("--strace [names]", "print the program's system calls: all, or those named: --strace=read,write")
    .option("--gdb [port]", `wait for gdb on a TCP port: --gdb=PORT (default: ${GDB_PORT})`, (text) =>
      parseInteger(text, "--gdb", 1, 65535),
    )
    .option("--trace", "print what each step of the boot took")
    .addHelpText(
      "after",
      `
ARGS after -- are the program's arguments.
Environment: QEMU_OPTS holds more arguments for QEMU.
Ctrl-C goes to the program; three within a second end the machine.`,
    );
}

function chooseMemory(option: number | undefined, project: string | undefined): number {
  if (option !== undefined) return option;
  return project === undefined ? DEFAULT_MEMORY_MIB : parseMemory(project, "package.json egg.memory:");
}

function mediumOf(prepared: Awaited<ReturnType<typeof prepareTarget>>): BootMedium {
  const { target, path } = prepared;
  if (target.kind === "cdrom") return { kind: "cdrom", path };
  if (target.kind === "disk") return { kind: "disk", path, format: target.format };
  return { kind: "kernel", path, append: undefined };
}

/** The guest's screen: as --display says, else when the program asks for one, when one can be seen on real machines too, or for a picture. */
function displayFor(options: RunOptions, medium: BootMedium, isWanted: boolean): Shown | undefined {
  if (options.machine === "microvm") {
    if (options.display === undefined && options.screenshot === undefined) return undefined;
    throw new Failure("--machine microvm has no screen", { advice: "leave out --machine", status: EXIT_USAGE });
  }
  if (options.display !== undefined) return chooseDisplay(options.display, thisDisplayHost());
  if (options.screenshot !== undefined) return { display: "none", note: undefined };
  if (isWanted) return chooseDisplay(AUTOMATIC, thisDisplayHost());
  if (medium.kind === "kernel") return undefined;
  const shown = chooseDisplay(AUTOMATIC, thisDisplayHost());
  return { display: shown.display, note: process.stderr.isTTY ? shown.note : undefined };
}

/** Options that exclude each other. */
function checkMachine({ uefi, machine }: RunOptions, medium: BootMedium): void {
  if (uefi && medium.kind === "kernel") {
    throw new Failure("--uefi starts disks and discs, this is neither", {
      advice: "make one: egg pack -f iso -o app.iso, then egg run --uefi app.iso",
      status: EXIT_USAGE,
    });
  }
  if (machine === "microvm" && (uefi || medium.kind !== "kernel")) {
    throw new Failure("--machine microvm starts a project, a program or an .elf image, no disk, disc or UEFI", {
      advice: "egg build makes an .elf image",
      status: EXIT_USAGE,
    });
  }
}

export async function run(words: string[], programArguments: string[] | undefined): Promise<number> {
  const withValues = withOptionalValue(
    withDefaultValue(withDefaultValue(words, "--strace", ALL_CALLS), "--gdb", String(GDB_PORT)),
    "--display",
    isDisplayWord,
    AUTOMATIC,
  );
  const command = parseCommand(runCommand(), withValues);
  if (!command) return 0;
  const options = command.opts<RunOptions>();
  if (options.volume) {
    throw new Failure("-v is not supported yet: the kernel cannot share folders with the host", {
      advice: 'put the files into the image with "egg.files" in package.json',
      status: EXIT_UNAVAILABLE,
    });
  }
  const root = options.rootfs;
  if (root !== undefined && command.args.length > 0) throw rootWithTarget(command.args[0] ?? "");
  const prepared =
    root === undefined
      ? await prepareTarget(command.processedArgs[0] as string)
      : await prepareTarget(root, { isRoot: true, args: programArguments });
  for (const warning of prepared.warnings) process.stderr.write(`egg: ${warning}\n`);
  const gdbPort = options.gdb;
  const medium = mediumOf(prepared);
  checkMachine(options, medium);
  const screen = displayFor(options, medium, prepared.wantsDisplay);
  if (screen?.note !== undefined) process.stderr.write(`egg: ${screen.note}\n`);
  const guest = await startGuest({
    ...(medium.kind === "kernel" ? { elf: prepared.path } : { medium }),
    boot: {
      ...terminalConfig(),
      ...(options.ip ? { addresses: options.ip } : {}),
      ...(options.gateway ? { gateways: options.gateway } : {}),
      ...(options.dns ? { nameServers: options.dns } : {}),
      ...(options.keyboard ? { keyboard: options.keyboard } : {}),
    },
    ...(options.pcap === undefined ? {} : { pcap: resolve(options.pcap) }),
    // The program in a root file system was found with its arguments.
    ...(programArguments && root === undefined ? { args: programArguments } : {}),
    env: environment(options.env ?? []),
    memoryMiB: chooseMemory(options.memory, prepared.memory),
    processors: options.smp,
    ports: options.publish ?? [],
    accelerator: options.accel,
    ...(options.strace === undefined ? {} : { strace: straceNames(options.strace) }),
    trace: options.trace ?? false,
    ...(screen === undefined ? {} : { display: screen.display }),
    machine: options.machine,
    uefi: options.uefi ?? false,
    monitor: options.screenshot !== undefined,
    qemuArguments: prepared.qemu ?? [],
    ...(gdbPort === undefined ? {} : { gdbPort }),
    output: "inherit",
  });
  if (gdbPort !== undefined) {
    process.stderr.write(
      `egg: waiting for gdb; in another terminal: gdb -x tools/gdb/kernel.py -ex "target remote :${gdbPort}" ${prepared.kernel ?? "build/kernel/kernel.elf"}\n`,
    );
  }
  const { screenshot } = options;
  return await follow(
    guest,
    screenshot === undefined ? undefined : () => picture(guest, resolve(screenshot), options.after ?? PICTURE_AFTER_MS),
  );
}

/** Take a picture of the screen, some time after the kernel came up, and end the machine. */
async function picture(guest: Guest, path: string, afterMs: number): Promise<void> {
  await guest.ready;
  await setTimeout(afterMs, undefined, { ref: false });
  if (!guest.monitor) return;
  writePicture(path, await takePicture(guest.monitor));
  guest.kill();
}

/** The terminal's kind is the program's to know; what -e sets comes after. */
function environment(pairs: ([string, string] | null)[]): Record<string, string> {
  const term = process.stdout.isTTY ? process.env.TERM : undefined;
  return {
    ...(term === undefined ? {} : { TERM: term }),
    ...Object.fromEntries(pairs.filter((pair) => pair !== null)),
  };
}

function straceNames(value: string): boolean | string[] {
  return value === ALL_CALLS ? true : value.split(",").filter((name) => name !== "");
}

/**
 * Be the guest's terminal until it ends; its status, or a Failure when it ended unwell. `picture` ends the machine when
 * it is done: that is success.
 */
export async function follow(guest: Guest, takePicture?: () => Promise<void>): Promise<number> {
  const terminal = attachTerminal(guest);
  try {
    const taken = takePicture?.().then(() => 0);
    const status = followToEnd(guest, terminal);
    if (taken === undefined) return await status;
    return await Promise.race([taken, status.then(tooEarly)]);
  } finally {
    guest.kill();
    terminal.detach();
  }
}

function tooEarly(status: number): never {
  throw new Failure(`the program ended (status ${status}) before the picture was taken`, {
    advice: "take it sooner: --after 500ms",
    status: EXIT_SOFTWARE,
  });
}

async function followToEnd(guest: Guest, terminal: Terminal): Promise<number> {
  const { ending, qemuStatus, qemuErrors } = await guest.ended;
  if (terminal.endedBy !== null) return 128 + terminal.endedBy;
  const status = endingStatus(ending);
  if (ending.kind === "panic") throw new Failure(`the kernel panicked: ${ending.message}`, { status: EXIT_SOFTWARE });
  if (status !== null) return status;
  throw qemuFailure(qemuStatus, qemuErrors);
}

/** QEMU ended without the guest's word: what it said, made plain for the common cases. */
export function qemuFailure(qemuStatus: number | null, qemuErrors: string): Failure {
  const lines = qemuErrors.split("\n").filter((line) => line.trim() !== "" && !/warning:/.test(line));
  const first = (lines[0] ?? "").replace(/^qemu-system-x86_64: /, "");
  const forward = /Could not set up host forwarding rule '(tcp|udp):([^:]*):(\d+)-/.exec(qemuErrors);
  if (forward) {
    return portInUse(Number(forward[3]));
  }
  if (/cannot set up guest memory|Cannot allocate memory/.test(qemuErrors)) {
    return new Failure("this machine has not enough free memory for the guest", {
      advice: "give it less with -m",
      status: EXIT_UNAVAILABLE,
    });
  }
  if (first !== "") {
    return new Failure(`QEMU failed: ${first}`, {
      advice: process.env.QEMU_OPTS ? "check QEMU_OPTS" : "--debug shows more",
      status: EXIT_UNAVAILABLE,
      cause: qemuErrors,
    });
  }
  if (qemuStatus === null) return new Failure("QEMU was killed", { status: EXIT_SOFTWARE });
  return new Failure("the machine stopped without reporting an exit status: it was reset or switched off", {
    advice: "egg run --trace shows how far it came",
    status: EXIT_SOFTWARE,
  });
}
