/** Ordinary programs for frame buffers, from Debian. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { test } from "node:test";
import { startGuest } from "../../cli/run/guest.ts";
import { Monitor } from "./screen.ts";

test("fbset sets a mode, fbcat takes a picture", { timeout: 180_000 }, async () => {
  const monitor = new Monitor();
  const guest = await startGuest({
    target: join(import.meta.dirname, "fbdev"),
    boot: { stdin: "pipe", stdout: "pipe", stderr: "pipe" },
    output: "pipe",
    memoryMiB: 384,
    qemuArguments: ["-device", "VGA,romfile=", ...monitor.qemuArguments],
  });
  try {
    let output = "";
    const isOver = new Promise<void>((resolve) => {
      (guest.stdout as Readable).on("data", (chunk: Buffer) => {
        output += chunk.toString();
        if (output.includes("fbcat:")) resolve();
      });
      void guest.ended.then(() => resolve());
    });
    await isOver;
    // The mode that the machine starts with, then the one that was set.
    assert.match(output, /^mode "1280x800-60"$/m);
    assert.match(output, /^ {4}geometry 1280 800 1280 800 32$/m);
    assert.match(output, /^ {4}Name {8}: bochs$/m);
    assert.match(output, /^ {4}LineLength {2}: 5120$/m);
    assert.match(output, /^ {4}geometry 800 600 800 600 32$/m);
    assert.match(output, /^ {4}rgba 8\/16,8\/8,8\/0,0\/0$/m);
    assert.match(output, /^fbcat: e04020 e04020 0810ff 000000$/m);
    const picture = await monitor.picture();
    assert.deepEqual([picture.width, picture.height], [800, 600]);
    assert.equal(picture.at(400, 10), 0xe04020);
    assert.equal(picture.at(0, 20), 0x0810ff);
    guest.endInput();
    assert.deepEqual((await guest.ended).ending, { kind: "exit", status: 0 }, output);
  } finally {
    guest.kill();
    monitor.close();
  }
});
