// How a fault in a source is shown: file, line and column, what is wrong, and the offending text.

import { relative, resolve } from "node:path";
import { repositoryRoot } from "./cache.ts";

/** A stretch of a source. */
export interface Place {
  readonly path: string;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** `file:line:column` and the line, the stretch underlined. */
export function showPlace({ path, text, start, end }: Place): { at: string; excerpt: string } {
  const lineStart = text.lastIndexOf("\n", start - 1) + 1;
  const lineBreak = text.indexOf("\n", start);
  const lineEnd = lineBreak < 0 ? text.length : lineBreak;
  const line = text.slice(0, start).split("\n").length;
  const column = start - lineStart;
  const underline = "~".repeat(Math.max(1, Math.min(end, lineEnd) - start));
  const margin = " ".repeat(String(line).length);
  return {
    at: `${path}:${line}:${column + 1}`,
    excerpt: `  ${line} | ${text.slice(lineStart, lineEnd)}\n  ${margin} | ${" ".repeat(column)}${underline}`,
  };
}

/** One fault as text. */
export function showFault(message: string, where: Place, also?: Place): string {
  const { at, excerpt } = showPlace(where);
  const lines = [`${at}: error: ${message}`, excerpt];
  if (also) {
    const other = showPlace(also);
    lines.push(`  ${other.at}:`, other.excerpt);
  }
  return lines.join("\n");
}

/** A file's name for people: from the working folder where that is shorter. */
export function shownPath(path: string): string {
  const absolute = resolve(repositoryRoot, path);
  const near = relative(process.cwd(), absolute);
  return near.length < absolute.length ? near : absolute;
}
