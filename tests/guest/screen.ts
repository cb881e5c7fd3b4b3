/** Pictures of a guest's screen: QEMU's `screendump`, read back pixel by pixel. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue, a byte each, row by row. */
  readonly rgb: Uint8Array;
  /** The color at a place, as 0xrrggbb. */
  at(x: number, y: number): number;
}

/** A binary PPM (netpbm's ppm(5), one byte a color), as `screendump` writes it. */
export function readPpm(bytes: Uint8Array): Picture {
  const head = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(Buffer.from(bytes.subarray(0, 64)).toString("latin1"));
  if (!head) throw new Error("no PPM picture");
  const [width, height] = [Number(head[1]), Number(head[2])];
  const rgb = bytes.subarray(head[0].length, head[0].length + 3 * width * height);
  if (rgb.length < 3 * width * height) throw new Error("the picture is cut off");
  const at = (x: number, y: number): number => {
    const place = 3 * (y * width + x);
    return ((rgb[place] ?? 0) << 16) | ((rgb[place + 1] ?? 0) << 8) | (rgb[place + 2] ?? 0);
  };
  return { width, height, rgb, at };
}

/** QEMU's monitor over a socket of its own: give `qemuArguments` to the guest, then take pictures and press keys. */
export class Monitor {
  readonly #folder = mkdtempSync(join(tmpdir(), "monitor-"));
  readonly #socket = join(this.#folder, "socket");

  get qemuArguments(): string[] {
    return ["-chardev", `socket,id=monitor,path=${this.#socket},server=on,wait=off`, "-mon", "chardev=monitor"];
  }

  /** Run one command; what the monitor answers. Waits for a QEMU that is just starting. */
  async command(text: string): Promise<string> {
    for (let tries = 0; !existsSync(this.#socket) && tries < 200; tries++) await sleep(50);
    return await new Promise((resolve, reject) => {
      const wire = connect(this.#socket);
      let answer = "";
      let isSent = false;
      wire.setTimeout(20_000, () => wire.destroy(new Error(`the monitor does not answer ${text}`)));
      wire.on("error", reject);
      wire.on("data", (chunk: Buffer) => {
        answer += chunk.toString("latin1");
        if (!answer.endsWith("(qemu) ")) return;
        if (isSent) {
          wire.destroy();
          resolve(answer);
        }
        answer = "";
        isSent = true;
        wire.write(`${text}\n`);
      });
    });
  }

  /** A picture of the screen as it is now. */
  async picture(): Promise<Picture> {
    const path = join(this.#folder, "screen.ppm");
    await this.command(`screendump ${path}`);
    const picture = readPpm(readFileSync(path));
    rmSync(path);
    return picture;
  }

  /** Pictures until one satisfies `isWanted`; the last one taken when the time is over. */
  async until(isWanted: (picture: Picture) => boolean, limitMs = 20_000): Promise<Picture> {
    const end = performance.now() + limitMs;
    while (true) {
      const picture = await this.picture();
      if (isWanted(picture) || performance.now() > end) return picture;
      await sleep(50);
    }
  }

  /** Press and release keys, by QEMU's names: "a", "shift-b", "ret". */
  async press(...keys: string[]): Promise<void> {
    for (const key of keys) await this.command(`sendkey ${key}`);
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
