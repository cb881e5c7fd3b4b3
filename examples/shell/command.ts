// What a command of the shell is, and how it tells that it failed.

/** Where a command runs: its words, its streams, and how it is asked to stop. */
export interface Call {
  args: string[];
  /** What is piped or redirected into it; undefined: nothing is. */
  input: string | undefined;
  /** Print a text; a newline follows. */
  print(text: string): void;
  /** Write a text as it is. */
  write(text: string): void;
  /** Whether output goes to a person, and how wide the window is. */
  isTerminal: boolean;
  width: number;
  /** Fires on Ctrl-C. */
  signal: AbortSignal;
}

export interface CommandEntry {
  /** What it takes, for `help`. */
  usage: string;
  summary: string;
  run(call: Call): Promise<void> | void;
}

export type Commands = Record<string, CommandEntry>;

/** A command failed: one line says why; the exit status is 1 unless told. */
export class CommandError extends Error {
  readonly status: number;
  constructor(message: string, status = 1) {
    super(message);
    this.status = status;
  }
}

/** Options of one letter and the rest: `-la x` with "la" allowed. Throws for an unknown one. */
export function options(args: string[], allowed: string): { flags: Set<string>; rest: string[] } {
  const flags = new Set<string>();
  const rest: string[] = [];
  let isOver = false;
  for (const arg of args) {
    if (arg === "--") isOver = true;
    else if (!isOver && /^-[a-zA-Z]+$/.test(arg)) {
      for (const letter of arg.slice(1)) {
        if (!allowed.includes(letter)) throw new CommandError(`unknown option -${letter}`, 2);
        flags.add(letter);
      }
    } else rest.push(arg);
  }
  return { flags, rest };
}

const REASONS: Record<string, string> = {
  ENOENT: "no such file or directory",
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  EISDIR: "is a directory",
  ENOTDIR: "not a directory",
  EEXIST: "exists already",
  ENOTEMPTY: "the directory is not empty",
  EROFS: "read-only file system",
  ENOSPC: "no space left",
  ESRCH: "no such process",
  ERR_FS_EISDIR: "is a directory",
};

/** Why something failed, in few words. */
export function reason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code !== undefined && REASONS[code] !== undefined) return REASONS[code];
  return error instanceof Error ? error.message : String(error);
}
