/** The examples with pictures, seen: QEMU's screen is looked at pixel by pixel while they run. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { test } from "node:test";
import { endingStatus } from "../../cli/run/qemu.ts";
import { type Guest, startGuest } from "../../cli/run/guest.ts";
import { Monitor, type Picture } from "./screen.ts";

const LIMIT_MS = 240_000;
const BOOT_MS = 90_000;
const BLACK = 0x000000;

interface Show {
  guest: Guest;
  monitor: Monitor;
  /** What the program has printed. */
  output(): string;
}

/** Run an example with a screen, and end the guest afterwards, whatever happens. */
async function withExample(
  name: string,
  device: string,
  args: string[],
  memoryMiB: number,
  look: (show: Show) => Promise<void>,
): Promise<void> {
  const monitor = new Monitor();
  const guest = await startGuest({
    target: join(import.meta.dirname, "../../examples", name),
    args,
    boot: { stdin: "none", stdout: "pipe", stderr: "pipe" },
    output: "pipe",
    memoryMiB,
    qemuArguments: ["-device", device, ...monitor.qemuArguments],
  });
  let output = "";
  (guest.stdout as Readable).on("data", (chunk: Buffer) => (output += chunk.toString()));
  guest.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  try {
    await look({ guest, monitor, output: () => output });
  } finally {
    guest.kill();
    monitor.close();
  }
}

/** The pixels of one color: how many, and the rectangle around them. */
function find(picture: Picture, isWanted: (color: number) => boolean) {
  const found = { count: 0, left: picture.width, top: picture.height, right: -1, bottom: -1 };
  for (let y = 0; y < picture.height; y++) {
    for (let x = 0; x < picture.width; x++) {
      if (!isWanted(picture.at(x, y))) continue;
      found.count++;
      found.left = Math.min(found.left, x);
      found.right = Math.max(found.right, x);
      found.top = Math.min(found.top, y);
      found.bottom = Math.max(found.bottom, y);
    }
  }
  return found;
}

async function endsWith(show: Show, status: number): Promise<void> {
  const { ending } = await show.guest.ended;
  assert.equal(endingStatus(ending), status, show.output());
}

const GREEN = 0x00ff60;

for (const device of ["VGA,romfile=", "virtio-gpu-pci,romfile="]) {
  test(`graphic draws a figure that moves, on ${device}`, { timeout: LIMIT_MS }, () =>
    withExample("graphic", device, [], 384, async (show) => {
      const { monitor } = show;
      const isFigure = (picture: Picture) => find(picture, (color) => color === GREEN).count > 4000;
      const first = await monitor.until(isFigure, BOOT_MS);
      const isOther = (picture: Picture) => !Buffer.from(picture.rgb).equals(Buffer.from(first.rgb));
      const pictures = [first, await monitor.until(isOther), await monitor.picture()];
      for (const picture of pictures) {
        const figure = find(picture, (color) => color === GREEN);
        // Whole pictures only: never half of a figure, never parts of two.
        assert.ok(figure.count > 4000 && figure.count < 14_000, `${figure.count} points\n${show.output()}`);
        assert.equal(find(picture, (color) => color !== GREEN && color !== BLACK).count, 0, "only green on black");
        // 0.45 of the height around the middle, in both directions.
        const radius = Math.floor(picture.height * 0.45);
        assert.ok(Math.abs(figure.left - (picture.width / 2 - radius)) <= 1, `left ${figure.left}`);
        assert.ok(Math.abs(figure.right - (picture.width / 2 + radius)) <= 1, `right ${figure.right}`);
        assert.ok(Math.abs(figure.top - (picture.height / 2 - radius)) <= 2, `top ${figure.top}`);
        assert.ok(Math.abs(figure.bottom - (picture.height / 2 + radius)) <= 2, `bottom ${figure.bottom}`);
      }
      assert.ok(pictures[1] !== undefined && isOther(pictures[1]), "the figure stands still");
      await monitor.press("q");
      await endsWith(show, 0);
      assert.match(show.output(), /^\d+ pictures in [\d.]+ s: [\d.]+ a second, processor \d+ %$/m);
    }),
  );
}

