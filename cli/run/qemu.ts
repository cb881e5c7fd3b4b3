// The QEMU command line. Pure: settings in, arguments out; cli/run/guest.ts starts it.
//
// What stands here and why:
//   q35 without SATA and SMBus  PCI Express as on real machines; from the firmware to the kernel's first instruction
//                               95 ms (pc: 105 ms; microvm 50 ms, but it has neither PIC nor PIT nor a normal PCI bus)
//   maxcpus=2 with one CPU      QEMU 7.2 drops guest memory barriers under emulation when only one CPU is possible
//   romfile=                    option ROMs cost a second of boot
//   isa-debugcon, debug-exit    how a guest reports its exit status (docs/command-line.md, "Exit status")
//   fw_cfg opt/eggos/boot       what the kernel of a disk or a disc is told beyond its image: a boot loader's own
//                               command line is out of reach

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
  | { kind: "cdrom"; path: string; told?: string }
  | { kind: "disk"; path: string; format: DiskFormat; told?: string };

/** Disk formats by QEMU's names; `vpc` is VHD. */
export type DiskFormat = "raw" | "qcow2" | "vmdk" | "vpc" | "vhdx";

export const MACHINE_KINDS = ["q35", "pc", "microvm"] as const;
/**
 * The machine: q35 (PCI Express, as PCs since 2008), pc (PCI, as PCs before), microvm (neither BIOS tables nor a screen:
 * what Firecracker offers).
 */
export type MachineKind = (typeof MACHINE_KINDS)[number];

/** Where the guest's screen is shown: `none` has a screen that nobody sees but pictures of it; undefined: no screen. */
export type Display = "gtk" | "sdl" | "cocoa" | "none" | { vnc: number };

/** UEFI firmware: its code, and the copy of its variables that this machine may change. */
export interface Uefi {
  code: string;
  variables: string;
}

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
  machine?: MachineKind;
  /** UEFI instead of a BIOS. */
  uefi?: Uefi | undefined;
  /** The guest's screen; without it the machine has none. */
  display?: Display | undefined;
  /** File descriptor, in QEMU, of a socket for its monitor (QMP). */
  monitorFd?: number | undefined;
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

function toldArguments(told: string | undefined): string[] {
  return told ? ["-fw_cfg", `name=opt/eggos/boot,string=${escapeValue(told)}`] : [];
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
        ...toldArguments(medium.told),
      ];
    case "disk":
      return [
        "-drive",
        `file=${escapeValue(medium.path)},if=none,id=disk,format=${medium.format}`,
        "-device",
        "virtio-blk-pci,drive=disk",
        ...toldArguments(medium.told),
      ];
  }
}

/** microvm has its devices on a memory bus instead of PCI, and one serial port unless told otherwise. */
const MICROVM = "microvm,acpi=on,isa-serial=on,pic=off,pit=off,rtc=on,pcie=off";

function machineArguments(settings: MachineSettings): string[] {
  const fromKernel = settings.medium.kind === "kernel";
  switch (settings.machine ?? "q35") {
    case "q35":
      return ["-machine", fromKernel ? "q35,sata=off,smbus=off" : "q35"];
    case "pc":
      return ["-machine", "pc"];
    case "microvm":
      return ["-machine", MICROVM];
  }
}

function uefiArguments(uefi: Uefi | undefined): string[] {
  if (!uefi) return [];
  return [
    "-drive",
    `if=pflash,unit=0,format=raw,readonly=on,file=${escapeValue(uefi.code)}`,
    "-drive",
    `if=pflash,unit=1,format=raw,file=${escapeValue(uefi.variables)}`,
  ];
}

/** The standard VGA shows itself to firmware and to loaders only with its option ROM; the kernel drives it without. */
function displayArguments(settings: MachineSettings): string[] {
  const { display, medium } = settings;
  if (display === undefined) return ["-display", "none"];
  const device = ["-device", medium.kind === "kernel" ? "VGA,romfile=" : "VGA"];
  const where = typeof display === "string" ? display : `vnc=127.0.0.1:${display.vnc}`;
  return [...device, "-display", where];
}

function serialArguments(settings: MachineSettings): string[] {
  const isMicrovm = settings.machine === "microvm";
  return [
    "-chardev",
    "stdio,id=console,signal=off",
    "-serial",
    "chardev:console",
    "-chardev",
    `socket,id=errors,fd=${settings.errorFd}`,
    ...(isMicrovm ? ["-device", "isa-serial,iobase=0x2f8,irq=3,chardev=errors"] : ["-serial", "chardev:errors"]),
    "-chardev",
    `socket,id=status,fd=${settings.statusFd}`,
    "-device",
    "isa-debugcon,iobase=0xe9,chardev=status",
    "-device",
    "isa-debug-exit,iobase=0xf4,iosize=4",
    ...(settings.monitorFd === undefined
      ? []
      : ["-chardev", `socket,id=monitor,fd=${settings.monitorFd}`, "-mon", "chardev=monitor,mode=control"]),
  ];
}

function networkArguments({ ports, pcap, machine }: MachineSettings): string[] {
  const forwards = ports.map(
    (port) => `,hostfwd=${port.protocol}:${port.hostAddress}:${port.hostPort}-:${port.guestPort}`,
  );
  return [
    "-netdev",
    `user,id=net0${forwards.join("")}`,
    "-device",
    machine === "microvm" ? "virtio-net-device,netdev=net0" : "virtio-net-pci,netdev=net0,romfile=",
    ...(pcap === undefined ? [] : ["-object", `filter-dump,id=pcap,netdev=net0,file=${escapeValue(pcap)}`]),
  ];
}

export function qemuArguments(settings: MachineSettings): string[] {
  return [
    "-nodefaults",
    "-no-user-config",
    "-no-reboot",
    ...machineArguments(settings),
    "-accel",
    settings.accelerator,
    "-cpu",
    settings.accelerator === "hvf" ? "host" : "max",
    "-smp",
    `${settings.processors},maxcpus=${Math.max(2, settings.processors)}`,
    "-m",
    `${settings.memoryMiB}M`,
    ...uefiArguments(settings.uefi),
    ...displayArguments(settings),
    ...serialArguments(settings),
    "-device",
    settings.machine === "microvm" ? "virtio-rng-device" : "virtio-rng-pci,romfile=",
    ...(settings.hasNetwork === false ? [] : networkArguments(settings)),
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
