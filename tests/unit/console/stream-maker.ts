// Random streams for terminals, by seed. A profile is a mixture of the sequences that programs use together.

/** Mulberry32: a small generator that is the same everywhere. */
export function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

type Random = (below: number) => number;
type Maker = (random: Random) => string;

const pick = <T>(random: Random, list: readonly T[]): T => list[random(list.length)] as T;
const count = (random: Random): string => pick(random, ["", "", "0", "1", "2", "3", "5", "9", "40", "999"]);
const sequence =
  (...finals: string[]): Maker =>
  (random) =>
    `\x1b[${count(random)}${pick(random, finals)}`;

const text: Maker = (random) =>
  Array.from({ length: 1 + random(12) }, () => String.fromCharCode(0x20 + random(95))).join("");
const longText: Maker = (random) => pick(random, ["abc ", "=", "Zz9"]).repeat(1 + random(30));
const unicode: Maker = (random) =>
  Array.from({ length: 1 + random(6) }, () =>
    pick(random, ["é", "Ω", "ж", "─", "█", "漢", "字", "한", "ｗ", "🙂", "e\u0301", "o\u0308\u0323", "漢\u0301", "x"]),
  ).join("");
const controls: Maker = (random) => pick(random, ["\r\n", "\n", "\r", "\b", "\t", "\v", "\f"]);
const position: Maker = (random) => `\x1b[${1 + random(14)};${1 + random(45)}${pick(random, ["H", "f"])}`;
const style: Maker = (random) => {
  const one = (): string =>
    pick(random, [
      "0",
      "",
      ...["1", "2", "3", "4", "5", "7", "8", "9", "21", "22", "23", "24", "25", "27", "28", "29", "53", "55"],
      ...["39", "49", "4:3", "4:0", "99"],
      `${pick(random, [30, 40, 90, 100]) + random(8)}`,
      `${pick(random, [38, 48])};5;${random(300)}`,
      `${pick(random, [38, 48])};2;${random(256)};${random(256)};${random(256)}`,
      `${pick(random, [38, 48])}:2::${random(256)}:${random(256)}:${random(256)}`,
      `${pick(random, [38, 48])}:5:${random(256)}`,
      "58;5;9",
    ]);
  return `\x1b[${Array.from({ length: 1 + random(3) }, one).join(";")}m`;
};
const erase: Maker = (random) => `\x1b[${pick(random, ["", "0", "1", "2"])}${pick(random, ["J", "K"])}`;
const margins: Maker = (random) =>
  pick(random, ["\x1b[r", `\x1b[${1 + random(10)};${1 + random(14)}r`, `\x1b[${random(5)}r`]);
const graphics: Maker = (random) =>
  pick(random, ["\x1b(0", "\x1b(B", "\x1b)0", "\x0e", "\x0f", "\x1b*0", "\x1bn", "\x1bo", "lqqqk", "x   x", "mqqqj"]);
const mode: Maker = (random) => {
  const isOn = pick(random, ["h", "l"]);
  return pick(random, [`\x1b[4${isOn}`, `\x1b[20${isOn}`, `\x1b[?25${isOn}`, `\x1b[?45${isOn}`, "\x1b[4l"]);
};
/** xterm.js repeats a character with its marks, VTs without: so one that has none. */
const repeat: Maker = (random) => `r\x1b[${count(random)}b`;
const wraparound: Maker = (random) => pick(random, ["\x1b[?7h", "\x1b[?7l"]);
/** xterm.js scrolls lines without a background in, DEC and xterm lines with the pen's: so with none. */
const scrollDown: Maker = (random) => `\x1b[49m\x1b[${count(random)}T`;
const screens: Maker = (random) =>
  pick(random, ["\x1b[?1049h", "\x1b[?1049l", "\x1b[?47h", "\x1b[?1047l", "\x1b[?1048h"]);
const saved: Maker = (random) => pick(random, ["\x1b7", "\x1b8", "\x1b[s", "\x1b[u"]);
const tabs: Maker = (random) => pick(random, ["\x1bH", "\x1b[g", "\x1b[3g", "\t", "\x1b[2I", "\x1b[Z", "\x1b[3Z"]);
const queries: Maker = (random) => pick(random, ["\x1b[c", "\x1b[>c", "\x1b[5n", "\r\x1b[6n", "\r\x1b[?6n"]);
const strings: Maker = (random) =>
  pick(random, [
    "\x1b]0;title\x07",
    "\x1b]2;title\x1b\\",
    "\x1b]999;whatever\x07",
    "\x1bP1;2qpayload\x1b\\",
    "\x1bX string \x1b\\",
    "\x1b^private\x1b\\",
    "\x1b_program\x1b\\",
  ]);
