// Which C unit a TypeScript source goes to.

import type { WasmFunction } from "./wasm-module.ts";

/** About so many instructions make a unit: starting gcc costs as much as compiling a few hundred. */
const unitOperators = 4000;

/**
 * Source → unit: a folder's sources together, shared out by their names' hash when they are too many, so that a source
 * stays where it is while its folder grows.
 */
export function assignUnits(
  functions: readonly { readonly fn: WasmFunction; readonly stem: string }[],
): Map<string, string> {
  const folderOf = (stem: string) => stem.slice(0, Math.max(0, stem.lastIndexOf("/"))) || stem;
  const weights = new Map<string, number>();
  for (const { fn, stem } of functions) {
    const folder = folderOf(stem);
    weights.set(folder, (weights.get(folder) ?? 0) + fn.body.length);
  }
  const units = new Map<string, string>();
  for (const { stem } of functions) {
    const folder = folderOf(stem);
    const parts = Math.round((weights.get(folder) ?? 0) / unitOperators);
    units.set(stem, parts < 2 ? folder : `${folder}/part_${1 + (nameHash(stem) % parts)}`);
  }
  return units;
}

/** FNV-1a. */
function nameHash(name: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index++) hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193) >>> 0;
  return hash >>> 4;
}

export const stripExtension = (path: string): string => path.replace(/\.ts$/, "");

/** How asc's internal names may begin for a source: trusted files count as its library. */
export function stemsOf(source: string): string[] {
  const stem = stripExtension(source);
  return stem.startsWith("kernel/trusted/") ? [stem, stem.replace("kernel/trusted/", "~lib/")] : [stem];
}
