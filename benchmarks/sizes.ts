import { statSync } from "node:fs";

/** Bytes of these files together. */
export function imageSize(paths: (string | undefined)[]): number {
  return paths.reduce((sum, path) => sum + (path === undefined ? 0 : statSync(path).size), 0);
}
