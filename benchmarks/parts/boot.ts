// Booting a static C program that prints one line.

import type { Part } from "../main.ts";
import { benchLines, programsRoot } from "./programs.ts";

/** Cycles of the guest's time stamp counter a millisecond: it counts host cycles, whose rate is measured once. */
export const bootPart: Part = {
  title: "Boot: a static C program",
  round: async (system, results) => {
    const root = await programsRoot();
    const guest = await system.launch({ root, boot: { program: "/programs/hello", args: ["hello"] } });
    const hello = await guest.line(/^hello eggos/);
    const { lines, elapsedMs } = await guest.finish(60_000);
    results.add(system.name, "QEMU start → hello eggos", hello.atMs, "ms");
    results.add(system.name, "QEMU start → QEMU end", elapsedMs, "ms");
    for (const { name, value, unit } of benchLines(lines)) {
      if (name === "uptime_at_main") results.add(system.name, "kernel's clock at main", value, unit);
    }
    results.add(system.name, "image size", await system.imageBytes(root), "bytes");
  },
};
