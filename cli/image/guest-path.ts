// Where a file of the host's project stands in the guest: the project is /app, packages of enclosing folders
// are at the same distance above it, so that Node's search upward finds them.

import { join, posix, relative, sep } from "node:path";
import { repositoryRoot } from "../paths.ts";
import { isInside } from "./target.ts";

export const APP_FOLDER = "/app";
/** The library for programs, which a project need not have beside it. */
const LIBRARY_FOLDER = "/usr/lib/eggos/library";
const LIBRARY = join(repositoryRoot, "library");

export function guestPath(file: string, root: string): string {
  if (isInside(file, root)) return posix.join(APP_FOLDER, ...relative(root, file).split(sep));
  if (isInside(file, LIBRARY)) return posix.join(LIBRARY_FOLDER, ...relative(LIBRARY, file).split(sep));
  const parts = file.split(sep);
  const modules = parts.indexOf("node_modules");
  if (modules > 0 && isInside(root, parts.slice(0, modules).join(sep) || sep)) {
    return posix.join("/", ...parts.slice(modules));
  }
  // A file beside the project (a workspace's other package): kept under its path from the common folder.
  return posix.join(
    "/outside",
    ...relative(root, file)
      .split(sep)
      .filter((part) => part !== ".."),
  );
}
