// A Linux guest that runs one program, started and watched like an eggos guest: same QEMU settings, same image
// contents, same wires (cli/run/guest.ts). Its first process is init.c.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { Duplex, Readable } from "node:stream";
import { type BootConfig, encodeBootConfig } from "../../cli/image/boot-config.ts";
import { type Entry, erofsImage } from "../../cli/image/erofs.ts";
import { hashKey, writeWhole } from "../../cli/image/hash.ts";
import { writeImage } from "../../cli/image/pieces.ts";
import { cacheFolder } from "../../cli/paths.ts";
import { chooseAccelerator, thisHost } from "../../cli/run/accelerator.ts";
import { type Ending, type PortForward, parseEnding, qemuArguments } from "../../cli/run/qemu.ts";
import { buildPrograms } from "../../tests/guest/build-programs.ts";
import { writeCpio } from "./cpio.ts";
import { type LinuxKernel, modulePaths, prepareLinuxKernel } from "./kernel.ts";

/** Where the root file system lies: all of it in the initramfs, or an EROFS image on a virtio disk. */
export type LinuxRoot = "initramfs" | "disk";

export interface LinuxImage {
  kernel: LinuxKernel;
  root: LinuxRoot;
  initramfs: string;
  disk: string | undefined;
}

export interface LinuxOptions {
  image: LinuxImage;
  boot: BootConfig;
  memoryMiB: number;
  processors?: number;
  ports?: PortForward[];
  /** More words for the kernel's command line. */
  kernelWords?: string[];
  /** More QEMU arguments. */
  qemuArguments?: string[];
}

export interface RunningGuest {
  process: ChildProcess;
  stdout: Readable;
  stderr: Readable;
  ended: Promise<{ ending: Ending; qemuErrors: string }>;
}

const NETWORK_MODULES = ["virtio_pci", "virtio_net"];
const DISK_MODULES = ["virtio_pci", "virtio_blk", "erofs", "overlay"];

function moduleEntries(kernel: LinuxKernel, names: string[]): Entry[] {
  const paths = modulePaths(kernel, names);
  const order = paths.map((path) => `${basename(path)}\n`).join("");
  return [
    { path: "/modules/order", kind: "file", mode: 0o644, content: { bytes: Buffer.from(order) } },
    ...paths.map(
      (path): Entry => ({
        path: `/modules/${basename(path)}`,
        kind: "file",
        mode: 0o644,
        content: { path, size: statSync(path).size },
      }),
    ),
  ];
}

/** The guest's files from the same entries an eggos image is made of; `key` names them. */
export async function prepareLinuxImage(
  entries: Entry[],
  key: string,
  root: LinuxRoot,
  options: { network?: boolean } = {},
): Promise<LinuxImage> {
  const kernel = await prepareLinuxKernel();
  const [init] = await buildPrograms(
    ["init"],
    import.meta.dirname,
    join(import.meta.dirname, "../../build/benchmarks"),
  );
  if (init === undefined) throw new Error("init was not built");
  const modules = [...(root === "disk" ? DISK_MODULES : []), ...(options.network ? NETWORK_MODULES : [])];
  const own: Entry[] = [
    { path: "/init", kind: "file", mode: 0o755, content: { path: init, size: statSync(init).size } },
    ...moduleEntries(kernel, modules),
  ];
  const folder = cacheFolder("linux-guest");
  mkdirSync(folder, { recursive: true });
  const name = hashKey(key, kernel.version, root, modules.join(), String(statSync(init).mtimeMs));
  const initramfs = join(folder, `${name}.cpio`);
  if (!existsSync(initramfs)) {
    writeWhole(initramfs, (path) => writeCpio(path, root === "disk" ? own : [...entries, ...own]));
  }
  let disk: string | undefined;
  if (root === "disk") {
    disk = join(folder, `${hashKey(key)}.erofs`);
    if (!existsSync(disk)) writeWhole(disk, (path) => writeImage(path, erofsImage(entries)));
  }
  return { kernel, root, initramfs, disk };
}

export function startLinux(options: LinuxOptions): RunningGuest {
  const { image } = options;
  const words = [
    "console=ttyS1",
    "quiet",
    "panic=-1",
    // The best Linux there is: eggos does not mitigate either, and takes the TSC as its clock too.
    "mitigations=off",
    "tsc=reliable",
    ...(image.root === "disk" ? ["rootfs=disk"] : []),
    ...(options.ports ? ["network=user"] : []),
    ...(options.kernelWords ?? []),
  ];
  const args = qemuArguments({
    medium: { kind: "kernel", path: image.kernel.path, append: `${words.join(" ")} ${encodeBootConfig(options.boot)}` },
    accelerator: chooseAccelerator("auto", thisHost()),
    memoryMiB: options.memoryMiB,
    processors: options.processors ?? 1,
    ports: options.ports ?? [],
    gdbPort: undefined,
    errorFd: 3,
    statusFd: 4,
    extra: [
      ...(options.qemuArguments ?? []),
      "-initrd",
      image.initramfs,
      ...(image.disk
        ? [
            "-drive",
            `file=${image.disk},if=none,id=root,format=raw,readonly=on`,
            "-device",
            "virtio-blk-pci,drive=root,romfile=",
          ]
        : []),
    ],
  });
  const command = ["--pdeathsig", "KILL", "--", "qemu-system-x86_64", ...args];
  const child = spawn("setpriv", command, { stdio: ["pipe", "pipe", "pipe", "pipe", "pipe"] });
  const collect = (stream: Readable): { text(): string } => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    return { text: () => Buffer.concat(chunks).toString("utf8") };
  };
  const status = collect(child.stdio[4] as Duplex);
  const qemuErrors = collect(child.stderr as Readable);
  const ended = new Promise<{ ending: Ending; qemuErrors: string }>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => resolve({ ending: parseEnding(status.text()), qemuErrors: qemuErrors.text() }));
  });
  return { process: child, stdout: child.stdout as Readable, stderr: child.stdio[3] as Duplex, ended };
}