const protectedText: Maker = (random) =>
  pick(random, [
    '\x1b[1"q',
    '\x1b[0"q',
    '\x1b[2"q',
    "\x1b[?J",
    "\x1b[?1J",
    "\x1b[?2J",
    "\x1b[?K",
    "\x1b[?1K",
    "\x1b[?2K",
  ]);
const columnShift: Maker = (random) => position(random) + pick(random, ["\x1b['}", "\x1b[2'}", "\x1b['~", "\x1b[3'~"]);
const malformed: Maker = (random) =>
  pick(random, [
    "\x1b[?1;3",
    "\x1b[?",
    "\x1b[<1>m",
    "\x1b[1$$m",
    "\x1b[;;;;;;m",
    "\x1b[1\x18",
    "\x1b[2\x1a",
    "\x1b[3\x1b[4m",
    "\x1b[\x08C",
    "\x1b(\x18",
    "\x1b#",
    "\x1b[1 ",
    "\x1b[99999999999999999999C",
    `\x1b[${"1;".repeat(40)}m`,
    `\x1b[4${":1".repeat(40)}m`,
    "\x1b[1:2:3H",
    "\x1b[0!x",
    "\x1b[=5h",
    "\x1b%G",
    "\x1b]0;unfinished",
    "\x1bPunfinished",
    "\x7f",
  ]);
const reset: Maker = (random) => pick(random, ["\x1b[!p", "\x1bc", "\x1b#8"]);
const index: Maker = (random) => pick(random, ["\x1bD", "\x1bM", "\x1bE", "\x1bM"]);

/** Each maker with how often it is taken. */
export const profiles = {
  lines: [
    [text, 8],
    [longText, 3],
    [controls, 8],
    [style, 4],
    [erase, 2],
    [unicode, 3],
  ],
  "cursor and editing": [
    [text, 6],
    [longText, 2],
    [controls, 3],
    [position, 4],
    [sequence("A", "B", "C", "D", "E", "F", "G", "d", "`", "a", "e"), 4],
    [sequence("@", "P", "X", "L", "M", "S"), 5],
    [repeat, 1],
    [scrollDown, 1],
    [erase, 3],
    [style, 2],
    [unicode, 4],
    [mode, 1],
    [columnShift, 1],
  ],
  "no wraparound": [
    [text, 6],
    [longText, 4],
    [wraparound, 2],
    [position, 3],
    [style, 2],
    [sequence("@", "P", "X"), 2],
  ],
  margins: [
    [text, 6],
    [longText, 2],
    [controls, 6],
    [position, 3],
    [margins, 2],
    [index, 4],
    [sequence("A", "B", "L", "M", "S"), 4],
    [scrollDown, 1],
    [style, 2],
    [erase, 1],
  ],
  "screens and saved cursors": [
    [text, 6],
    [controls, 4],
    [position, 3],
    [screens, 2],
    [saved, 2],
    [style, 2],
    [margins, 1],
    [erase, 1],
    [tabs, 2],
  ],
  "line drawing": [
    [text, 4],
    [graphics, 6],
    [controls, 3],
    [position, 2],
  ],
  "selective erase": [
    [text, 6],
    [unicode, 3],
    [position, 3],
    [protectedText, 4],
  ],
  "reports, strings and malformed sequences": [
    [text, 6],
    [controls, 3],
    [position, 2],
    [queries, 3],
    [strings, 4],
    [malformed, 6],
    [style, 1],
    [reset, 1],
  ],
} as const satisfies Record<string, readonly (readonly [Maker, number])[]>;

export type Profile = keyof typeof profiles;

export function randomStream(profile: Profile, seed: number): { pieces: string[]; columns: number; rows: number } {
  const random = generator(seed);
  const makers = profiles[profile].flatMap(([maker, weight]) => Array.from({ length: weight }, () => maker as Maker));
  const pieces = Array.from({ length: 5 + random(60) }, () => pick(random, makers)(random));
  return { pieces, columns: 20 + random(25), rows: 4 + random(10) };
}
