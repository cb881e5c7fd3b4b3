// The one way a command ends unwell: `throw new Failure(…)`. cli/main.ts alone prints it and exits.

/** Exit statuses of `egg` itself, from BSD sysexits.h, so that they are not mistaken for the program's. */
export const EXIT_USAGE = 64;
export const EXIT_NO_INPUT = 66;
export const EXIT_UNAVAILABLE = 69;
export const EXIT_SOFTWARE = 70;
export const EXIT_BAD_DATA = 65;
export const EXIT_CANNOT_CREATE = 73;

/** What went wrong, in one line, and what to do about it. */
export class Failure extends Error {
  readonly advice: string | undefined;
  readonly status: number;

  constructor(message: string, options: { advice?: string; status?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "Failure";
    this.advice = options.advice;
    this.status = options.status ?? 1;
  }
}

/** The `code` of a Node system error (`ENOENT`), if it is one. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** What the system may refuse, in words. */
const REFUSALS: Record<string, string> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  ENOSPC: "no space left on the disk",
  EDQUOT: "the disk quota is used up",
  EROFS: "the file system is read-only",
  EMFILE: "too many open files",
  ENOTDIR: "not a folder",
  EEXIST: "not a folder",
  EIO: "the disk reports an error",
};

/** A Failure for a system call that the host refused; null when the error is none. */
export function asRefusal(error: unknown): Failure | null {
  const words = REFUSALS[errorCode(error) ?? ""];
  if (words === undefined || !(error instanceof Error)) return null;
  const path = "path" in error && typeof error.path === "string" ? `${error.path}: ` : "";
  const advice = "EGG_CACHE names another place for what egg keeps";
  return new Failure(`${path}${words}`, { status: EXIT_CANNOT_CREATE, advice, cause: error });
}
