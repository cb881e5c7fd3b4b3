// Where the guest's screen is shown.

import { execFileSync } from "node:child_process";
import { EXIT_UNAVAILABLE, EXIT_USAGE, Failure } from "../failure.ts";
import type { Display } from "./qemu.ts";

/** `--display` without a value. */
export const AUTOMATIC = "auto";
const VNC_PORT = 5900;
const LAST_VNC = 99;
const WORDS = /^(auto|gtk|sdl|cocoa|none|vnc(:\d+)?)$/;

/** Whether a word can be the value of `--display`. */
export function isDisplayWord(word: string): boolean {
  return WORDS.test(word);
}

export interface DisplayHost {
  platform: NodeJS.Platform;
  environment: NodeJS.ProcessEnv;
  /** The displays that QEMU here knows. */
  available(): string[];
}

export function thisDisplayHost(): DisplayHost {
  return { platform: process.platform, environment: process.env, available: availableDisplays };
}

function availableDisplays(): string[] {
  try {
    return execFileSync("qemu-system-x86_64", ["-display", "help"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    })
      .split("\n")
      .slice(1);
  } catch {
    return [];
  }
}

function hasScreen({ platform, environment }: DisplayHost): boolean {
  return platform !== "linux" || Boolean(environment.DISPLAY) || Boolean(environment.WAYLAND_DISPLAY);
}

const ELSEWHERE = "--display vnc shows the screen over the network, --screenshot FILE.png writes a picture of it";

export interface Shown {
  display: Display;
  /** What a person should know about it. */
  note: string | undefined;
}

/** What `--display WORD` means on this host. `auto` takes a window where one can open, else a screen that is not shown. */
export function chooseDisplay(word: string, host: DisplayHost): Shown {
  if (!isDisplayWord(word)) {
    throw new Failure(`--display ${word}: not a display`, {
      advice: "gtk, sdl, cocoa, vnc, vnc:N or none",
      status: EXIT_USAGE,
    });
  }
  if (word === "none") return { display: "none", note: undefined };
  if (word.startsWith("vnc")) {
    const number = Number(word.split(":")[1] ?? 0);
    if (number > LAST_VNC)
      throw new Failure(`--display ${word}: no such VNC screen`, { advice: "0 to 99", status: EXIT_USAGE });
    return { display: { vnc: number }, note: `the screen is on VNC at 127.0.0.1:${VNC_PORT + number}` };
  }
  const kinds = ["gtk", "sdl", "cocoa"] as const;
  if (word !== AUTOMATIC) {
    if (!hasScreen(host)) {
      throw new Failure(`--display ${word}: there is no display here`, {
        advice: ELSEWHERE,
        status: EXIT_UNAVAILABLE,
      });
    }
    const kind = kinds.find((one) => one === word && host.available().includes(one));
    if (!kind) {
      throw new Failure(`QEMU cannot open a ${word} window here`, {
        advice: `apt-get install qemu-system-gui; ${ELSEWHERE}`,
        status: EXIT_UNAVAILABLE,
      });
    }
    return { display: kind, note: undefined };
  }
  if (!hasScreen(host)) return { display: "none", note: `there is no display here: ${ELSEWHERE}` };
  const available = host.available();
  const kind = kinds.find((one) => available.includes(one));
  if (kind) return { display: kind, note: undefined };
  return { display: "none", note: `QEMU has no window here (apt-get install qemu-system-gui): ${ELSEWHERE}` };
}
