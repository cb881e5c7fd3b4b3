// The terminal emulator by itself: what is hard to see beside another terminal, answers, limits, and any bytes at all.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { ScreenModel } from "./screen-model.ts";
import { generator } from "./stream-maker.ts";

const model = new ScreenModel();
beforeEach(() => model.restart(20, 5));

test("text goes on in the next line, and the last column is not left before a further character comes", () => {
  model.write("x".repeat(20));
  assert.deepEqual(model.cursor, [0, 20]);
  model.write("y");
  assert.deepEqual(model.cursor, [1, 1]);
  assert.equal(model.exports.isWrapped(1), 1);
  assert.equal(model.text(), `${"x".repeat(20)}\ny`);
});

test("bytes of a character may come one by one", () => {
  for (const byte of Buffer.from("é漢🙂")) model.write(Uint8Array.of(byte));
  assert.equal(model.line(0), "é漢🙂");
  assert.deepEqual(model.cursor, [0, 5]);
});

test("malformed UTF-8 shows replacement characters, one for each maximal part (Unicode 17, table 3-8)", () => {
  model.write(Uint8Array.of(0x61, 0xf1, 0x80, 0x80, 0xe1, 0x80, 0xc2, 0x62, 0x80, 0x63, 0x80, 0xbf, 0x64));
  assert.equal(model.line(0), "a���b�c��d");
  model.write("\r\n").write(Uint8Array.of(0xc0, 0xaf, 0xed, 0xa0, 0x80, 0xf4, 0x90, 0x80, 0x80, 0xff));
  assert.equal(model.line(1), "�".repeat(10));
});

test("a character cut off by a control sequence is replaced, the sequence still counts", () => {
  model.write(Uint8Array.of(0xe6, 0xbc)).write("\x1b[31mx");
  assert.equal(model.line(0), "�x");
  assert.equal(model.cell(0, 1).style, "fg=1");
});

test("a wide character that does not fit goes to the next line; half of one that is overwritten goes too", () => {
  model.write(`${"x".repeat(19)}漢`);
  assert.equal(model.text(), `${"x".repeat(19)}\n漢`);
  model.write("\x1b[2;2H!");
  assert.equal(model.line(1), " !");
});

test("marks join the character before the cursor, two at most", () => {
  model.write("e\u0301\u0323\u0302x");
  assert.equal(model.cell(0, 0).text, "e\u0301\u0323");
  assert.equal(model.cell(0, 1).text, "x");
  model.restart(20, 5);
  model.write("\u0301a");
  assert.equal(model.line(0), "a");
});

test("lines that leave the top are kept and can be looked at; output keeps what is looked at in place", () => {
  for (let i = 1; i <= 12; i++) model.write(`line ${i}\r\n`);
  assert.equal(model.exports.kept(), 8);
  assert.equal(model.exports.scrollView(3), 1);
  assert.equal(model.line(0), "line 6");
  model.write("line 13\r\n");
  assert.equal(model.line(0), "line 6");
  assert.equal(model.exports.scrollView(100), 1);
  assert.equal(model.line(0), "line 1");
  assert.equal(model.exports.scrollView(1), 0);
  assert.equal(model.exports.scrollView(-100), 1);
  assert.equal(model.line(3), "line 13");
});

test("what is kept is bounded", () => {
  for (let i = 0; i < 70000; i += 100) model.write(Array.from({ length: 100 }, (_, j) => `${i + j}\r\n`).join(""));
  assert.equal(model.exports.kept(), Math.floor(65536 / 20));
  model.exports.scrollView(1_000_000);
  assert.equal(model.line(0), String(70000 - 4 - Math.floor(65536 / 20)));
});

test("scrolling a region that begins at the top keeps lines, one further down does not", () => {
  model.write("\x1b[1;3r1\r\n2\r\n3\r\n4");
  assert.equal(model.exports.kept(), 1);
  assert.equal(model.text(), "2\n3\n4");
  model.write("\x1b[2;3r\x1b[3;1H\n\n");
  assert.equal(model.exports.kept(), 1);
});

test("nothing of the alternate screen is kept, and the main one comes back", () => {
  model.write("main\x1b[?1049hother\r\n1\r\n2\r\n3\r\n4\r\n5\r\n");
  assert.equal(model.exports.isAlternate(), 1);
  assert.equal(model.exports.kept(), 0);
  model.write("\x1b[?1049l");
  assert.equal(model.text(), "main");
  assert.deepEqual(model.cursor, [0, 4]);
});

test("erasing what is kept leaves the screen", () => {
  for (let i = 1; i <= 9; i++) model.write(`${i}\r\n`);
  model.write("\x1b[3J");
  assert.equal(model.exports.kept(), 0);
  assert.equal(model.line(0), "6");
});

