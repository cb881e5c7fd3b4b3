// Microbenchmarks of system calls: benchmarks/programs/micro.c, times as the program itself measures them.

import type { Part } from "../main.ts";
import { benchLines, programsRoot } from "./programs.ts";

export const microPart: Part = {
  title: "Microbenchmarks",
  round: async (system, results) => {
    const root = await programsRoot();
    const guest = await system.launch({ root, boot: { program: "/programs/micro", args: ["micro"] } });
    const { lines } = await guest.finish(180_000);
    for (const { name, value, unit } of benchLines(lines)) results.add(system.name, name, value, unit);
  },
};
