// Painting with the mouse: a canvas from npm draws, `eggos` shows it and reads the mouse and the keys.

import { framebuffer, input } from "eggos";
import { Sheet } from "./sheet.ts";

/** The pointer: an arrow, a letter a pixel. */
const ARROW = [
  "#",
  "##",
  "#.#",
  "#..#",
  "#...#",
  "#....#",
  "#.....#",
  "#......#",
  "#...####",
  "#..#",
  "#.#",
  "##",
  "#",
];

using screen = framebuffer.open();
using devices = input.open();
const sheet = new Sheet(screen.width, screen.height);
let pointer = { x: screen.width / 2, y: screen.height / 2 };
let isPainting = false;

function show(part: framebuffer.Rectangle): void {
  if (part.width > 0 && part.height > 0) screen.draw(sheet.pixels(part), part.width, part.height, part.x, part.y);
}

function arrowPlace() {
  return { x: Math.round(pointer.x), y: Math.round(pointer.y), width: 8, height: ARROW.length };
}

function showArrow(): void {
  const { x, y } = arrowPlace();
  const { pixels, stride, format } = screen;
  for (const [row, line] of ARROW.entries()) {
    for (let i = 0; i < line.length && x + i < screen.width && y + row < screen.height; i++) {
      const color = line[i] === "#" ? screen.color(0, 0, 0) : screen.color(255, 255, 255);
      pixels.writeUIntLE(color, (y + row) * stride + (x + i) * format.bytesPerPixel, format.bytesPerPixel);
    }
  }
}

function movePointer(x: number, y: number): void {
  const from = pointer;
  show(sheet.inside(arrowPlace()));
  pointer = { x: Math.min(screen.width - 1, Math.max(0, x)), y: Math.min(screen.height - 1, Math.max(0, y)) };
  if (isPainting) sheet.paint(from.x, from.y, pointer.x, pointer.y);
}

function update(): void {
  const changed = sheet.takeChanged();
  if (changed) show(changed);
  showArrow();
  screen.commit();
}

await sheet.begin();
update();
console.log(`ready: ${screen.width}x${screen.height} on ${screen.name}`);

for await (const event of devices) {
  if (event.kind === "motion") movePointer(pointer.x + event.dx, pointer.y + event.dy);
  else if (event.kind === "position") movePointer(event.x * screen.width, event.y * screen.height);
  else if (event.kind === "button" && event.button === "left") {
    isPainting = event.pressed && sheet.press(pointer.x, pointer.y);
    if (isPainting) sheet.paint(pointer.x, pointer.y, pointer.x, pointer.y);
  } else if (event.kind === "key" && event.pressed) {
    if (event.name === "escape") break;
    if (event.name === "c") await sheet.begin();
  }
  update();
}
