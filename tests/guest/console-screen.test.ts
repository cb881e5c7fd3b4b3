/**
 * The console on the machine's screen. What programs/screen.c writes goes over the serial line and to the screen: the same
 * bytes, through the terminal's model in Node, say what every cell of the picture must be.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { type Guest, startGuest } from "../../cli/run/guest.ts";
import { type BitmapFont, readPcf } from "../../tools/tables/pcf.ts";
import { ScreenModel } from "../unit/console/screen-model.ts";
import { testImage, testRoot } from "./image.ts";
import { Monitor, type Picture } from "./screen.ts";

const LIMIT_MS = 90_000;
const FONT_FOLDER = "/usr/share/fonts/X11/misc";
const readFont = (name: string): BitmapFont => readPcf(gunzipSync(readFileSync(join(FONT_FOLDER, name))));
const fonts = { small: readFont("ter-u16n_unicode.pcf.gz"), large: readFont("ter-u32n_unicode.pcf.gz") };

const image = await testImage(await testRoot());

interface Running {
  guest: Guest;
  monitor: Monitor;
  output(): string;
  errors(): string;
}

async function start(args: string[], qemu: string[], boot: Record<string, unknown> = {}): Promise<Running> {
  const monitor = new Monitor();
  const guest = await startGuest({
    elf: image,
    boot: {
      program: "/programs/screen",
      args: ["screen", ...args],
      cwd: "/tmp",
      stdin: "pipe",
      stdout: "pipe",
      stderr: "com2",
      ...boot,
    },
    output: "pipe",
    qemuArguments: [...qemu, ...monitor.qemuArguments],
  });
  after(() => {
    guest.kill();
    monitor.close();
  });
  const texts = ["", ""];
  for (const [index, stream] of [guest.stdout as Readable, guest.stderr].entries()) {
    stream.on("data", (chunk: Buffer) => {
      texts[index] += chunk.toString("latin1");
    });
  }
  return { guest, monitor, output: () => texts[0] ?? "", errors: () => texts[1] ?? "" };
}

async function until(holds: () => boolean, what: string, limitMs = 30_000): Promise<void> {
  for (const end = performance.now() + limitMs; !holds(); await sleep(50)) {
    if (performance.now() > end) assert.fail(`${what}: not within ${limitMs} ms`);
  }
}

/** Rows of bits of a cell: 1 for the color that is not `background`. */
function bitsAt(picture: Picture, font: BitmapFont, row: number, column: number, background: number): number[] {
  return Array.from({ length: font.height }, (_, y) => {
    let bits = 0;
    for (let x = 0; x < font.width; x++) {
      const color = picture.at(column * font.width + x, row * font.height + y);
      bits = bits * 2 + (color === background ? 0 : 1);
    }
    return bits;
  });
}

/** The text of a row of plain cells, as far as it can be told from the picture alone. */
function readRow(picture: Picture, font: BitmapFont, row: number, background = 0): string {
  const byBits = new Map<string, string>();
  for (let code = 0x7e; code >= 0x20; code--) {
    byBits.set(String(font.glyphs.get(code)), String.fromCharCode(code));
  }
  const columns = Math.floor(picture.width / font.width);
  const text = Array.from(
    { length: columns },
    (_, column) => byBits.get(String(bitsAt(picture, font, row, column, background))) ?? "�",
  );
  return text.join("").trimEnd();
}

/** Cells that are plain letters: those must be drawn just so. Returns how many were compared. */
function assertShows(picture: Picture, model: ScreenModel, font: BitmapFont): number {
  let compared = 0;
  for (let row = 0; row < model.rows; row++) {
    for (let column = 0; column < model.columns; column++) {
      const { text, width, style } = model.cell(row, column);
      const [cursorRow, cursorColumn] = model.cursor;
      if (style !== "" || width !== 1 || (row === cursorRow && column === cursorColumn)) continue;
      const codes = [...text.normalize("NFC")];
      const wanted = font.glyphs.get(text === "" ? 0x20 : (codes[0]?.codePointAt(0) ?? 0x20));
      if (codes.length > 1 || wanted === undefined) continue;
      const seen = bitsAt(picture, font, row, column, 0);
      assert.deepEqual(
        seen,
        wanted,
        `row ${row} column ${column} is not ${JSON.stringify(text)}: "${model.line(row)}"`,
      );
      compared++;
    }
  }
  return compared;
}

/** The model of what was written: the line that the kernel greets with, read from the picture, and the program's bytes. */
function modelOf(picture: Picture, output: string, font: BitmapFont, greeting: string): ScreenModel {
  const model = new ScreenModel(Math.floor(picture.width / font.width), Math.floor(picture.height / font.height));
  return model.write(`${greeting}\r\n`).write(Buffer.from(output, "latin1"));
}

