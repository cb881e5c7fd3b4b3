// Reading option values: each either means something or ends with a line that says what it should look like.

import { isIP } from "node:net";
import { Command, CommanderError } from "commander";
import { EXIT_USAGE, Failure } from "./failure.ts";
import { KEYBOARDS } from "./image/boot-config.ts";
import type { PortForward } from "./run/qemu.ts";

function usage(message: string, advice: string): Failure {
  return new Failure(message, { advice, status: EXIT_USAGE });
}

/** Least and most guest memory, MiB. */
const MEMORY_MIN_MIB = 16;
const MEMORY_MAX_MIB = 1 << 20;

/** `256M`, `2G`, `256` (MiB): memory in MiB. */
export function parseMemory(text: string, option = "-m"): number {
  const match = /^(\d+)([MmGg]?)(i?[Bb])?$/.exec(text);
  const value = match ? Number(match[1]) * (/[Gg]/.test(match[2] ?? "") ? 1024 : 1) : 0;
  if (!match || value < MEMORY_MIN_MIB || value > MEMORY_MAX_MIB) {
    throw usage(
      `${option} ${text}: not an amount of memory from ${MEMORY_MIN_MIB}M to 1024G`,
      "write it as 256M or 2G",
    );
  }
  return value;
}

function parsePortNumber(text: string, whole: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535)
    throw usage(`-p ${whole}: "${text}" is not a port from 1 to 65535`, "write it as 8080:80");
  return port;
}

/** `[ADDRESS:]HOST:GUEST[/udp]`, or one number for both. */
export function parsePort(text: string): PortForward {
  const match = /^(?:(\[[0-9a-fA-F:.]+\]|\d+\.[0-9.]+):)?(\d+)(?::(\d+))?(?:\/(tcp|udp))?$/.exec(text);
  if (!match) throw usage(`-p ${text}: not a port mapping`, "write it as 8080:80, 127.0.0.1:8080:80 or 5353:53/udp");
  const host = match[2] ?? "";
  return {
    protocol: match[4] === "udp" ? "udp" : "tcp",
    hostAddress: match[1] ?? "127.0.0.1",
    hostPort: parsePortNumber(host, text),
    guestPort: parsePortNumber(match[3] ?? host, text),
  };
}

/** `ADDRESS/PREFIX`, IPv4 or IPv6. */
export function parseAddress(text: string): string {
  const [address = "", prefix = "", ...rest] = text.split("/");
  const family = isIP(address);
  const longest = family === 6 ? 128 : 32;
  if (family === 0 || !/^\d+$/.test(prefix) || Number(prefix) > longest || rest.length > 0)
    throw usage(`--ip ${text}: not an address with its prefix length`, "write it as 10.0.2.15/24 or fd00::2/64");
  return text;
}

/** An IPv4 or IPv6 address. */
export function parseHost(text: string): string {
  if (isIP(text) === 0) throw usage(`"${text}" is not an address`, "write it as 10.0.2.2 or fd00::1");
  return text;
}

/** `KEY=VALUE`, or `KEY` for the value it has here. */
export function parseEnvironment(text: string): [name: string, value: string] | null {
  const equals = text.indexOf("=");
  const name = equals < 0 ? text : text.slice(0, equals);
  if (name === "" || name.includes("\0")) throw usage(`-e ${text}: no name`, "write it as KEY=VALUE");
  if (equals >= 0) return [name, text.slice(equals + 1)];
  const value = process.env[name];
  return value === undefined ? null : [name, value];
}

/** A keyboard layout. */
export function parseKeyboard(text: string): string {
  if (KEYBOARDS.includes(text)) return text;
  throw usage(`--keyboard ${text}: no such layout`, `there are ${KEYBOARDS.join(", ")}`);
}

export function parseInteger(text: string, option: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most))
    throw usage(`${option} ${text}: not a number from ${least} to ${most}`, "egg --help says more");
  return value;
}

/** Collect a repeatable option's values. */
export function collect<T>(parse: (text: string) => T): (text: string, before: T[] | undefined) => T[] {
  return (text, before) => [...(before ?? []), parse(text)];
}

/** A command whose mistakes become Failures, and whose help goes to standard output with status 0. */
export function makeCommand(name: string): Command {
  return new Command(`egg ${name}`)
    .exitOverride()
    .configureOutput({ writeErr: () => {}, outputError: () => {} })
    .configureHelp({ helpWidth: 100 })
    .option("--debug", "show where an error came from");
}

export const ROOTFS_HELP = "start a program of a root folder or an image archive (docker save, OCI, tar): -- CMD ARGS";

/** Both a target and --rootfs were given. */
export function rootWithTarget(target: string): Failure {
  return usage(
    `${target}: --rootfs takes no target beside it`,
    "write the program after --: --rootfs ROOT -- CMD ARGS",
  );
}

/** `--name` alone takes `value`; a value of its own comes with `=` only, so that the word after it is not swallowed. */
export function withDefaultValue(words: string[], name: string, value: string): string[] {
  return words.map((word) => (word === name ? `${name}=${value}` : word));
}

/** `--name` takes the next word as its value only when that can be one, else `value`. */
export function withOptionalValue(
  words: string[],
  name: string,
  isValue: (word: string) => boolean,
  value: string,
): string[] {
  return words.flatMap((word, index) => {
    if (word === name) return isValue(words[index + 1] ?? "") ? [] : [`${name}=${value}`];
    return words[index - 1] === name && isValue(word) ? [`${name}=${word}`] : [word];
  });
}

/** `1280x720`: a screen's width and height in pixels. */
export function parseMode(text: string): { width: number; height: number } {
  const match = /^(\d{3,5})x(\d{3,5})$/.exec(text);
  const [width, height] = [Number(match?.[1]), Number(match?.[2])];
  if (!match || width > 16384 || height > 16384) throw usage(`${text}: not a screen's size`, "write it as 1280x720");
  return { width, height };
}

/** `3s`, `500ms`, `1.5` (seconds): milliseconds. */
export function parseTime(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text);
  if (!match) throw usage(`${text}: not a time`, "write it as 3s or 500ms");
  return Number(match[1]) * ({ ms: 1, s: 1000, m: 60_000 }[match[2] ?? "s"] ?? 1000);
}

/** Parse; null when help was asked for and printed. */
export function parseCommand(command: Command, words: string[]): Command | null {
  try {
    return command.parse(words, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return null;
    throw usage(
      error.message.replace(/^error: /, "").replaceAll("\n", " "),
      `${command.name()} --help lists the options`,
    );
  }
}
