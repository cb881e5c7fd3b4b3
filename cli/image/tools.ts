// Programs of the host that packing needs, and the Debian package that each comes from.

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { EXIT_UNAVAILABLE, Failure } from "../failure.ts";

export type Tool = { package: string } & ({ command: string } | { file: string });

function isThere(tool: Tool): boolean {
  if ("file" in tool) return existsSync(tool.file);
  return (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, tool.command)));
}

/** A Failure that names everything that is missing, at once. */
export function missingTools(tools: Tool[]): void {
  const missing = tools.filter((tool) => !isThere(tool));
  if (missing.length === 0) return;
  const names = missing.map((tool) => ("command" in tool ? tool.command : tool.file));
  const packages = [...new Set(missing.map((tool) => tool.package))];
  throw new Failure(`${names.join(", ")}: not installed`, {
    advice: `apt-get install ${packages.join(" ")}, or npm start, which does it`,
    status: EXIT_UNAVAILABLE,
  });
}
