// What is measured: eggos, and Linux with its root in the initramfs or on a virtio disk. All three run the same
// files under the same QEMU settings (cli/run/qemu.ts).

import { readFileSync, statSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { BootConfig } from "../cli/image/boot-config.ts";
import { bootImage } from "../cli/image/elf.ts";
import { type Entry, erofsImage } from "../cli/image/erofs.ts";
import { hashKey, writeWhole } from "../cli/image/hash.ts";
import { kernelPath } from "../cli/image/kernel.ts";
import { writeImage } from "../cli/image/pieces.ts";
import { cacheFolder } from "../cli/paths.ts";
import { startGuest } from "../cli/run/guest.ts";
import type { PortForward } from "../cli/run/qemu.ts";
import { type LinuxRoot, prepareLinuxImage, startLinux } from "./linux/guest.ts";
import { imageSize } from "./sizes.ts";

export const SYSTEMS = ["eggos", "linux-initramfs", "linux-disk"] as const;
export type SystemName = (typeof SYSTEMS)[number];

/** A set of files to boot with, by the name of its content. */
export interface Root {
  key: string;
  entries: Entry[];
}

export interface Launch {
  root: Root;
  boot: BootConfig;
  memoryMiB?: number;
  ports?: PortForward[];
  /** More QEMU arguments, for this one only. */
  qemuArguments?: string[];
  /** A tap of this name as a second card, on which the guest is TAP_GUEST: for what QEMU's user network would hide. */
  tap?: string;
}

/** The guest's address behind a tap, /24. */
export const TAP_GUEST = "10.9.0.2";

export interface Running {
  /** The first standard output line that matches, with how long after the start it came. */
  line(pattern: RegExp, timeoutMs?: number): Promise<{ text: string; atMs: number }>;
  /** Figures of the QEMU process now. */
  process(): ProcessFigures;
  /** All lines, once the guest has ended by itself. */
  finish(timeoutMs: number): Promise<{ lines: string[]; status: string; elapsedMs: number }>;
  kill(): Promise<void>;
}

export interface ProcessFigures {
  cpuMs: number;
  residentBytes: number;
  peakResidentBytes: number;
}

export interface System {
  name: SystemName;
  memoryMiB: number;
  launch(launch: Launch): Promise<Running>;
  /** Bytes of what has to be stored to boot this root. */
  imageBytes(root: Root): Promise<number>;
}

interface Started {
  process: { pid?: number | undefined; kill(signal: "SIGKILL"): boolean };
  stdout: Readable;
  stderr: Readable;
  ended: Promise<{ ending: { kind: string }; qemuErrors: string }>;
}

/** Figures of a process, of QEMU's for one. */
export function readProcess(pid: number): ProcessFigures {
  // proc(5): utime and stime are fields 14 and 15, counted from 1; after the command's bracket, 12 and 13.
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1")
    .replace(/^.*\) /s, "")
    .split(" ");
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
  return {
    cpuMs: (Number(fields[11]) + Number(fields[12])) * 10,
    residentBytes: kilobytes("VmRSS") * 1024,
    peakResidentBytes: kilobytes("VmHWM") * 1024,
  };
}

