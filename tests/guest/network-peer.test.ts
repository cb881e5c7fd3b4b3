/**
 * The guest against Linux's own TCP/IP, over a tap in a network namespace made for this: each script of network-peer/ runs
 * in one. Without the right to make namespaces and taps these tests are skipped.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";

const SCRIPTS = {
  conversation: "the guest and Linux talk over a tap",
  names: "names are looked up end to end",
  idle: "ten thousand idle connections in 512 MB",
};

/** How to get a network namespace here: as root, or with a user namespace of one's own; null when neither works. */
function unshareFlags(): string[] | null {
  const probe = "ip link set lo up && ip tuntap add probe0 mode tap && test -c /dev/net/tun";
  for (const flags of [["-n"], ["-r", "-n"]]) {
    if (spawnSync("unshare", [...flags, "sh", "-c", probe], { stdio: "ignore" }).status === 0) return flags;
  }
  return null;
}

const flags = unshareFlags();

for (const [script, title] of Object.entries(SCRIPTS)) {
  test(title, {
    skip: flags === null && "no network namespaces or no ip(8) here",
    timeout: 240_000,
  }, async (context) => {
    const inside = join(import.meta.dirname, "network-peer", `${script}.ts`);
    const child = spawn("unshare", [...(flags ?? []), process.execPath, inside], { stdio: ["ignore", "pipe", "pipe"] });
    const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
    for (const line of out.split("\n")) {
      if (line.startsWith("# ")) context.diagnostic(line.slice(2));
      if (!/^(ok|not ok) /.test(line)) continue;
      await context.test(line.replace(/^(not )?ok /, ""), () => assert.ok(line.startsWith("ok "), `${out}\n${errors}`));
    }
    assert.match(out, /^done$/m, `${out}\n${errors}`);
  });
}
