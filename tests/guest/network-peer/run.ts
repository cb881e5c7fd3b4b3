/** Runs a script of this folder as a test, in a network namespace made for it. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";

/** How to get a network namespace here: as root, or with a user namespace of one's own; null when neither works. */
function unshareFlags(): string[] | null {
  const probe = "ip link set lo up && ip tuntap add probe0 mode tap && test -c /dev/net/tun";
  for (const flags of [["-n"], ["-r", "-n"]]) {
    if (spawnSync("unshare", [...flags, "sh", "-c", probe], { stdio: "ignore" }).status === 0) return flags;
  }
  return null;
}

const flags = unshareFlags();

/**
 * A test of a script that prints "ok NAME" or "not ok NAME" for each check, and "done" at the end. Without the right to make
 * namespaces and taps it is skipped.
 */
export function testInNamespace(title: string, script: string, timeoutMs: number): void {
  test(title, {
    skip: flags === null && "no network namespaces or no ip(8) here",
    timeout: timeoutMs,
  }, async (context) => {
    const inside = join(import.meta.dirname, `${script}.ts`);
    const child = spawn("unshare", [...(flags ?? []), process.execPath, inside], {
      stdio: ["ignore", "pipe", "pipe"],
      signal: context.signal,
      killSignal: "SIGKILL",
    });
    const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
    for (const line of out.split("\n")) {
      if (line.startsWith("# ")) context.diagnostic(line.slice(2));
      if (!/^(ok|not ok) /.test(line)) continue;
      await context.test(line.replace(/^(not )?ok /, ""), () => assert.ok(line.startsWith("ok "), `${out}\n${errors}`));
    }
    assert.match(out, /^done$/m, `${out}\n${errors}`);
  });
}