function watch(started: Started, startedAt: number): Running {
  const lines: string[] = [];
  const errors: string[] = [];
  const waiting = new Set<(text: string, atMs: number) => void>();
  createInterface({ input: started.stdout }).on("line", (text) => {
    const atMs = performance.now() - startedAt;
    lines.push(text);
    for (const tell of waiting) tell(text, atMs);
  });
  started.stderr.on("data", (chunk: Buffer) => errors.push(chunk.toString("utf8")));
  const explain = (what: string): Error =>
    new Error(`${what}; last output: ${[...lines.slice(-3), ...errors.slice(-3)].join(" / ").slice(-500)}`);
  return {
    line: (pattern, timeoutMs = 60_000) =>
      new Promise((resolve, reject) => {
        const early = lines.find((text) => pattern.test(text));
        if (early !== undefined) return resolve({ text: early, atMs: performance.now() - startedAt });
        const timer = setTimeout(
          () => done(() => reject(explain(`no line like ${pattern} in ${timeoutMs} ms`))),
          timeoutMs,
        );
        const done = (then: () => void): void => {
          clearTimeout(timer);
          waiting.delete(tell);
          then();
        };
        const tell = (text: string, atMs: number): void => {
          if (pattern.test(text)) done(() => resolve({ text, atMs }));
        };
        waiting.add(tell);
        void started.ended.then(() => done(() => reject(explain("the guest ended"))));
      }),
    process: () => readProcess(started.process.pid ?? 0),
    finish: async (timeoutMs) => {
      let timedOut = false;
      const timer = setTimeout(() => {
        timedOut = true;
        started.process.kill("SIGKILL");
      }, timeoutMs);
      const { ending } = await started.ended;
      clearTimeout(timer);
      const elapsedMs = performance.now() - startedAt;
      if (timedOut) throw explain(`not done in ${timeoutMs} ms`);
      const status = JSON.stringify(ending);
      if (ending.kind !== "exit") throw explain(`the guest ended with ${status}`);
      return { lines, status, elapsedMs };
    },
    kill: async () => {
      started.process.kill("SIGKILL");
      await started.ended;
    },
  };
}

/** The image with which eggos boots these files. */
export async function bootedImage(root: Root): Promise<string> {
  const kernel = readFileSync(await kernelPath());
  const path = `${cacheFolder("bench")}/${hashKey(kernel, root.key)}.elf`;
  if (!statSync(path, { throwIfNoEntry: false })) {
    writeWhole(path, (temporary) => writeImage(temporary, bootImage(kernel, erofsImage(root.entries), "")));
  }
  return path;
}

function tapArguments(launch: Launch): string[] {
  if (launch.tap === undefined) return [];
  return [
    "-netdev",
    `tap,id=peer,ifname=${launch.tap},script=no,downscript=no,vhost=off`,
    "-device",
    "virtio-net-pci,netdev=peer,romfile=",
  ];
}

const quietBoot: BootConfig = { cwd: "/", stdin: "none", stdout: "pipe", stderr: "com2" };

export interface SystemSettings {
  memoryMiB: number;
  /** More QEMU arguments, the same for every system. */
  qemuArguments: string[];
}

export async function prepareSystem(name: SystemName, settings: SystemSettings): Promise<System> {
  const { memoryMiB } = settings;
  if (name === "eggos") {
    return {
      name,
      memoryMiB,
      launch: async (launch) => {
        const elf = await bootedImage(launch.root);
        const startedAt = performance.now();
        const guest = await startGuest({
          elf,
          boot: {
            ...quietBoot,
            ...launch.boot,
            ...(launch.tap === undefined ? {} : { addresses: [`${TAP_GUEST}/24%eth1`] }),
          },
          memoryMiB: launch.memoryMiB ?? memoryMiB,
          ports: launch.ports ?? [],
          qemuArguments: [...settings.qemuArguments, ...(launch.qemuArguments ?? []), ...tapArguments(launch)],
          output: "pipe",
        });
        return watch({ ...guest, stdout: guest.stdout as Readable }, startedAt);
      },
      imageBytes: async (root) => statSync(await bootedImage(root)).size,
    };
  }
  const kind: LinuxRoot = name === "linux-disk" ? "disk" : "initramfs";
  const prepare = (root: Root, network: boolean) => prepareLinuxImage(root.entries, root.key, kind, { network });
  return {
    name,
    memoryMiB,
    launch: async (launch) => {
      const image = await prepare(launch.root, launch.ports !== undefined || launch.tap !== undefined);
      const startedAt = performance.now();
      return watch(
        startLinux({
          image,
          boot: { ...quietBoot, ...launch.boot },
          memoryMiB: launch.memoryMiB ?? memoryMiB,
          qemuArguments: [...settings.qemuArguments, ...(launch.qemuArguments ?? []), ...tapArguments(launch)],
          ...(launch.ports ? { ports: launch.ports } : {}),
          ...(launch.tap === undefined ? {} : { kernelWords: [`network=${TAP_GUEST}`] }),
        }),
        startedAt,
      );
    },
    imageBytes: async (root) => {
      const image = await prepare(root, false);
      return imageSize([image.kernel.path, image.initramfs, image.disk]);
    },
  };
}