async function settled({ monitor, output }: Running): Promise<Picture> {
  await until(() => output().includes("done\r\n"), "the program's output");
  await sleep(300); // the painter draws within a frame; this is many
  return monitor.picture();
}

const GREETING = /^eggos \d+\.\d+\.\d+, \d+ MB of memory, ready in \d+ ms$/;

for (const [what, qemu, font] of [
  ["VGA", ["-device", "VGA,romfile="], fonts.small],
  ["bochs-display alone", ["-device", "bochs-display"], fonts.small],
  ["virtio-vga", ["-device", "virtio-vga,romfile="], fonts.small],
  ["a large screen", ["-device", "VGA,romfile=,vgamem_mb=64,xres=2560,yres=1440"], fonts.large],
] as const) {
  test(`${what}: text, colours and progress look as the terminal's model says`, { timeout: LIMIT_MS }, async () => {
    const running = await start(["text", "colors", "progress", "window"], [...qemu]);
    const picture = await settled(running);
    const greeting = readRow(picture, font, 0);
    assert.match(greeting, GREETING);
    const model = modelOf(picture, running.output(), font, greeting);
    assert.ok(assertShows(picture, model, font) > 1000);
    assert.match(model.text(), new RegExp(`${model.columns} columns, ${model.rows} rows`));
    // The first colour cell of `colors`: red.
    const row =
      Array.from({ length: model.rows }, (_, at) => at).find((at) => model.cell(at, 2).style === "bg=1") ?? -1;
    assert.equal(picture.at(2 * font.width, row * font.height), 0xcd3131);
    running.guest.endInput();
    assert.deepEqual((await running.guest.ended).ending, { kind: "exit", status: 0 });
  });
}

test("a pager's screen, and what was there before it", { timeout: LIMIT_MS }, async () => {
  const running = await start(["text", "pager"], ["-device", "VGA,romfile="]);
  const picture = await settled(running);
  const model = new ScreenModel(160, 50).write(Buffer.from(running.output(), "latin1"));
  assert.ok(assertShows(picture, model, fonts.small) > 1000);
  assert.equal(readRow(picture, fonts.small, 0), "line 1 of the manual");
});

test("Shift-PgUp looks back, typing comes forward", { timeout: LIMIT_MS }, async () => {
  const running = await start(["scroll"], ["-device", "VGA,romfile="]);
  const font = fonts.small;
  const first = await settled(running);
  assert.equal(readRow(first, font, 48), "done");
  await running.monitor.press("shift-pgup");
  const back = await running.monitor.until((picture) => readRow(picture, font, 48) !== "done");
  assert.equal(readRow(back, font, 47), "line 275");
  await running.monitor.press("shift-pgdn");
  await running.monitor.until((picture) => readRow(picture, font, 48) === "done");
  await running.monitor.press("shift-pgup", "shift-pgup", "a");
  const typed = await running.monitor.until((picture) => readRow(picture, font, 48) === "done");
  assert.equal(readRow(typed, font, 48), "done");
});

test("KD_GRAPHICS keeps text away, KD_TEXT brings all of it", { timeout: LIMIT_MS }, async () => {
  const hidden = await start(["graphics", "text"], ["-device", "VGA,romfile="]);
  const before = await settled(hidden);
  assert.match(hidden.output(), /mode 1 keyboard 3/);
  assert.ok(!readRow(before, fonts.small, 1).includes("mode"), "text is drawn in graphics mode");
  const shown = await start(["graphics", "text", "back"], ["-device", "VGA,romfile="]);
  const picture = await settled(shown);
  assert.equal(readRow(picture, fonts.small, 1), "mode 1 keyboard 3");
  assert.match(readRow(picture, fonts.small, 2), /^The quick brown fox/);
});

test("a window that the host says is what programs and the screen have", { timeout: LIMIT_MS }, async () => {
  const running = await start(["window", "scroll"], ["-device", "VGA,romfile="], { columns: 60, rows: 20 });
  const picture = await settled(running);
  assert.match(running.output(), /60 columns, 20 rows/);
  assert.equal(readRow(picture, fonts.small, 18), "done");
  assert.equal(readRow(picture, fonts.small, 20), "");
});

