// What Node says of the machine and of itself must be true.

import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { monitorEventLoopDelay, PerformanceObserver, performance } from "node:perf_hooks";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import v8 from "node:v8";

test("os tells of memory, processors, uptime, names", () => {
  assert.equal(os.platform(), "linux");
  assert.equal(os.arch(), "x64");
  assert.equal(os.endianness(), "LE");
  assert.ok(os.totalmem() > 64 << 20 && os.freemem() > 0 && os.freemem() < os.totalmem());
  const cpus = os.cpus();
  assert.ok(cpus.length >= 1 && cpus.length === os.availableParallelism());
  assert.ok(cpus.every((cpu) => cpu.model.length > 0 && Number.isInteger(cpu.times.user)));
  assert.ok(
    os.uptime() > 0 && Math.abs(os.uptime() - Number(fs.readFileSync("/proc/uptime", "latin1").split(" ")[0])) < 2,
  );
  assert.equal(os.loadavg().length, 3);
  assert.ok(os.hostname().length > 0 && os.release().length > 0 && os.version().length > 0);
  assert.equal(os.machine(), "x86_64");
  assert.equal(os.EOL, "\n");
  assert.ok(path.isAbsolute(os.tmpdir()) && path.isAbsolute(os.homedir()));
  assert.equal(os.userInfo().uid, process.getuid?.());
});

test("process tells of itself", () => {
  assert.ok(process.pid > 0);
  assert.ok(path.isAbsolute(process.execPath) && fs.existsSync(process.execPath));
  assert.equal(fs.realpathSync(process.execPath), fs.readlinkSync("/proc/self/exe"));
  assert.ok(process.argv.length >= 2 && path.isAbsolute(process.argv[1] ?? ""));
  assert.equal(fs.realpathSync("."), process.cwd());
  assert.match(process.version, /^v26\./);
  assert.ok(process.uptime() > 0);
  assert.ok(process.resourceUsage().maxRSS > 10_000);
  const before = process.cwd();
  process.chdir(os.tmpdir());
  assert.equal(process.cwd(), fs.realpathSync(os.tmpdir()));
  process.chdir(before);
  assert.ok(process.umask() >= 0);
  process.title = "a title";
  assert.equal(process.title, "a title");
});

test("memoryUsage follows what is allocated", () => {
  (globalThis as { gc?: () => void }).gc?.();
  const before = process.memoryUsage();
  assert.ok(before.rss > 20 << 20 && before.heapUsed > 1 << 20 && before.heapTotal >= before.heapUsed);
  const blocks = Array.from({ length: 64 }, () => Buffer.alloc(1 << 20, 1));
  const after = process.memoryUsage();
  assert.ok(after.arrayBuffers - before.arrayBuffers >= 64 << 20);
  // What was freed before may be used again, so not all of it is new.
  assert.ok(after.rss - before.rss > 8 << 20, `${after.rss - before.rss}`);
  assert.equal(blocks.length, 64);
  assert.ok(Math.abs(process.memoryUsage.rss() - after.rss) < 16 << 20);
  assert.ok(process.constrainedMemory() >= 0 && process.availableMemory() > 0);
});

test("garbage is collected and its memory comes back", async () => {
  let registry = 0;
  const finalization = new FinalizationRegistry(() => registry++);
  for (let i = 0; i < 200; i++) finalization.register(Buffer.alloc(1 << 20, i), i);
  for (let i = 0; i < 10 && registry < 150; i++) {
    (globalThis as { gc?: () => void }).gc?.();
    await sleep(10);
  }
  assert.ok(registry >= 150, `${registry} of 200 were collected`);
  assert.ok(process.memoryUsage().rss < 400 << 20);
});

test("processor time is counted", async () => {
  const start = process.cpuUsage();
  const began = performance.now();
  while (performance.now() - began < 100);
  const used = process.cpuUsage(start);
  assert.ok(used.user + used.system > 30_000 && used.user + used.system < 2_000_000);
});

test("the event loop's delay can be watched", async () => {
  const histogram = monitorEventLoopDelay({ resolution: 5 });
  histogram.enable();
  for (let round = 0; round < 50 && histogram.count < 3; round++) await sleep(60);
  histogram.disable();
  assert.ok(histogram.count >= 3 && histogram.min > 0);
  assert.ok(performance.eventLoopUtilization().utilization >= 0);
});

test("performance marks are observed", async () => {
  const seen = new Promise<string>((resolve) => {
    const observer = new PerformanceObserver((list) => {
      resolve(list.getEntries()[0]?.name ?? "");
      observer.disconnect();
    });
    observer.observe({ entryTypes: ["measure"] });
  });
  performance.mark("a");
  performance.mark("b");
  performance.measure("from a to b", "a", "b");
  assert.equal(await seen, "from a to b");
});

test("signals that the process sends itself are handled", async () => {
  for (const signal of ["SIGUSR2", "SIGHUP", "SIGTERM", "SIGINT"] as const) {
    const heard = new Promise((resolve) => process.once(signal, resolve));
    process.kill(process.pid, signal);
    assert.equal(await heard, signal);
  }
  assert.throws(() => process.kill(3_999_999, 0), { code: "ESRCH" });
});

test("heap snapshots and statistics can be taken", () => {
  const file = path.join(os.tmpdir(), `heap-${process.pid}.heapsnapshot`);
  v8.writeHeapSnapshot(file);
  assert.ok(fs.statSync(file).size > 1 << 20);
  fs.unlinkSync(file);
  assert.ok(v8.getHeapStatistics().heap_size_limit > 32 << 20);
});

test("the environment reads and writes", () => {
  process.env.A_VARIABLE = "one";
  assert.equal(process.env.A_VARIABLE, "one");
  delete process.env.A_VARIABLE;
  assert.equal(process.env.A_VARIABLE, undefined);
});
