// An animated Lissajous figure on the whole screen, sixty pictures a second, until Escape, q or a signal ends it.
// `graphic SECONDS` ends by itself and says how many pictures there were.

import { framebuffer, input } from "eggos";
import { Figure } from "./figure.ts";

/** What the phase grows by in a second. */
const PHASE_PER_SECOND = 1.2;
const BLACK = 0;

const seconds = Number(process.argv[2] ?? Number.POSITIVE_INFINITY);
let isOver = false;
const end = (): void => {
  isOver = true;
};
process.once("SIGINT", end).once("SIGTERM", end);

const screen = framebuffer.open({ buffers: 2, bitsPerPixel: 32 });
const figure = new Figure(screen.width, screen.height, screen.stride / 4);
const green = screen.color(0, 255, 96);

/** Ends with a key, where there is a keyboard. */
async function watchKeys(): Promise<void> {
  using devices = input.open();
  for await (const event of devices) {
    if (event.kind === "key" && event.pressed && (event.name === "escape" || event.name === "q")) break;
  }
  end();
}
watchKeys().catch((error: unknown) => {
  if (!(error instanceof input.InputError)) throw error;
});

function plot(words: Uint32Array, points: Uint32Array | undefined, color: number): void {
  if (points === undefined) return;
  for (let i = 0; i < points.length; i++) words[points[i] as number] = color;
}

// Each page keeps what was drawn on it, so that it can be wiped point by point.
const drawn = new Map<number, Uint32Array>();
screen.clear();
screen.commit();
screen.clear();

console.log("drawing");
const startedAt = performance.now();
const before = process.cpuUsage();
let pictures = 0;
while (!isOver && performance.now() - startedAt < seconds * 1000) {
  const { pixels } = screen;
  const words = new Uint32Array(pixels.buffer, pixels.byteOffset, pixels.length / 4);
  plot(words, drawn.get(pixels.byteOffset), BLACK);
  const points = figure.points(((performance.now() - startedAt) / 1000) * PHASE_PER_SECOND);
  plot(words, points, green);
  drawn.set(pixels.byteOffset, points);
  screen.commit();
  await screen.waitForVsync();
  pictures++;
}
const elapsed = (performance.now() - startedAt) / 1000;
const { user, system } = process.cpuUsage(before);
screen.close();
console.log(
  `${pictures} pictures in ${elapsed.toFixed(1)} s: ${(pictures / elapsed).toFixed(1)} a second, ` +
    `processor ${((user + system) / 1e4 / elapsed).toFixed(0)} %`,
);
process.exit();
