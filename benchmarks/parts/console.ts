// Output on the first serial port: benchmarks/programs/console.c, on a terminal with and without output processing.

import type { Part } from "../main.ts";
import { benchLines, programsRoot } from "./programs.ts";

const MEGABYTES = 10;

export const consolePart: Part = {
  title: "Console output",
  round: async (system, results) => {
    const root = await programsRoot();
    for (const mode of ["cooked", "raw"]) {
      const guest = await system.launch({
        root,
        boot: { program: "/programs/console", args: ["console", mode, String(MEGABYTES)], stdout: "tty" },
      });
      const { lines } = await guest.finish(300_000);
      for (const { name, value, unit } of benchLines(lines)) results.add(system.name, name, value, unit);
      const bytes = lines.reduce((sum, line) => sum + line.length + 1, 0);
      if (bytes < MEGABYTES << 20) throw new Error(`${bytes} bytes came of ${MEGABYTES << 20}`);
    }
  },
};
