// Waiting for a person to change a file of the project.

import { relative, sep } from "node:path";
import { watch } from "chokidar";

/** Editors save in several steps: so long nothing must happen after a change, milliseconds. */
const QUIET_MS = 60;
/** Folders whose files are made, not written. */
const IGNORED = new Set(["node_modules", "coverage", "build", "dist"]);

export interface ProjectWatcher {
  /** The files changed since the last call: at once when there are some, else as soon as there are. */
  next(): Promise<string[]>;
  close(): Promise<void>;
}

/** Whether a change below `root` is a person's. Files with a leading dot are tools' and editors'. */
export function isWatched(path: string, root: string): boolean {
  const parts = relative(root, path).split(sep);
  return !parts.some((part) => IGNORED.has(part) || (part.startsWith(".") && part !== ".." && part !== "."));
}

/** Watch a project's folder and `files` outside of it. Resolves when changes are seen from then on. */
export async function watchProject(root: string, files: string[]): Promise<ProjectWatcher> {
  const outside = files.filter((file) => relative(root, file).startsWith("..") && !file.includes("node_modules"));
  const watcher = watch([root, ...outside], {
    ignoreInitial: true,
    ignored: (path) => !outside.includes(path) && !isWatched(path, root),
  });
  const changed = new Set<string>();
  let wake: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  watcher.on("all", (_event, path) => {
    changed.add(path);
    clearTimeout(timer);
    timer = setTimeout(() => wake?.(), QUIET_MS);
  });
  await new Promise<void>((resolve) => watcher.once("ready", resolve));
  return {
    next: async () => {
      if (changed.size === 0) await new Promise<void>((resolve) => (wake = resolve));
      wake = undefined;
      const paths = [...changed];
      changed.clear();
      return paths;
    },
    close: async () => {
      clearTimeout(timer);
      await watcher.close();
    },
  };
}
