// A small program, packed in every format, and how it is booted and looked at.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { findTarget } from "../../../cli/image/target.ts";
import { type GuestResult, runGuest } from "../../../cli/run/guest.ts";
import type { BootMedium, MachineKind } from "../../../cli/run/qemu.ts";

export const FORMATS = ["iso", "raw", "qcow2", "vmdk", "vhd", "vhdx"] as const;
export type Format = (typeof FORMATS)[number];
export const folder = join(import.meta.dirname, "../../../build/packed");
export const egg = join(import.meta.dirname, "../../../cli/main.ts");

/** Run `egg`; what it wrote on standard output. */
export function runEgg(words: string[], environment: NodeJS.ProcessEnv = {}): string {
  return execFileSync(process.execPath, [egg, ...words], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment },
  });
}

/** The program as an image of `egg build`. */
export function buildReport(): string {
  mkdirSync(folder, { recursive: true });
  const program = join(folder, "report");
  execFileSync("gcc", ["-O1", "-static", join(import.meta.dirname, "report.c"), "-o", program]);
  const image = join(folder, "report.elf");
  runEgg(["build", program, "-o", image, "-e", "GREETING=from the image", "--", "one", "two"]);
  return image;
}

/** An image of 48 MiB and more. */
export function buildLarge(): string {
  const program = join(folder, "large");
  const source = 'const char padding[48 << 20] = "x"; int main(void) { return padding[0] != 120; }';
  execFileSync("gcc", ["-x", "c", "-static", "-", "-o", program], { input: source });
  const image = join(folder, "large.elf");
  runEgg(["build", program, "-o", image]);
  return image;
}

/** Pack it; the file's path. */
export function pack(image: string, format: Format, words: string[] = []): string {
  const path = join(folder, `report.${format}`);
  runEgg(["pack", "-k", image, "-f", format, "-o", path, ...words]);
  return path;
}

export function mediumOf(path: string): BootMedium {
  const target = findTarget(path);
  if (target.kind === "cdrom") return { kind: "cdrom", path };
  assert.equal(target.kind, "disk");
  return { kind: "disk", path, format: target.kind === "disk" ? target.format : "raw" };
}

export interface Boot {
  format: Format;
  firmware: "bios" | "uefi";
  machine: MachineKind;
  memoryMiB: number;
}

/** Boot it so and see that everything arrived: arguments, environment, input, output alone, memory, status. */
export async function assertBoots(path: string, boot: Boot): Promise<GuestResult> {
  const result = await runGuest({
    medium: mediumOf(path),
    machine: boot.machine,
    uefi: boot.firmware === "uefi",
    memoryMiB: boot.memoryMiB,
    display: "none",
    stdin: "typed\n",
    args: ["three"],
    env: { GREETING: "from outside" },
    timeoutMs: 120_000,
  });
  const lines = result.stdout.split("\n");
  assert.deepEqual(lines.slice(0, 2), ["args: three", "greeting: from outside"], result.stdout + result.stderr);
  const memory = Number(/^memory: (\d+) MiB$/.exec(lines[2] ?? "")?.[1]);
  assert.ok(memory > boot.memoryMiB * 0.8 && memory <= boot.memoryMiB, `${memory} of ${boot.memoryMiB} MiB`);
  assert.deepEqual(lines.slice(3), ["typed", ""]);
  assert.equal(result.status, 7);
  assert.equal(result.stderr, "");
  return result;
}
