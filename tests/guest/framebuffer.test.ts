/** /dev/fb0 on every kind of screen: programs/framebuffer.c checks the interface, pictures show what a person would see. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startGuest, runGuest } from "../../cli/run/guest.ts";
import { testImage, testRoot } from "./image.ts";
import { Monitor, type Picture } from "./screen.ts";
import { nameOf, parseReport } from "./tap.ts";

const LIMIT_MS = 90_000;

/** A device, whether modes can be set on it, and in how many bits a pixel. */
const SCREENS: readonly { device: string; arguments: string[]; depths: number[] }[] = [
  { device: "VGA", arguments: ["-device", "VGA,romfile="], depths: [32, 24, 16] },
  { device: "virtio-gpu-pci", arguments: ["-device", "virtio-gpu-pci,romfile="], depths: [32] },
  { device: "virtio-vga without messages", arguments: ["-device", "virtio-vga,romfile=,vectors=0"], depths: [32] },
  { device: "ramfb", arguments: ["-device", "ramfb"], depths: [32] },
  { device: "bochs-display", arguments: ["-device", "bochs-display"], depths: [32] },
];

const image = await testImage(await testRoot());

const BARS = [0x000000, 0x0000ff, 0x00ff00, 0x00ffff, 0xff0000, 0xff00ff, 0xffff00, 0xffffff];

/** A program's boot with standard streams of its own. */
function boot(args: string[]) {
  return { program: "/programs/framebuffer", args: ["framebuffer", ...args], cwd: "/tmp" };
}

/** Eight bars with a white frame, exactly, at the picture's own size; a depth of less than 24 bits has only its upper bits. */
function assertPattern(picture: Picture, bits: number): void {
  const { width, height } = picture;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const isEdge = x === 0 || y === 0 || x === width - 1 || y === height - 1;
      const wanted = isEdge ? 0xffffff : (BARS[Math.floor((x * 8) / width)] ?? -1);
      const seen = picture.at(x, y);
      const mask = bits === 16 ? 0xf8fcf8 : 0xffffff;
      if ((seen & mask) !== (wanted & mask)) {
        assert.fail(`at ${x},${y} is ${seen.toString(16)} instead of ${wanted.toString(16)}`);
      }
    }
  }
}

/** Whether the picture is of this size and its middle line shows all bars: painting is over. */
function isPainted(picture: Picture, width: number, height: number): boolean {
  const { at } = picture;
  return (
    picture.width === width &&
    picture.height === height &&
    (at(width - 1, height - 1) & 0xf8fcf8) === (0xffffff & 0xf8fcf8)
  );
}

for (const screen of SCREENS) {
  test(`${screen.device}: the fbdev interface`, { timeout: LIMIT_MS }, async (context) => {
    const result = await runGuest({ elf: image, boot: boot([]), qemuArguments: screen.arguments, timeoutMs: LIMIT_MS });
    const report = parseReport(result.stdout);
    assert.ok(report.complete, `${result.stdout.slice(-500)}\n${result.stderr.slice(-500)}`);
    const failed = report.checks.filter((check) => !check.ok);
    assert.deepEqual(
      failed.map((check) => `${nameOf("framebuffer", check)} ${check.detail}`),
      [],
    );
    context.diagnostic(`${report.checks.length} checks`);
  });

  for (const bits of screen.depths) {
    for (const [width, height] of [
      [1280, 800],
      [640, 480],
    ] as const) {
      test(`${screen.device}: ${width}x${height} with ${bits} bits shows what is drawn`, {
        timeout: LIMIT_MS,
      }, async () => {
        const monitor = new Monitor();
        after(() => monitor.close());
        const guest = await startGuest({
          elf: image,
          boot: { ...boot(["pattern", `${width}x${height}-${bits}`]), stdin: "pipe", stdout: "pipe", stderr: "com2" },
          output: "pipe",
          qemuArguments: [...screen.arguments, ...monitor.qemuArguments],
        });
        try {
          let output = "";
          (guest.stdout as Readable).on("data", (chunk: Buffer) => (output += chunk.toString()));
          const picture = await monitor.until((seen) => isPainted(seen, width, height), 30_000);
          assert.deepEqual([picture.width, picture.height], [width, height], output);
          assertPattern(picture, bits);
          guest.endInput();
          assert.deepEqual((await guest.ended).ending, { kind: "exit", status: 0 });
        } finally {
          guest.kill();
        }
      });
    }
  }
}

test("a machine without a screen has no /dev/fb0, and says so", { timeout: LIMIT_MS }, async () => {
  const result = await runGuest({ elf: image, boot: boot(["absent"]), timeoutMs: LIMIT_MS });
  const { checks, complete } = parseReport(result.stdout);
  assert.ok(complete && checks.length > 0 && checks.every((check) => check.ok), result.stdout);
});

/** The image on a disc: GRUB sets a mode by the adapter's own BIOS, and the kernel takes the screen as it finds it. */
function discWith(words: string): { path: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "disc-"));
  const path = join(folder, "test.iso");
  const cli = join(import.meta.dirname, "../../cli/main.ts");
  const append = `program=/programs/framebuffer arg=framebuffer ${words} cwd=/tmp`;
  execFileSync(process.execPath, [cli, "pack", "-k", image, "-f", "iso", "-o", path, "--append", append], {
    stdio: "pipe",
  });
  return { path, remove: () => rmSync(folder, { recursive: true }) };
}

/** An adapter that has no driver here. (What QEMU shows of a cirrus-vga lacks the last row.) */
test("vmware-svga: the screen that GRUB has set up", { timeout: 2 * LIMIT_MS }, async () => {
  const disc = discWith("arg=pattern");
  const monitor = new Monitor();
  const guest = await startGuest({
    medium: { kind: "cdrom", path: disc.path },
    output: "pipe",
    memoryMiB: 256,
    qemuArguments: ["-device", "vmware-svga", ...monitor.qemuArguments],
  });
  try {
    let output = "";
    (guest.stdout as Readable).on("data", (chunk: Buffer) => (output += chunk.toString()));
    const wanted = /painted (\d+)x(\d+)-(\d+)/;
    for (let tries = 0; !wanted.test(output) && tries < 600; tries++) await sleep(100);
    const [, width, height, bits] = (wanted.exec(output) ?? []).map(Number);
    assert.ok(width !== undefined && height !== undefined && bits !== undefined, output);
    const picture = await monitor.picture();
    assert.deepEqual([picture.width, picture.height], [width, height]);
    assertPattern(picture, bits);
  } finally {
    guest.kill();
    monitor.close();
    disc.remove();
  }
});

test("the interface of a screen whose mode cannot be changed", { timeout: 2 * LIMIT_MS }, async () => {
  const disc = discWith("stdin=none stdout=pipe");
  try {
    const result = await runGuest({
      medium: { kind: "cdrom", path: disc.path },
      memoryMiB: 256,
      qemuArguments: ["-device", "cirrus-vga"],
      timeoutMs: LIMIT_MS,
    });
    const { checks, complete } = parseReport(result.stdout);
    assert.ok(complete, result.stdout.slice(-500));
    assert.deepEqual(
      checks.filter((check) => !check.ok).map((check) => `${nameOf("framebuffer", check)} ${check.detail}`),
      [],
    );
    assert.match(result.stdout, /^# this screen has one mode/m);
  } finally {
    disc.remove();
  }
});
