// A NES on the whole screen: the emulator is jsnes, the joypad is the keyboard. Without an argument it plays demo.asm.
//
//   nes [GAME.nes [FRAMES]]

import { readFileSync } from "node:fs";
import { framebuffer, input } from "eggos";
import { Controller, NES } from "jsnes";
import { demoRom } from "./rom.ts";

const WIDTH = 256;
const HEIGHT = 240;
const BUTTONS: Readonly<Record<string, 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7>> = {
  x: Controller.BUTTON_A,
  z: Controller.BUTTON_B,
  rightshift: Controller.BUTTON_SELECT,
  enter: Controller.BUTTON_START,
  up: Controller.BUTTON_UP,
  down: Controller.BUTTON_DOWN,
  left: Controller.BUTTON_LEFT,
  right: Controller.BUTTON_RIGHT,
};

const [path, frames] = process.argv.slice(2);
const screen = framebuffer.open({ buffers: 2, bitsPerPixel: 32 });
const scale = Math.max(1, Math.floor(Math.min(screen.width / WIDTH, screen.height / HEIGHT)));
const left = (screen.width - WIDTH * scale) >> 1;
const top = (screen.height - HEIGHT * scale) >> 1;

/** Put a picture on the screen, each pixel as a square. */
function show(picture: Uint32Array): void {
  const { pixels, stride } = screen;
  const words = new Uint32Array(pixels.buffer, pixels.byteOffset, pixels.length / 4);
  for (let y = 0; y < HEIGHT; y++) {
    const start = ((top + y * scale) * stride) / 4 + left;
    let to = start;
    for (let x = 0; x < WIDTH; x++) {
      // jsnes has red in the lowest byte, the screen in the third.
      const bgr = picture[y * WIDTH + x] as number;
      const color = ((bgr & 0xff) << 16) | (bgr & 0xff00) | ((bgr >>> 16) & 0xff);
      for (let i = 0; i < scale; i++) words[to++] = color;
    }
    for (let i = 1; i < scale; i++) words.copyWithin(start + (i * stride) / 4, start, start + WIDTH * scale);
  }
  screen.commit();
}

const nes = new NES({ onFrame: show, emulateSound: false });
nes.loadROM(path === undefined ? demoRom() : readFileSync(path));

let devices: input.Input | undefined;
try {
  devices = input.open();
} catch (error) {
  if (!(error instanceof input.InputError)) throw error;
  console.error(error.message);
}

/** Give the keys to the joypad. False when it is over. */
function readJoypad(): boolean {
  for (const event of devices?.take() ?? []) {
    if (event.kind !== "key" || event.repeated) continue;
    if (event.name === "escape") return false;
    const button = BUTTONS[event.name];
    if (button === undefined) continue;
    if (event.pressed) nes.buttonDown(1, button);
    else nes.buttonUp(1, button);
  }
  return true;
}

let isOver = false;
const end = (): void => {
  isOver = true;
};
process.once("SIGINT", end).once("SIGTERM", end);

screen.clear();
screen.commit();
screen.clear();
const startedAt = performance.now();
let count = 0;
for (; count < Number(frames ?? Number.POSITIVE_INFINITY) && !isOver && readJoypad(); count++) {
  nes.frame();
  await screen.waitForVsync();
}
console.log(`${count} frames, ${((count * 1000) / (performance.now() - startedAt)).toFixed(1)} a second`);
screen.close();
devices?.close();
process.exit();