test("answers: attributes, status, where the cursor is, modes", () => {
  model.write("\x1b[c\x1b[>c\x1b[5n");
  assert.equal(model.answers(), "\x1b[?1;2c\x1b[>0;276;0c\x1b[0n");
  model.write("\x1b[3;7H\x1b[6n\x1b[?6n");
  assert.equal(model.answers(), "\x1b[3;7R\x1b[?3;7R");
  model.write(`\r${"x".repeat(20)}\x1b[6n`);
  assert.equal(model.answers(), "\x1b[3;20R");
  model.write("\x1b[?7$p\x1b[?25l\x1b[?25$p\x1b[?31337$p\x1b[4$p");
  assert.equal(model.answers(), "\x1b[?7;1$y\x1b[?25;2$y\x1b[?31337;0$y\x1b[4;2$y");
});

test("modes that others act upon are known", () => {
  const { exports } = model;
  model.write("\x1b[?1;1002;2004h\x1b[?25l");
  assert.deepEqual(
    [exports.isApplicationCursor(), exports.mouseTracking(), exports.isBracketedPaste(), exports.isCursorVisible()],
    [1, 1002, 1, 0],
  );
  model.write("\x1b[!p");
  assert.deepEqual([exports.isApplicationCursor(), exports.isCursorVisible()], [0, 1]);
});

test("the window's title is kept as far as it fits; other commands say nothing", () => {
  model.write("\x1b]0;Größe\x07\x1b]4;1;rgb:00/00/00\x1b\\");
  assert.equal(model.title, "Größe");
  model.write(`\x1b]2;${"long ".repeat(1000)}\x1b\\after`);
  assert.ok(model.title.length <= 256 && model.title.startsWith("long long"));
  assert.equal(model.line(0), "after");
});

test("a string without an end swallows what follows up to ESC, CAN or SUB, and keeps nothing of it", () => {
  for (const opening of ["\x1bP", "\x1bX", "\x1b^", "\x1b_", "\x1b]1;"]) {
    model.restart(20, 5);
    model.write(`${opening}${"z".repeat(100_000)}\x18ok`);
    assert.equal(model.line(0), "ok");
  }
});

test("a resize keeps lines above the cursor and cuts what is too wide", () => {
  model.write("one is rather long\r\ntwo\r\nthree\r\nfour");
  model.resize(10, 2);
  assert.equal(model.text(), "three\nfour");
  assert.equal(model.exports.kept(), 2);
  model.exports.scrollView(2);
  assert.equal(model.line(0), "one is rat");
  model.exports.scrollView(-2);
  model.resize(30, 6);
  assert.equal(model.text(), "three\nfour");
  model.write("!");
  assert.equal(model.line(1), "four!");
});

test("only rows that changed are damaged", () => {
  model.exports.clearDamage();
  model.write("\x1b[3;1Hx");
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((row) => model.exports.isDamaged(row)),
    [0, 0, 1, 0, 0],
  );
  model.exports.clearDamage();
  model.write("\x1b[2;4r\x1b[4;1H\n");
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((row) => model.exports.isDamaged(row)),
    [0, 1, 1, 1, 0],
  );
});

test("the bell rings", () => {
  model.write("\x07\x07");
  assert.equal(model.exports.bellCount(), 2);
});

/** Bytes that lean towards what means something to a terminal. */
function noise(seed: number): Uint8Array {
  const random = generator(seed);
  const likely = Buffer.from(
    "\x1b\x1b\x1b[[[]P;;;:?>!\"$' 0123456789ABCDHJKLMPSTXhlmrqsuc78()#\r\n\t\b\x0e\x0f\x9b\x18",
  );
  return Uint8Array.from({ length: 2000 }, () =>
    random(4) === 0 ? random(256) : (likely[random(likely.length)] as number),
  );
}

test("any bytes leave a terminal that works: 300 seeds", () => {
  const seeds = process.env.SEED ? [Number(process.env.SEED)] : Array.from({ length: 300 }, (_, i) => i + 1);
  for (const seed of seeds) {
    const random = generator(seed ^ 0x5eed);
    model.restart(1 + random(50), 1 + random(20));
    const bytes = noise(seed);
    for (let at = 0; at < bytes.length; ) {
      const end = at + 1 + random(200);
      model.write(bytes.subarray(at, end));
      if (random(6) === 0) model.resize(1 + random(50), 1 + random(20));
      if (random(6) === 0) model.exports.scrollView(random(9) - 4);
      const [row, column] = model.cursor;
      assert.ok(row >= 0 && row < model.rows && column >= 0 && column <= model.columns, `SEED=${seed}: cursor`);
      model.answers();
      at = end;
    }
    model.write("\x18\x1bc\x1b[1;1Hok");
    assert.equal(model.text().replace("\n", ""), "ok".slice(0, model.columns * model.rows), `SEED=${seed}`);
  }
});
