// Node.js: hello, then idle, to see the memory it takes.

import type { Part } from "../main.ts";
import { nodeRoot } from "./programs.ts";

const HELLO = `console.log("hello eggos"); setTimeout(() => {}, 30_000);\n`;

export const nodePart: Part = {
  title: "Node.js: hello, then idle",
  round: async (system, results) => {
    const root = await nodeRoot({ "hello.mjs": HELLO });
    const guest = await system.launch({
      root,
      boot: { program: "/usr/bin/node", args: ["node", "/app/hello.mjs"], cwd: "/app" },
      // Linux unpacks an initramfs of 125 MB into memory: 256 MiB do not hold it and Node.
      ...(system.name === "linux-initramfs" ? { memoryMiB: Math.max(512, system.memoryMiB) } : {}),
    });
    try {
      const hello = await guest.line(/^hello eggos/, 120_000);
      results.add(system.name, "QEMU start → hello eggos", hello.atMs, "ms");
      const started = guest.process();
      results.add(system.name, "QEMU CPU time until then", started.cpuMs, "ms");
      results.add(system.name, "QEMU peak resident memory until then", started.peakResidentBytes, "bytes");
      await new Promise((resolve) => setTimeout(resolve, 3000));
      const idle = guest.process();
      results.add(system.name, "QEMU resident memory, idle", idle.residentBytes, "bytes");
      results.add(system.name, "QEMU CPU time per idle second", (idle.cpuMs - started.cpuMs) / 3, "ms");
    } finally {
      await guest.kill();
    }
    results.add(system.name, "image size", await system.imageBytes(root), "bytes");
  },
};
