// `npm start`: boot the project that is named, by default the first example.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../cli/paths.ts";

const words = process.argv.slice(2);
const before = words.includes("--") ? words.slice(0, words.indexOf("--")) : words;
const namesTarget = before.some((word) => !word.startsWith("-") && (word.includes("/") || existsSync(word)));
const target = namesTarget || before.includes("--help") ? [] : [join(repositoryRoot, "examples/helloworld")];
process.argv.splice(2, words.length, "run", ...target, ...words);
await import("../cli/main.ts");
