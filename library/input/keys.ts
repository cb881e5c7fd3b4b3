// Names of keys and buttons by their codes: Linux include/uapi/linux/input-event-codes.h, KEY_ENTER as "enter". A key is
// a place on the keyboard, whatever the layout prints on it: "q" is left of "w".

const ROWS: readonly (readonly [first: number, names: string])[] = [
  [1, "escape 1 2 3 4 5 6 7 8 9 0 minus equal backspace tab q w e r t y u i o p leftbrace rightbrace enter"],
  [29, "leftctrl a s d f g h j k l semicolon apostrophe grave leftshift backslash z x c v b n m comma dot slash"],
  [54, "rightshift kpasterisk leftalt space capslock f1 f2 f3 f4 f5 f6 f7 f8 f9 f10 numlock scrolllock"],
  [71, "kp7 kp8 kp9 kpminus kp4 kp5 kp6 kpplus kp1 kp2 kp3 kp0 kpdot"],
  [86, "102nd f11 f12"],
  [96, "kpenter rightctrl kpslash sysrq rightalt linefeed home up pageup left right end down pagedown insert delete"],
  [113, "mute volumedown volumeup power kpequal kpplusminus pause"],
  [125, "leftmeta rightmeta compose"],
];

const names = new Map<number, string>();
for (const [first, row] of ROWS) for (const [index, name] of row.split(" ").entries()) names.set(first + index, name);

/** The name of a key's code; `key-N` for one without a name here. */
export function keyName(code: number): string {
  return names.get(code) ?? `key-${code}`;
}

export type Button = "left" | "right" | "middle" | "side" | "extra" | "touch";

const buttons = new Map<number, Button>([
  [0x110, "left"],
  [0x111, "right"],
  [0x112, "middle"],
  [0x113, "side"],
  [0x114, "extra"],
  [0x14a, "touch"],
]);

/** A pointer's button, undefined for a key. */
export function buttonName(code: number): Button | undefined {
  return buttons.get(code);
}
