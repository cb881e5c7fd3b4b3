// Programs that take more than there is, or start what cannot run: they are told, or ended, and the rest lives on.

import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { packageEntries } from "../../cli/image/debian.ts";
import { prepareTarget } from "../../cli/image/prepare.ts";
import { type GuestResult, runGuest } from "../../cli/run/guest.ts";

const root = mkdtempSync(join(tmpdir(), "egg-survival-"));

before(async () => {
  const { entries } = await packageEntries(["busybox-static"], "the test");
  const busybox = entries.find((one) => one.path === "/usr/bin/busybox");
  assert.ok(busybox?.kind === "file" && "path" in busybox.content);
  mkdirSync(join(root, "bin"));
  copyFileSync(busybox.content.path, join(root, "bin/busybox"));
  // A fork bomb calls no other program: the shell's name is enough.
  copyFileSync(busybox.content.path, join(root, "bin/sh"));
});
after(() => rmSync(root, { recursive: true }));

function shown(result: GuestResult): string {
  return `status ${result.status}${result.timedOut ? " (time limit)" : ""}\n${result.stdout}\n${result.stderr.slice(-2000)}`;
}

async function run(script: string): Promise<GuestResult> {
  const { path } = await prepareTarget(root, { isRoot: true, args: ["sh", "-c", script] });
  return await runGuest({ elf: path, timeoutMs: 90_000, memoryMiB: 256 });
}

test("a fork bomb runs against a limit; whoever started it goes on and can start others when it is over", async () => {
  const result = await run("bomb() { bomb | bomb & }; bomb; sleep 3; echo alive");
  assert.equal(result.stdout, "alive\n", shown(result));
  assert.match(result.stderr, /can't fork/);
  assert.equal(result.status, 0);
});

test("the process that holds most memory is ended when there is none left, and the kernel says so", async () => {
  const result = await run(
    "sh -c 'x=aaaaaaaa; while :; do x=$x$x; done'; echo status $?; busybox tail /dev/zero; echo status $?",
  );
  assert.equal(result.stdout, "status 137\nstatus 137\n", shown(result));
  assert.match(
    result.stderr,
    /out of memory: sh \(process 2\) holds \d+ of \d+ MB and is ended; give the machine more/,
  );
  assert.equal(result.stderr.match(/out of memory/g)?.length, 2, shown(result));
});

// What execve refuses with ENOEXEC, execvp gives to the shell, which finds no command in it: 127.
test("what is no program is refused: garbage, a cut ELF file, a script without its interpreter, a loop of scripts", async () => {
  writeFileSync(join(root, "garbage"), Buffer.from([0, 1, 2, 3, 0xff, 0]), { mode: 0o755 });
  writeFileSync(join(root, "cut"), Buffer.from("7f454c4602010100000000000000000002003e0001000000", "hex"), {
    mode: 0o755,
  });
  writeFileSync(join(root, "orphan"), "#!/no/such/interpreter\n", { mode: 0o755 });
  writeFileSync(join(root, "loop"), "#!/loop\n", { mode: 0o755 });
  writeFileSync(join(root, "folder-script"), "#!/bin\n", { mode: 0o755 });
  const result = await run(
    "for f in garbage cut orphan loop folder-script; do busybox env /$f 2>/dev/null; echo $f $?; done; echo alive",
  );
  assert.equal(result.stdout, "garbage 127\ncut 127\norphan 127\nloop 126\nfolder-script 126\nalive\n", shown(result));
});

test("an endless environment and too many descriptors are errors, not the end", async () => {
  const result = await run(
    [
      "numbers=$(busybox seq 1 60)",
      "x=$(busybox head -c 130000 /dev/zero | busybox tr '\\0' a)",
      'for i in $numbers; do export "v$i=$x"; done',
      "busybox env true 2>/dev/null; echo $?",
      "for i in $numbers; do unset v$i; done",
      "busybox env busybox true; echo $?",
      "ulimit -n 3; busybox cat /garbage; echo $?; echo alive",
    ].join("\n"),
  );
  assert.match(result.stdout, /^12[67]\n0\n1\nalive\n$/, shown(result));
});
