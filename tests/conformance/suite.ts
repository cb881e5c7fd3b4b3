// What a conformance suite is: files for the image, and cases that run one after the other in one guest.

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Entry } from "../../cli/image/erofs.ts";

export interface Case {
  /** Unique in its suite. */
  name: string;
  /** A script for /bin/sh, run in an empty folder. */
  script: string;
  /** Time limit in seconds, as the guest's clock counts. */
  seconds: number;
}

export interface Verdict {
  outcome: "pass" | "fail" | "skip";
  /** How many tests of the case passed, failed, were skipped; a case that counts none is one test itself. */
  passed: number;
  failed: number;
  skipped: number;
  /** Names of what failed, for the reasons' table. */
  failures: string[];
  /** A word or two for the report. */
  note: string;
}

export interface Suite {
  name: string;
  title: string;
  /** What it is, where it comes from: for the report. */
  about: string;
  /** Debian packages whose files the image gets. */
  packages: string[];
  memoryMiB: number;
  /** More of the image, and the cases; builds what has to be built. `null`: it cannot be had here, and why. */
  prepare(): Promise<{ entries: Entry[]; cases: Case[] } | { missing: string }>;
  judge(output: string, status: number): Verdict;
}

/** The script's exit status by itself: 0 passes. */
export function byStatus(output: string, status: number): Verdict {
  if (status === 0) return { outcome: "pass", passed: 1, failed: 0, skipped: 0, failures: [], note: "" };
  return { outcome: "fail", passed: 0, failed: 1, skipped: 0, failures: [], note: lastLine(output) };
}

export function lastLine(output: string): string {
  return (output.trimEnd().split("\n").at(-1) ?? "").slice(0, 160);
}

/** A folder of this machine as entries of the image. */
export function folderEntries(folder: string, at: string, keep: (path: string) => boolean = () => true): Entry[] {
  const entries: Entry[] = [];
  const visit = (inside: string): void => {
    for (const name of readdirSync(join(folder, inside)).sort()) {
      const path = inside === "" ? name : `${inside}/${name}`;
      const source = join(folder, path);
      const stats = statSync(source, { throwIfNoEntry: false });
      if (!stats || !keep(path)) continue;
      if (stats.isDirectory()) {
        entries.push({ path: `${at}/${path}`, kind: "directory", mode: 0o755 });
        visit(path);
      } else if (stats.isFile()) entries.push(fileEntry(`${at}/${path}`, source));
    }
  };
  visit("");
  return entries;
}

export function fileEntry(path: string, source: string): Entry {
  const stats = statSync(source);
  return { path, kind: "file", mode: stats.mode & 0o755, content: { path: source, size: stats.size } };
}

export function textEntry(path: string, text: string): Entry {
  return { path, kind: "file", mode: 0o755, content: { bytes: Buffer.from(text) } };
}
