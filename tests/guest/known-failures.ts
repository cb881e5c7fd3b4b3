/**
 * Tests that the kernel does not pass yet: known-failures.json, by test name, each with its reason.
 * A listed test that fails is expected; one that passes is an error too, so that the list stays true.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const list = JSON.parse(readFileSync(join(import.meta.dirname, "known-failures.json"), "utf8")) as Record<
  string,
  string
>;

export function knownFailure(name: string): string | undefined {
  return list[name];
}

/** Names in the list that begin with this. */
export function knownFailuresOf(prefix: string): string[] {
  return Object.keys(list).filter((name) => name.startsWith(prefix));
}
