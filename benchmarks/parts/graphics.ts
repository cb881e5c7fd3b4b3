// The screen: what /dev/fb0 takes (benchmarks/programs/graphics.c), and on eggos the frames and the processor time of
// examples/graphic. Linux has its frame buffer from UEFI (efifb: Debian's cloud kernel brings no other), so it boots from OVMF;
// both have QEMU's standard VGA.

import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { cacheFolder, repositoryRoot } from "../../cli/paths.ts";
import { startGuest } from "../../cli/run/guest.ts";
import type { Part } from "../main.ts";
import type { Results } from "../results.ts";
import { readProcess } from "../systems.ts";
import { benchLines, programsRoot } from "./programs.ts";

/** Debian's package ovmf. */
const FIRMWARE = "/usr/share/OVMF";
const SECONDS = 15;
const VGA = ["-device", "VGA,romfile="];

/** UEFI with variables of its own. */
function firmwareArguments(): string[] {
  const code = join(FIRMWARE, "OVMF_CODE_4M.fd");
  if (!existsSync(code)) throw new Error(`${code} is missing: apt-get install ovmf`);
  const folder = cacheFolder("bench");
  mkdirSync(folder, { recursive: true });
  const variables = join(folder, "graphics-variables.fd");
  copyFileSync(join(FIRMWARE, "OVMF_VARS_4M.fd"), variables);
  return [
    "-drive",
    `if=pflash,unit=0,format=raw,readonly=on,file=${code}`,
    "-drive",
    `if=pflash,unit=1,format=raw,file=${variables}`,
  ];
}

/** Pictures a second, and what one costs: QEMU's processor time from the first to the last, which other work on the host hardly moves. */
async function runExample(name: string, results: Results): Promise<void> {
  const guest = await startGuest({
    target: join(repositoryRoot, "examples/graphic"),
    args: [String(SECONDS)],
    boot: { stdin: "none", stdout: "pipe", stderr: "com2" },
    output: "pipe",
    memoryMiB: 384,
    qemuArguments: VGA,
  });
  const timer = setTimeout(() => guest.kill(), 120_000);
  try {
    let cpuMs = 0;
    let last = "";
    for await (const line of createInterface({ input: guest.stdout as Readable })) {
      const now = readProcess(guest.process.pid ?? 0).cpuMs;
      if (line === "drawing") cpuMs = now;
      const found = /^(\d+) pictures in .*: ([\d.]+) a second, processor (\d+) %$/.exec(line);
      last = line;
      if (!found) continue;
      results.add(name, "examples/graphic, pictures a second", Number(found[2]), "");
      results.add(name, "examples/graphic, processor time in the guest", Number(found[3]), "%");
      results.add(name, "examples/graphic, QEMU's processor time a picture", (now - cpuMs) / Number(found[1]), "ms");
      return;
    }
    throw new Error(`examples/graphic: ${last}`);
  } finally {
    clearTimeout(timer);
    guest.kill();
  }
}

export const graphicsPart: Part = {
  title: "The screen",
  round: async (system, results) => {
    const isEggos = system.name === "eggos";
    const root = await programsRoot();
    const guest = await system.launch({
      root,
      boot: { program: "/programs/graphics", args: ["graphics"] },
      qemuArguments: isEggos ? VGA : [...VGA, ...firmwareArguments()],
    });
    const { lines } = await guest.finish(240_000);
    const screen = lines.find((line) => line.includes("screen "));
    process.stderr.write(`  ${system.name}: ${screen ?? "no screen"}\n`);
    for (const { name, value, unit } of benchLines(lines)) results.add(system.name, name, value, unit);
    if (!isEggos) return;
    await runExample(system.name, results);
  },
};
