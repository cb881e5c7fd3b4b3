// The boot configuration: what the kernel is told about the program it starts.
//
// One text for every way of booting: it stands in the ELF image, and the same words may come on the
// loader's command line (QEMU -append, GRUB). docs/command-line.md is the contract with the kernel.
//
//   program=/usr/bin/node arg=node arg=/app/main.mjs env=HOME=/root cwd=/app stdin=pipe
//
// Words are separated by spaces; in a value every byte that is not printable ASCII, and ` `, `"`, `'`, `%` and `\`, is %XX.

/** What standard input is to the program. `raw` is a bare terminal without framing; the others are framed (cli/run/framing.ts). */
export type StdinKind = "raw" | "tty" | "pipe" | "none";
/** Standard output: the terminal on the first serial port, or the same port as a plain stream of bytes. */
export type StdoutKind = "tty" | "pipe";
/** Standard error: with standard output, or by itself on the second serial port, together with the kernel's own messages. */
export type StderrKind = "tty" | "pipe" | "com2";

/** The keyboard layouts that the kernel knows (kernel/input/layouts.ts). */
export const KEYBOARDS: readonly string[] = ["us", "gb", "de", "fr"];

export interface BootConfig {
  /** Path of the ELF program in the guest. */
  program?: string;
  /** The whole argument vector, argv[0] included; without it argv is [program]. */
  args?: string[];
  /** How many of `args` belong to the image (interpreter, script): other arguments replace those after them. Not the kernel's matter. */
  fixedArgs?: number;
  /** `args` come behind the first `fixedArgs` ones of the image, which the kernel knows and whoever writes this does not. */
  argsAfterFixed?: boolean;
  env?: Record<string, string>;
  cwd?: string;
  hostname?: string;
  stdin?: StdinKind;
  stdout?: StdoutKind;
  stderr?: StderrKind;
  /** The keyboard's layout: us, gb, de, fr. */
  keyboard?: string;
  /** Mark on the first serial line where the kernel's own output begins (cli/run/framing.ts). */
  mark?: boolean;
  /** Terminal size. */
  columns?: number;
  rows?: number;
  /** `true` traces every system call, a list those named. */
  strace?: boolean | string[];
  /** Print the boot trace: what each step took. */
  trace?: boolean;
  /** Network set by hand: addresses with prefix length, gateways, name servers. Without it the kernel asks (DHCP, router advertisement). */
  addresses?: string[];
  gateways?: string[];
  nameServers?: string[];
}

/** Bytes that travel as themselves; all others become %XX. */
function isPlain(byte: number): boolean {
  return byte > 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x27 && byte !== 0x25 && byte !== 0x5c;
}

function encodeValue(value: string): string {
  let out = "";
  for (const byte of Buffer.from(value, "utf8")) {
    out += isPlain(byte) ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return out;
}

function decodeValue(text: string): string {
  const bytes: number[] = [];
  for (let index = 0; index < text.length; index++) {
    const hex = text.slice(index + 1, index + 3);
    if (text[index] === "%" && /^[0-9A-Fa-f]{2}$/.test(hex)) {
      bytes.push(Number.parseInt(hex, 16));
      index += 2;
    } else {
      bytes.push(text.charCodeAt(index) & 0xff);
    }
  }
  return Buffer.from(bytes).toString("utf8");
}

/** The text form. Keys in a fixed order, so that equal configurations give equal bytes. */
export function encodeBootConfig(config: BootConfig): string {
  const words: string[] = [];
  const put = (key: string, value: string | number | undefined): void => {
    if (value !== undefined) words.push(`${key}=${encodeValue(String(value))}`);
  };
  put("program", config.program);
  if (config.argsAfterFixed) words.push("after-fixed");
  for (const arg of config.args ?? []) put("arg", arg);
  put("fixed", config.fixedArgs);
  for (const [name, value] of Object.entries(config.env ?? {})) put("env", `${name}=${value}`);
  put("cwd", config.cwd);
  put("hostname", config.hostname);
  put("stdin", config.stdin);
  put("stdout", config.stdout);
  put("stderr", config.stderr);
  put("keyboard", config.keyboard);
  put("columns", config.columns);
  put("rows", config.rows);
  if (config.strace === true) words.push("strace");
  else if (Array.isArray(config.strace)) put("strace", config.strace.join(","));
  if (config.mark) words.push("mark");
  if (config.trace) words.push("trace");
  for (const address of config.addresses ?? []) put("ip", address);
  for (const gateway of config.gateways ?? []) put("gateway", gateway);
  for (const server of config.nameServers ?? []) put("dns", server);
  return words.join(" ");
}

/** Read the text form back; words that mean nothing here are passed over, as the kernel does. */
export function decodeBootConfig(text: string): BootConfig {
  const config: BootConfig = {};
  for (const word of text.split(" ")) {
    if (word === "") continue;
    const equals = word.indexOf("=");
    const key = equals < 0 ? word : word.slice(0, equals);
    const value = equals < 0 ? "" : decodeValue(word.slice(equals + 1));
    applyWord(config, key, value, equals >= 0);
  }
  return config;
}

function applyWord(config: BootConfig, key: string, value: string, hasValue: boolean): void {
  switch (key) {
    case "program":
    case "cwd":
    case "hostname":
    case "keyboard":
      config[key] = value;
      break;
    case "arg":
      config.args = [...(config.args ?? []), value];
      break;
    case "fixed":
      if (/^\d+$/.test(value)) config.fixedArgs = Number(value);
      break;
    case "env": {
      const equals = value.indexOf("=");
      if (equals > 0) config.env = { ...config.env, [value.slice(0, equals)]: value.slice(equals + 1) };
      break;
    }
    case "stdin":
      if (value === "raw" || value === "tty" || value === "pipe" || value === "none") config.stdin = value;
      break;
    case "stdout":
      if (value === "tty" || value === "pipe") config.stdout = value;
      break;
    case "stderr":
      if (value === "tty" || value === "pipe" || value === "com2") config.stderr = value;
      break;
    case "columns":
    case "rows":
      if (/^\d+$/.test(value)) config[key] = Number(value);
      break;
    case "strace":
      config.strace = hasValue ? value.split(",").filter((name) => name !== "") : true;
      break;
    case "after-fixed":
      config.argsAfterFixed = true;
      break;
    case "mark":
      config.mark = true;
      break;
    case "trace":
      config.trace = true;
      break;
    case "ip":
      config.addresses = [...(config.addresses ?? []), value];
      break;
    case "gateway":
      config.gateways = [...(config.gateways ?? []), value];
      break;
    case "dns":
      config.nameServers = [...(config.nameServers ?? []), value];
      break;
  }
}

/** The argument vector of an image's program when it is given these arguments. */
export function withArguments(image: BootConfig, given: string[]): string[] {
  const own = image.args ?? [image.program ?? ""];
  return [...own.slice(0, image.fixedArgs ?? own.length), ...given];
}

/** `later` over `earlier`: a list that `later` has replaces the earlier one whole, the environment is merged by name. */
export function mergeBootConfig(earlier: BootConfig, later: BootConfig): BootConfig {
  const merged: BootConfig = { ...earlier };
  for (const [key, value] of Object.entries(later)) {
    if (value !== undefined) Object.assign(merged, { [key]: value });
  }
  if (earlier.env || later.env) merged.env = { ...earlier.env, ...later.env };
  return merged;
}
