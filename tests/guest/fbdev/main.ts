// Debian's programs for frame buffers, unmodified: fbset tells and sets the mode, fbcat takes a picture of the screen.

import { execFileSync } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";

const run = (program: string, ...args: string[]) =>
  execFileSync(program, args, { stdio: ["ignore", "pipe", "inherit"], maxBuffer: 1 << 28 });

console.log(run("fbset", "-i").toString());
run("fbset", "-xres", "800", "-yres", "600", "-vxres", "800", "-vyres", "600");
console.log(run("fbset", "-s").toString());

// A red and a blue stripe by plain writes.
const screen = openSync("/dev/fb0", "r+");
for (const [row, pixel] of [
  [10, [0x20, 0x40, 0xe0, 0]],
  [20, [0xff, 0x10, 0x08, 0]],
] as const) {
  writeSync(screen, Buffer.from(Array.from({ length: 800 }, () => pixel).flat()), 0, 800 * 4, row * 800 * 4);
}
closeSync(screen);

const picture = run("fbcat");
const head = /^P6\s+800 600\s+255\s/.exec(picture.subarray(0, 32).toString("latin1"));
if (!head) throw new Error(`fbcat: ${picture.subarray(0, 32).toString("latin1")}`);
const at = (x: number, y: number) =>
  picture
    .subarray(head[0].length + 3 * (y * 800 + x))
    .subarray(0, 3)
    .toString("hex");
console.log(`fbcat: ${at(0, 10)} ${at(799, 10)} ${at(400, 20)} ${at(400, 30)}`);
process.stdin.resume();
