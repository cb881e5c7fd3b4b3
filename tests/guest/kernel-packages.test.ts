// Kernel modules of projects: what the examples bring does in a kernel what it says.

import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type GuestResult, runGuest } from "../../cli/run/guest.ts";

const EINVAL = 22;
const TIME_LIMIT_MS = 60_000;
const examples = join(import.meta.dirname, "../../examples");
const fixtures = join(import.meta.dirname, "../fixtures/kernel-packages");

function runProject(folder: string): Promise<GuestResult> {
  return runGuest({ target: folder, timeoutMs: TIME_LIMIT_MS });
}

test("examples/syscall: a module's handler runs before the kernel's own, which gives the host's name", async () => {
  const result = await runProject(join(examples, "syscall"));
  assert.equal(result.status, 0, result.stderr);
  assert.equal(result.stdout, "eggos\n");
  assert.match(result.stderr, /^syscall `uname` called$/m);
});

test("examples/driver: a package's driver computes by interrupt and copies by DMA", async () => {
  const result = await runProject(join(examples, "driver"));
  assert.equal(result.status, 0, result.stderr);
  assert.equal(
    result.stdout,
    "0! = 1\n5! = 120\n10! = 3628800\n12! = 479001600\nwritten to the device and read back by DMA\n",
  );
});

test("what a module registers is there for programs: calls, devices, files, timers, threads", async () => {
  const result = await runProject(join(fixtures, "whole-api"));
  assert.equal(result.status, 0, result.stderr);
  assert.deepEqual(JSON.parse(result.stdout), {
    hostname: "eggos",
    shouted: [11, "QUIET WORDS", 11, 7],
    others: [0, 6, 10, 15, 21],
    turned: "Uryyb",
    squares: [9, 16, 25, 36],
    left: 6,
    isBlock: true,
    zero: [0, 0, 0, 0],
    notes: {
      refused: -EINVAL,
      mounted: 0,
      names: ["folder", "second"],
      second: "two and a half",
      size: 14,
      deep: "de",
      isListed: true,
    },
    link: true,
    report: "ticks 3 events 3 thread done\nnoted\n",
  });
  assert.match(result.stderr, /module whole-api claims I\/O port 0x3f8 and what follows, but kernel has it/);
  assert.doesNotMatch(result.stderr, /no MADT|two have the serial port|there is no such call/);
});

describe("a module in trouble", () => {
  const trouble = join(fixtures, "trouble");

  test("is named by a line, and the rest goes on: the first to claim a call keeps it, a failed driver is left alone", async () => {
    const result = await runProject(trouble);
    const [answer, modules = ""] = result.stdout.split("\n");
    assert.equal(answer, "42", result.stderr);
    assert.match(modules, /^erofs overlay .*virtio-net .*eggos-clash trouble$/);
    // "without" in the project's package.json.
    assert.doesNotMatch(modules, /e1000|xhci|usb/);
    assert.match(
      result.stderr,
      /module trouble and module eggos-clash both claim system call 1022; the first one keeps it/,
    );
    assert.match(result.stderr, /module trouble registers system call 1024: numbers go from 0 to 1023/);
    assert.match(result.stderr, /module trouble: device \/dev\/crash is there already/);
    assert.match(result.stderr, /pci: failing failed, slot \d+ \(module trouble\)/);
  });

  test("that traps is named by the panic, with file and line", async () => {
    const result = await runGuest({ target: trouble, args: ["n"], timeoutMs: TIME_LIMIT_MS });
    assert.equal(result.ending.kind, "panic", result.stderr);
    assert.match(result.stderr, /kernel panic: .*, in module trouble$/m);
    assert.match(result.stderr, /at .*Crash\.readNull \(packages\/trouble\/module\.ts:\d+\)/);
  });

  test("that goes outside of its buffer is stopped there, and named", async () => {
    const result = await runGuest({ target: trouble, args: ["outside"], timeoutMs: TIME_LIMIT_MS });
    assert.match(
      result.stderr,
      /kernel panic: an access outside of the buffer \(.*dma-buffer\.ts:\d+\), in module trouble/,
    );
    assert.match(result.stderr, /at .*Crash\.readOutside \(packages\/trouble\/module\.ts:\d+\)/);
  });
});
