// The QEMU command line. Pure: settings in, arguments out; cli/run/guest.ts starts it.
//
// What stands here and why:
//   q35 without SATA and SMBus  PCI Express as on real machines; from the firmware to the kernel's first instruction
//                               95 ms (pc: 105 ms; microvm 50 ms, but it has neither PIC nor PIT nor a normal PCI bus)
//   maxcpus=2 with one CPU      QEMU 7.2 drops guest memory barriers under emulation when only one CPU is possible
//   romfile=                    option ROMs cost a second of boot
//   isa-debugcon, debug-exit    how a guest reports its exit status (docs/command-line.md, "Exit status")

import type { Accelerator } from "./accelerator.ts";

/** A host TCP or UDP port that reaches a guest port. */
export interface PortForward {
  protocol: "tcp" | "udp";
  hostAddress: string;
  hostPort: number;
  guestPort: number;
}

/** What the machine boots from. */
export type BootMedium =
  | { kind: "kernel"; path: string; append: string | undefined }
  | { kind: "cdrom"; path: string }
  | { kind: "disk"; path: string; format: "raw" | "qcow2" | "vmdk" | "vpc" };

export interface MachineSettings {
  medium: BootMedium;
  accelerator: Accelerator;
  memoryMiB: number;
  /** Processors the guest may start. */
  processors: number;
  ports: PortForward[];
  /** Whether there is a network card; true by default. */
  hasNetwork?: boolean;
  /** A file for the frames on the network card, in pcap format. */
  pcap?: string | undefined;
  /** A window with the guest's screen. */
  display: boolean;
  /** TCP port of the gdb stub; the machine waits for the debugger. */
  gdbPort: number | undefined;
  /** File descriptors, in QEMU, of the sockets for the second serial port and for the exit status. */
  errorFd: number;
  statusFd: number;
  /** More arguments, from QEMU_OPTS and callers. */
  extra: string[];
}

/** A comma inside a QEMU option value is doubled. */
function escapeValue(value: string): string {
  return value.replaceAll(",", ",,");
}

function mediumArguments(medium: BootMedium): string[] {
  switch (medium.kind) {
    case "kernel":
      return ["-kernel", medium.path, ...(medium.append ? ["-append", medium.append] : [])];
    case "cdrom":
      return [
        "-drive",
        `file=${escapeValue(medium.path)},if=none,id=cd,media=cdrom,readonly=on`,
        "-device",
        "ide-cd,drive=cd",
      ];
    case "disk":
      return [
        "-drive",
        `file=${escapeValue(medium.path)},if=none,id=disk,format=${medium.format}`,
        "-device",
        "virtio-blk-pci,drive=disk",
      ];
  }
}

function networkArguments(ports: PortForward[], pcap: string | undefined): string[] {
  const forwards = ports.map(
    (port) => `,hostfwd=${port.protocol}:${port.hostAddress}:${port.hostPort}-:${port.guestPort}`,
  );
  return [
    "-netdev",
    `user,id=net0${forwards.join("")}`,
    "-device",
    "virtio-net-pci,netdev=net0,romfile=",
    ...(pcap === undefined ? [] : ["-object", `filter-dump,id=pcap,netdev=net0,file=${escapeValue(pcap)}`]),
  ];
}

export function qemuArguments(settings: MachineSettings): string[] {
  const fromKernel = settings.medium.kind === "kernel";
  return [
    "-nodefaults",
    "-no-user-config",
    "-no-reboot",
    "-machine",
    fromKernel ? "q35,sata=off,smbus=off" : "q35",
    "-accel",
    settings.accelerator,
    "-cpu",
    settings.accelerator === "hvf" ? "host" : "max",
    "-smp",
    `${settings.processors},maxcpus=${Math.max(2, settings.processors)}`,
    "-m",
    `${settings.memoryMiB}M`,
    ...(settings.display ? ["-device", "virtio-vga,romfile="] : ["-display", "none"]),
    "-chardev",
    "stdio,id=console,signal=off",
    "-serial",
    "chardev:console",
    "-chardev",
    `socket,id=errors,fd=${settings.errorFd}`,
    "-serial",
    "chardev:errors",
    "-chardev",
    `socket,id=status,fd=${settings.statusFd}`,
    "-device",
    "isa-debugcon,iobase=0xe9,chardev=status",
    "-device",
    "isa-debug-exit,iobase=0xf4,iosize=4",
    "-device",
    "virtio-rng-pci,romfile=",
    ...(settings.hasNetwork === false ? [] : networkArguments(settings.ports, settings.pcap)),
    ...(settings.gdbPort === undefined ? [] : ["-gdb", `tcp:127.0.0.1:${settings.gdbPort}`, "-S"]),
    ...mediumArguments(settings.medium),
    ...settings.extra,
  ];
}

/** What the guest said on port 0xe9 before it left: the last line that makes sense. */
export type Ending =
  | { kind: "exit"; status: number }
  | { kind: "signal"; signal: number }
  | { kind: "panic"; message: string }
  | { kind: "none" };

/** Read the status lines: `exit N`, `signal N`, `panic MESSAGE`. */
export function parseEnding(text: string): Ending {
  let ending: Ending = { kind: "none" };
  for (const line of text.split("\n")) {
    const match = /^(exit|signal|panic)(?: (.*))?$/.exec(line.trim());
    if (!match) continue;
    const value = match[2] ?? "";
    if (match[1] === "panic") ending = { kind: "panic", message: value };
    else if (!/^\d+$/.test(value)) continue;
    else if (match[1] === "exit") ending = { kind: "exit", status: Number(value) & 0xff };
    else ending = { kind: "signal", signal: Number(value) & 0x7f };
  }
  return ending;
}

/** Exit status for `egg run`: the program's, 128+N for a signal, 70 for a kernel panic; null when the guest reported nothing. */
export function endingStatus(ending: Ending): number | null {
  switch (ending.kind) {
    case "exit":
      return ending.status;
    case "signal":
      return 128 + ending.signal;
    case "panic":
      return 70;
    case "none":
      return null;
  }
}
