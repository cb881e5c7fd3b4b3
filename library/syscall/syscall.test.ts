// Run in a guest: egg test library

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { hostname } from "node:os";
import { describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import { errnoName, register, type Registration, SYS, syscall } from "eggos/syscall";

const UNAME = new URL("./test-handlers/uname.ts", import.meta.url);
const RENAME = new URL("./test-handlers/rename-host.ts", import.meta.url);
const ODD = new URL("./test-handlers/odd.ts", import.meta.url);
/** A number that Linux has nothing at. */
const FREE = 500;

async function answered(
  number: number,
  module: URL,
  work: (registration: Registration) => Promise<void> | void,
  timeoutMs?: number,
): Promise<void> {
  const registration = await register(number, module, timeoutMs === undefined ? {} : { timeoutMs });
  try {
    await work(registration);
  } finally {
    await registration.close();
  }
}

describe("syscall", () => {
  test("returns what the kernel returns, errors as negative numbers", () => {
    assert.equal(syscall(SYS.getpid), BigInt(process.pid));
    assert.equal(syscall(SYS.close, -1), -9n);
    assert.equal(errnoName(syscall(SYS.close, -1)), "EBADF");
    assert.equal(errnoName(syscall(FREE)), "ENOSYS");
  });

  test("passes addresses of buffers, and the results come back in them", () => {
    const name = new Uint8Array(6 * 65);
    assert.equal(syscall(SYS.uname, name), 0n);
    assert.match(Buffer.from(name).toString("latin1"), /^Linux\0/);
  });

  test("refuses a seventh argument", () => {
    assert.throws(() => syscall(SYS.getpid, 1, 2, 3, 4, 5, 6, 7), /at most 6/);
  });
});

describe("a handler", () => {
  test("answers the main thread while that waits, and reaches the kernel's handler", async () => {
    const before = hostname();
    await answered(SYS.uname, UNAME, () => assert.equal(hostname(), before));
  });

  test("reads and writes its caller's memory, for other processes too", async () => {
    await answered(SYS.uname, RENAME, () => {
      assert.equal(hostname(), `Linux-of-${process.pid}`);
      const script = 'process.stdout.write(process.pid + " " + os.hostname())';
      const child = spawnSync(process.execPath, ["-e", script], { encoding: "utf8" });
      const [pid] = child.stdout.split(" ");
      assert.notEqual(pid, String(process.pid));
      assert.equal(child.stdout, `${pid} Linux-of-${pid}`);
    });
    assert.doesNotMatch(hostname(), /-of-/);
  });

  test("may answer a number that the kernel has nothing at, with values and promises", async () => {
    await answered(FREE, ODD, () => {
      assert.equal(syscall(FREE, 0), 0n);
      assert.equal(syscall(FREE, 1, 21), 42n);
      assert.equal(syscall(FREE, 1, -21), -42n);
      assert.equal(syscall(FREE, 6), 66n);
      assert.equal(syscall(FREE, 99), -1n);
      assert.equal(errnoName(syscall(FREE, 8)), "ENOSYS"); // there is no original
    });
    assert.equal(errnoName(syscall(FREE, 0)), "ENOSYS");
  });

  test("that throws gives its caller EIO, or the error's errno", async () => {
    await answered(FREE, ODD, () => {
      assert.equal(errnoName(syscall(FREE, 2)), "EIO");
      assert.equal(errnoName(syscall(FREE, 3)), "ENOENT");
      assert.equal(errnoName(syscall(FREE, 7)), "EFAULT");
      assert.equal(syscall(FREE, 1, 1), 2n);
    });
  });

  test("that never answers gives ETIMEDOUT when the time is over", async () => {
    const registration = await register(FREE, ODD, { timeoutMs: 1000 });
    const startedAt = performance.now();
    assert.equal(errnoName(syscall(FREE, 4)), "ETIMEDOUT");
    assert.ok(performance.now() - startedAt >= 799);
    assert.equal(syscall(FREE, 1, 2), 4n); // the next call is answered
    await registration.close();
    assert.equal(errnoName(syscall(FREE, 4)), "ENOSYS");
  });

  test("that dies gives its callers ENOSYS at once, and the number back to the kernel", async () => {
    const registration = await register(FREE, ODD, { timeoutMs: 60_000 });
    const startedAt = performance.now();
    assert.equal(errnoName(syscall(FREE, 5)), "ENOSYS");
    assert.ok(performance.now() - startedAt < 30_000);
    assert.equal(errnoName(syscall(FREE, 1, 1)), "ENOSYS");
    await registration.close();
  });

  test("answers several threads, one after the other", async () => {
    await answered(FREE, ODD, async () => {
      const code = `
        const { dlopen } = require("node:ffi");
        const { functions } = dlopen("libc.so.6", { syscall: { arguments: ["i64", "i64", "i64"], return: "i64" } });
        let total = 0n;
        for (let i = 0n; i < 50n; i++) total += functions.syscall(500n, 1n, i);
        require("node:worker_threads").parentPort.postMessage(total);`;
      const totals = await Promise.all(
        [1, 2, 3].map(
          () =>
            new Promise((resolve, reject) =>
              new Worker(code, { eval: true }).once("message", resolve).once("error", reject),
            ),
        ),
      );
      assert.deepEqual(totals, [2450n, 2450n, 2450n]);
    });
  });
});

describe("register", () => {
  test("says when a number is taken, cannot be relayed, or the module is no handler", async () => {
    await answered(FREE, ODD, async () => {
      await assert.rejects(register(FREE, UNAME), /system call 500 cannot be answered by .*uname\.mjs: .*EBUSY/);
    });
    await assert.rejects(register(SYS.exit_group, ODD), /does not relay that number \(EINVAL\)/);
    await assert.rejects(register(100_000, ODD), /EINVAL/);
    await assert.rejects(register(FREE, new URL("data:text/javascript,export const a = 1")), /no default export/);
    await assert.rejects(register(FREE, new URL("file:///nowhere.mjs")), /cannot be answered by file:\/\/\/nowhere/);
    await answered(FREE, ODD, () => assert.equal(syscall(FREE, 1, 4), 8n));
  });
});

test("what a relayed call costs, in microseconds", async (context) => {
  await answered(FREE, ODD, () => {
    const CALLS = 1000;
    for (let i = 0; i < 50; i++) syscall(FREE, 0);
    const startedAt = performance.now();
    for (let i = 0; i < CALLS; i++) syscall(FREE, 0);
    const relayedUs = ((performance.now() - startedAt) * 1000) / CALLS;
    const plainAt = performance.now();
    for (let i = 0; i < CALLS; i++) syscall(SYS.getppid);
    const plainUs = ((performance.now() - plainAt) * 1000) / CALLS;
    context.diagnostic(`relayed ${relayedUs.toFixed(1)} us, getppid ${plainUs.toFixed(1)} us`);
    assert.ok(relayedUs > plainUs);
  });
});

// A handler stays registered while the test process ends: it must not hold it up.
await register(501, ODD);
