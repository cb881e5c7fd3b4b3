// The library for programs, tested where it works: its own tests, in a guest, by `egg test`.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { test } from "node:test";
import { runGuest, startGuest } from "../../cli/run/guest.ts";
import { Monitor } from "./screen.ts";

const repository = join(import.meta.dirname, "../..");

/** `egg test` in the library, for files that match. */
function testLibrary(pattern: string, qemuOptions = ""): { status: number | null; output: string } {
  const result = spawnSync(process.execPath, [join(repository, "cli/main.ts"), "test", pattern], {
    cwd: join(repository, "library"),
    encoding: "utf8",
    timeout: 180_000,
    env: { ...process.env, QEMU_OPTS: qemuOptions },
  });
  return { status: result.status, output: result.stdout + result.stderr };
}

test("system calls, made and answered by a program", () => {
  const { status, output } = testLibrary("syscall/*.test.ts");
  assert.equal(status, 0, output);
  assert.match(output, /^ℹ pass 12$/m);
  // What a handler prints comes before what its caller does.
  assert.match(output, /^syscall `uname` called$/m);
});

test("the example answers uname from the application, and the real name comes after", async () => {
  const result = await runGuest({ target: join(repository, "examples/syscall/from-app") });
  assert.equal(result.stdout, "syscall `uname` called\neggos\n", result.stderr);
  assert.equal(result.status, 0);
});

for (const device of ["VGA", "virtio-gpu-pci"]) {
  test(`the screen as a buffer, on ${device}`, () => {
    const { status, output } = testLibrary("framebuffer/*.test.ts", `-device ${device},romfile=`);
    assert.equal(status, 0, output);
    assert.match(output, /^ℹ pass 7$/m);
  });
}

test("the keyboard, the mouse and the machine", () => {
  const { status, output } = testLibrary("{input,machine}/*.test.ts", "-device VGA,romfile=");
  assert.equal(status, 0, output);
  assert.match(output, /^ℹ pass 4$/m);
});

/** The first TypeScript of a part of library/README.md. */
function documented(part: string): string {
  const text = readFileSync(join(repository, "library/README.md"), "utf8");
  const [, code] = /^```ts\n(.*?)^```/ms.exec(text.slice(text.indexOf(`\n## eggos/${part}\n`))) ?? [];
  assert.ok(code !== undefined, `no example of eggos/${part}`);
  return code;
}

/** Run a documented example as somebody's project; what it prints. */
async function runDocumented(part: string, keys: string[] = []): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "documented-"));
  const monitor = new Monitor();
  writeFileSync(join(folder, "package.json"), '{ "type": "module", "main": "main.ts" }');
  writeFileSync(join(folder, "main.ts"), `console.log("begins");\n${documented(part)}`);
  const guest = await startGuest({
    target: folder,
    boot: { stdin: "none", stdout: "pipe", stderr: "pipe" },
    output: "pipe",
    qemuArguments: ["-device", "VGA,romfile=", ...monitor.qemuArguments],
  });
  const limit = setTimeout(() => guest.kill(), 120_000);
  try {
    let output = "";
    const begins = new Promise<void>((resolve) => {
      (guest.stdout as Readable).on("data", (chunk: Buffer) => {
        output += chunk.toString();
        if (output.includes("begins")) resolve();
      });
      void guest.ended.then(() => resolve());
    });
    await begins;
    for (const key of keys) {
      await new Promise((resolve) => setTimeout(resolve, 2000));
      await monitor.press(key);
    }
    assert.deepEqual((await guest.ended).ending, { kind: "exit", status: 0 }, output);
    return output;
  } finally {
    clearTimeout(limit);
    guest.kill();
    monitor.close();
    rmSync(folder, { recursive: true });
  }
}

test("the documented examples run", async () => {
  await runDocumented("framebuffer");
  assert.match(await runDocumented("machine"), /^\d+ MB, 1 × .*, (QEMU|KVM)\n(.*\n)*\d\d:\d\d\.\d 1234:1111 display$/m);
  assert.match(await runDocumented("input", ["a", "esc"]), /^a\nescape$/m);
});
