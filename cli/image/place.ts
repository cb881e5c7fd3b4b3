// How a bundled file still knows where it stands: __dirname, __filename, import.meta, require.main.

import { dirname } from "node:path";
import { pathToFileURL } from "node:url";

/** Source that asks where it is. */
export const SELF_AWARE = /__dirname|__filename|import\.meta|require\.main/;
/**
 * How a file asks where it is, and the variable that answers. The bundler replaces the one by the other (`define`), in
 * every file; each file that asks begins with the variables it needs. They are the file's own, renamed where names meet.
 */
export const PLACE_VARIABLES: Record<string, string> = {
  __filename: "__egg_filename",
  __dirname: "__egg_dirname",
  "import.meta.url": "__egg_url",
  "import.meta.filename": "__egg_filename",
  "import.meta.dirname": "__egg_dirname",
  "import.meta.main": "__egg_main",
  "require.main": "__egg_require_main",
};

/** The variables that `source` needs, as one line's beginning. */
export function placePrefix(source: string, place: string, isMain: boolean, requireMain: string): string {
  const values: Record<string, string> = {
    __egg_filename: JSON.stringify(place),
    __egg_dirname: JSON.stringify(dirname(place)),
    __egg_url: JSON.stringify(pathToFileURL(place).href),
    __egg_main: String(isMain),
    __egg_require_main: requireMain,
  };
  const needed = Object.entries(PLACE_VARIABLES).filter(([name]) =>
    source.includes(name.replace(/^import\.meta\./, "")),
  );
  const variables = [...new Set(needed.map(([, variable]) => variable))];
  if (variables.length === 0) return "";
  const strict = /^\s*["']use strict["']/.test(source) ? '"use strict"; ' : "";
  return `${strict}var ${variables.map((name) => `${name} = ${values[name]}`).join(", ")}; `;
}

/** In front of the first line, or of the second when the first is for the shell. */
export function insertPrefix(source: string, prefix: string): string {
  const at = source.startsWith("#!") ? source.indexOf("\n") + 1 : 0;
  return source.slice(0, at) + prefix + source.slice(at);
}
