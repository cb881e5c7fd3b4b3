// Runs where there is a screen: tests/guest/library.test.ts gives it one.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { FramebufferError, open } from "./index.ts";

test("what is drawn is in the screen's memory, at its place", () => {
  using screen = open();
  assert.ok(screen.width >= 640 && screen.height >= 480);
  assert.ok(screen.stride >= screen.width * screen.format.bytesPerPixel);
  assert.equal(screen.pixels.length, screen.stride * screen.height);
  assert.equal(screen.format.name, "xrgb8888");
  screen.pixels.writeUInt32LE(screen.color(1, 2, 3), 5 * screen.stride + 4 * 7);
  screen.commit();
  const bytes = readFileSync("/dev/fb0").subarray(5 * screen.stride + 28, 5 * screen.stride + 32);
  assert.deepEqual([...bytes], [3, 2, 1, 0]);
});

test("a picture of RGBA is put where it belongs, and cut at the edges", () => {
  using screen = open({ width: 640, height: 480, bitsPerPixel: 32 });
  screen.clear(9, 9, 9);
  const red = new Uint8Array(4 * 4 * 3).map((_, i) => [200, 100, 50, 255][i % 4] ?? 0);
  screen.draw(red, 4, 3, -1, -1);
  screen.draw(red, 4, 3, 638, 478);
  const at = (x: number, y: number) => screen.pixels.readUInt32LE(y * screen.stride + x * 4);
  const [put, clear] = [screen.color(200, 100, 50), screen.color(9, 9, 9)];
  assert.deepEqual([at(0, 0), at(2, 1), at(3, 1), at(2, 2)], [put, put, clear, clear]);
  assert.deepEqual([at(638, 478), at(639, 479), at(637, 478)], [put, put, clear]);
  assert.throws(() => screen.draw(red, 5, 5), RangeError);
});

test("modes: size and depth change, what is too large is refused and changes nothing", () => {
  using screen = open({ width: 800, height: 600 });
  assert.deepEqual([screen.width, screen.height], [800, 600]);
  screen.setMode({ width: 1024, height: 768 });
  assert.deepEqual([screen.width, screen.height, screen.pixels.length], [1024, 768, screen.stride * 768]);
  assert.throws(() => screen.setMode({ width: 16000, height: 16000 }), FramebufferError);
  assert.throws(() => screen.setMode({ bitsPerPixel: 7 }), /cannot show 1024x768 with 7 bits a pixel/);
  assert.deepEqual([screen.width, screen.height], [1024, 768]);
  if (screen.name !== "bochs") return;
  screen.setMode({ bitsPerPixel: 16 });
  assert.equal(screen.format.name, "rgb565");
  screen.clear(255, 0, 255);
  assert.equal(screen.pixels.readUInt16LE(0), 0b11111_000000_11111);
  screen.setMode({ bitsPerPixel: 24 });
  assert.equal(screen.format.name, "rgb888");
  screen.clear(1, 2, 3);
  assert.deepEqual([...screen.pixels.subarray(screen.stride, screen.stride + 6)], [3, 2, 1, 3, 2, 1]);
});

test("two buffers take turns", async () => {
  using screen = open({ width: 640, height: 480, bitsPerPixel: 32, buffers: 2 });
  assert.equal(screen.buffers, 2);
  const first = screen.pixels;
  first[0] = 11;
  screen.commit();
  const second = screen.pixels;
  assert.notEqual(second.byteOffset, first.byteOffset);
  second[0] = 22;
  screen.commit();
  assert.equal(screen.pixels.byteOffset, first.byteOffset);
  assert.equal(screen.pixels[0], 11);
  const rows = () => readFileSync("/sys/class/graphics/fb0/pan", "utf8");
  assert.equal(rows(), "0,480\n".replace("480", String(second.byteOffset > first.byteOffset ? 480 : 0)));
});

test("pictures come about sixty times a second", async () => {
  using screen = open();
  await screen.waitForVsync();
  const startedAt = performance.now();
  for (let i = 0; i < 20; i++) await screen.waitForVsync();
  const each = (performance.now() - startedAt) / 20;
  assert.ok(each > 12 && each < 60, `${each} ms a picture`);
});

test("after close the pixels are gone, and closing again does nothing", () => {
  const screen = open({ buffers: 2 });
  const { pixels } = screen;
  screen.close();
  screen.close();
  assert.equal(pixels.length, 0);
  assert.throws(() => screen.pixels, /has been closed/);
  assert.equal(readFileSync("/sys/class/graphics/fb0/pan", "utf8"), "0,0\n");
});

test("no screen is a clear error", () => {
  assert.throws(() => open({ path: "/dev/fb7" }), /\/dev\/fb7: this machine has no screen; start it with one/);
  assert.throws(() => open({ path: "/dev/null" }), /ioctl failed: ENOTTY/);
});