test("paint shows text, a curve and a picture, and paints where the mouse goes", { timeout: LIMIT_MS }, () =>
  withExample("paint", "VGA,romfile=", [], 512, async (show) => {
    const { monitor } = show;
    const isReady = (picture: Picture) =>
      picture.at(picture.width - 40, 200) === 0xffffff && show.output().includes("ready");
    const before = await monitor.until(isReady, BOOT_MS);
    assert.match(show.output(), /^ready: 1280x800 on bochs$/m);
    // The six colors of the bar.
    for (const [i, color] of [0x1b1b1b, 0xd62839, 0xf77f00, 0x2a9d3f, 0x1d6fdc, 0x8338ec].entries()) {
      assert.equal(before.at(362 + i * 56, 36), color);
    }
    // The title has dark pixels of many shades, as smooth letters do; the curve peaks in the middle.
    const title = new Set<number>();
    for (let y = 20; y < 56; y++) for (let x = 80; x < 300; x++) title.add(before.at(x, y));
    assert.ok(title.size > 50, `${title.size} shades in the title`);
    assert.ok(
      [...Array(8).keys()].some((i) => before.at(638, 158 + i) !== 0xffffff),
      "the curve's peak",
    );
    // Take up red, paint a line below the middle.
    // The arrow's tip is black: where it is seen, the mouse has arrived.
    const isAt = (x: number, y: number) => (picture: Picture) =>
      picture.at(x, y) === BLACK && picture.at(x, y + 12) === BLACK;
    await monitor.command(`mouse_move ${418 - 640} ${36 - 400}`);
    assert.ok(isAt(418, 36)(await monitor.until(isAt(418, 36))), "the arrow does not follow the mouse");
    for (const button of [1, 0]) await monitor.command(`mouse_button ${button}`);
    // QEMU's PS/2 mouse keeps back what is more than four packets of 127.
    await monitor.command("mouse_move 182 300");
    await monitor.until(isAt(600, 336));
    await monitor.command("mouse_move 0 264");
    const down = await monitor.until(isAt(600, 600));
    assert.ok(
      isAt(600, 600)(down),
      `the arrow is elsewhere: ${JSON.stringify(find(down, (color) => color === BLACK))}`,
    );
    await monitor.command("mouse_button 1");
    await monitor.command("mouse_move 200 0");
    await monitor.until(isAt(800, 600));
    await monitor.command("mouse_button 0");
    const red = (color: number) => color === 0xd62839;
    const isPainted = (picture: Picture) => find(picture, (color) => red(color)).count > 2400;
    const after = await monitor.until(isPainted);
    const line = find({ ...after, height: after.height, at: (x, y) => (y < 72 ? 0 : after.at(x, y)) }, red);
    assert.ok(
      Math.abs(line.right - line.left - 204) <= 3 && Math.abs(line.bottom - line.top - 5) <= 1,
      JSON.stringify(line),
    );
    assert.ok(Math.abs(line.left - 597) <= 2 && Math.abs(line.top - 597) <= 2, JSON.stringify(line));
    await monitor.press("c");
    await monitor.until((picture) => !isPainted(picture));
    await monitor.press("esc");
    await endsWith(show, 0);
  }),
);

test("nes plays its demonstration, and the keyboard is the joypad", { timeout: LIMIT_MS }, () =>
  withExample("nes", "VGA,romfile=", [], 384, async (show) => {
    const { monitor } = show;
    const egg = (picture: Picture) => find(picture, (color) => color === 0xffffff);
    const brick = (picture: Picture) => picture.at(300, 71);
    const chick = (picture: Picture) => find(picture, (color) => color === 0xffe000);
    const isPlaying = (picture: Picture) => brick(picture) !== BLACK && chick(picture).count > 0;
    const first = await monitor.until(isPlaying, BOOT_MS);
    const chickAt = chick(first);
    assert.ok(chickAt.count > 0, `no chick: ${show.output()}`);
    const moved = await monitor.until((picture) => chick(picture).left !== chickAt.left);
    assert.notEqual(chick(moved).left, chickAt.left, "the chick stands still");
    // The egg is white below the title; right moves it, x (button A) turns it red.
    const below = (picture: Picture): Picture => ({ ...picture, at: (x, y) => (y < 140 ? 0 : picture.at(x, y)) });
    const from = egg(below(moved)).left;
    await monitor.command("sendkey right 1500");
    const right = await monitor.until((picture) => egg(below(picture)).left > from);
    assert.ok(egg(below(right)).left > from, "the egg does not move right");
    await monitor.command("sendkey x 1500");
    const isRed = (picture: Picture) => egg(below(picture)).count === 0;
    assert.ok(isRed(await monitor.until(isRed)), "the egg stays white");
    await monitor.press("esc");
    await endsWith(show, 0);
    assert.match(show.output(), /^\d+ frames, [\d.]+ a second$/m);
  }),
);

test("without a screen the library says so in one line", { timeout: LIMIT_MS }, async () => {
  const { runGuest } = await import("../../cli/run/guest.ts");
  const result = await runGuest({ target: join(import.meta.dirname, "../../examples/graphic"), timeoutMs: BOOT_MS });
  assert.notEqual(result.status, 0);
  assert.match(
    result.stderr,
    /FramebufferError: \/dev\/fb0: this machine has no screen; start it with one \(egg run --display\)/,
  );
});