test("without a host behind the line the screen answers where the cursor is", { timeout: LIMIT_MS }, async () => {
  const running = await start(["query", "kind"], ["-device", "VGA,romfile="], { stdin: "raw" });
  await until(() => running.output().includes("done"), "an answer");
  assert.match(running.output(), /answer \[2;1R/);
  assert.match(running.output(), /terminal xterm-256color/);
});

test("standard output that is a stream shows too", { timeout: LIMIT_MS }, async () => {
  const running = await start(["stream"], ["-device", "VGA,romfile="]);
  const picture = await settled(running);
  const rows = [1, 2, 3].map((row) => readRow(picture, fonts.small, row));
  assert.deepEqual(rows, ["one line", "and another", "done"]);
  assert.ok(running.output().includes("one line\nand another\n"));
});

test("--trace shows the phases of the boot", { timeout: LIMIT_MS }, async () => {
  const running = await start([], ["-device", "VGA,romfile="], { trace: true });
  const picture = await settled(running);
  const rows = Array.from({ length: 20 }, (_, row) => readRow(picture, fonts.small, row));
  for (const phase of ["memory", "clock", "file systems", "program"]) {
    assert.ok(
      rows.some((text) => new RegExp(`boot: +\\d+ us +\\+ *\\d+ us +${phase}$`).test(text)),
      `${phase}:\n${rows.join("\n")}`,
    );
  }
});

/** A machine that stays when the kernel has panicked: as a real one, it has no emulator's port to leave by. */
function startBare(device: string, args: string[]): { monitor: Monitor; output(): string } {
  const monitor = new Monitor();
  const words = ["program=/programs/screen", "cwd=/tmp", "arg=screen", ...args.map((arg) => `arg=${arg}`)];
  const machine = [
    "-machine",
    "q35",
    "-cpu",
    "max",
    "-smp",
    "1,maxcpus=2",
    "-m",
    "256",
    "-nodefaults",
    "-display",
    "none",
  ];
  const child = spawn("qemu-system-x86_64", [
    ...machine,
    ...["-serial", "stdio", "-kernel", image, "-append", words.join(" "), "-device", device],
    ...monitor.qemuArguments,
  ]);
  after(() => {
    child.kill("SIGKILL");
    monitor.close();
  });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
  });
  return { monitor, output: () => text };
}

test("a panic shows its backtrace on a framebuffer", { timeout: LIMIT_MS }, async () => {
  const { monitor, output } = startBare("VGA,romfile=", ["text"]);
  await until(() => output().includes("done"), "the program's output");
  await monitor.command("nmi");
  const rowsOf = (picture: Picture): string =>
    Array.from({ length: 16 }, (_, row) => readRow(picture, fonts.small, row, picture.at(0, 17))).join("\n");
  const isTraced = /^ {4}at .*\(kernel\/.*\.ts:\d+/m;
  const shown = rowsOf(await monitor.until((picture) => isTraced.test(rowsOf(picture))));
  assert.match(shown, /kernel panic: a non-maskable interrupt/);
  assert.match(shown, isTraced);
  assert.match(output(), isTraced);
});

/** Character bytes and attributes of a VGA's text memory. */
async function textMemory(monitor: Monitor): Promise<Buffer> {
  const path = join(tmpdir(), `text-memory-${process.pid}`);
  await monitor.command(`pmemsave 0xb8000 4000 "${path}"`);
  return readFileSync(path);
}

function textRow(memory: Buffer, row: number): string {
  return Array.from({ length: 80 }, (_, column) => String.fromCharCode(memory[(row * 80 + column) * 2] ?? 0))
    .join("")
    .trimEnd();
}

test("a VGA in text mode shows the console", { timeout: LIMIT_MS }, async () => {
  const running = await start(["text", "colors", "window"], ["-device", "cirrus-vga"]);
  await settled(running);
  const memory = await textMemory(running.monitor);
  assert.match(textRow(memory, 0), GREETING);
  assert.match(textRow(memory, 1), /^The quick brown fox jumps/);
  // Code page 437: Größe, naïve.
  assert.ok(textRow(memory, 2).includes("Gr\x94\xe1e, na\x8bve"));
  assert.ok(textRow(memory, 5).startsWith("\xda\xc4\xc4\xc4\xc4\xc4\xc4\xc2"));
  // The colour bar: red is 4 as a background.
  assert.equal(memory[(8 * 80 + 2) * 2 + 1], 0x47);
  assert.match(running.output(), /80 columns, 25 rows/);
});

test("a panic shows on a VGA in text mode", { timeout: LIMIT_MS }, async () => {
  const { monitor, output } = startBare("cirrus-vga", ["text"]);
  await until(() => output().includes("done"), "the program's output");
  await monitor.command("nmi");
  await until(() => output().includes("    at "), "a panic on the serial line");
  const panicking = await textMemory(monitor);
  assert.match(textRow(panicking, 1), /^kernel panic: a non-maskable interrupt/);
  assert.equal(panicking[161], 0x4f);
});
