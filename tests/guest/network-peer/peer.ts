/**
 * What the scripts of this folder share. Each runs in a network namespace of its own (run.ts), makes a tap
 * with a Linux host behind it, starts a guest there, prints "ok NAME" or "not ok NAME" for each check, "done" at the end.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { type Guest, type GuestOptions, startGuest } from "../../../cli/run/guest.ts";

export const HOST_4 = "10.9.0.1";
export const HOST_6 = "fd09::1";
export const GUEST_4 = "10.9.0.2";
export const GUEST_6 = "fd09::2";
const START_LIMIT_MS = 60_000;

export function ip(...words: string[]): void {
  execFileSync("ip", words, { stdio: ["ignore", "ignore", "inherit"] });
}

/** The namespace's loopback and a tap with addresses of both families. */
export function makeTap(): void {
  ip("link", "set", "lo", "up");
  ip("tuntap", "add", "tap0", "mode", "tap", "vnet_hdr");
  ip("addr", "add", `${HOST_4}/24`, "dev", "tap0");
  ip("addr", "add", `${HOST_6}/64`, "dev", "tap0", "nodad");
  ip("link", "set", "tap0", "up");
}

export async function check(name: string, body: () => Promise<void> | void): Promise<void> {
  try {
    await body();
    console.log(`ok ${name}`);
  } catch (error) {
    console.log(`not ok ${name}`);
    console.error(error);
  }
}

/** Start tests/guest/net with a card on the tap, addresses by hand; resolves when it has printed `line`. */
export async function startOnTap(args: string[], line: string, options: Partial<GuestOptions> = {}): Promise<Guest> {
  const guest = await startGuest({
    target: join(import.meta.dirname, "../net"),
    args,
    output: "pipe",
    memoryMiB: 384,
    qemuArguments: [
      "-netdev",
      "tap,id=peer,ifname=tap0,script=no,downscript=no,vhost=off",
      "-device",
      "virtio-net-pci,netdev=peer,romfile=",
    ],
    ...options,
    boot: {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "com2",
      addresses: [`${GUEST_4}/24%eth1`, `${GUEST_6}/64%eth1`],
      ...options.boot,
    },
  });
  const lines: string[] = [];
  createInterface({ input: guest.stdout as Readable }).on("line", (text) => lines.push(text));
  guest.stderr.pipe(process.stderr);
  const began = performance.now();
  while (!lines.includes(line)) {
    if (performance.now() - began > START_LIMIT_MS)
      throw new Error(`the guest does not say ${line}: ${lines.join("/")}`);
    await sleep(50);
  }
  return guest;
}

/** The guest is no longer needed: the end of the script. */
export async function leave(guest: Guest): Promise<never> {
  guest.kill();
  await guest.ended;
  console.log("done");
  process.exit(0);
}
