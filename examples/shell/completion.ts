// What Tab may make of a line: names of commands and programs first, then files.

import { readdirSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The word at the line's end: where it starts, and whether a command's name stands there. */
function lastWord(line: string): { word: string; isFirst: boolean } {
  const word = /[^\s;&|<>]*$/.exec(line)?.[0] ?? "";
  const before = line.slice(0, line.length - word.length);
  return { word, isFirst: /(^|[;&|])\s*$/.test(before) };
}

function programs(): string[] {
  return (process.env.PATH ?? "").split(delimiter).flatMap((folder) => {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  });
}

function paths(word: string, isFolderWanted: boolean): string[] {
  const home = process.env.HOME ?? "/";
  const shown = word.includes("/") ? word.slice(0, word.lastIndexOf("/") + 1) : "";
  const folder = shown.replace(/^~(?=\/)/, home) || ".";
  const start = word.slice(shown.length);
  try {
    return readdirSync(folder)
      .filter((name) => name.startsWith(start) && (start !== "" || !name.startsWith(".")))
      .flatMap((name) => {
        const isFolder = statSync(join(folder, name), { throwIfNoEntry: false })?.isDirectory() ?? false;
        return isFolder ? [`${shown}${name}/`] : isFolderWanted ? [] : [`${shown}${name}`];
      });
  } catch {
    return [];
  }
}

/** As readline wants it: the ways to go on, and the part of the line that they replace. */
export function complete(line: string, commands: string[]): [string[], string] {
  const { word, isFirst } = lastWord(line);
  if (word.startsWith("$")) {
    const names = Object.keys(process.env).map((name) => `$${name}`);
    return [names.filter((name) => name.startsWith(word)).sort(), word];
  }
  if (isFirst && !word.includes("/")) {
    const names = [...new Set([...commands, ...programs()])].filter((name) => name.startsWith(word)).sort();
    return [names.map((name) => `${name} `), word];
  }
  const isFolderWanted = /(^|[;&|]\s*)cd\s+\S*$/.test(line);
  return [paths(word, isFolderWanted).sort(), word];
}
