// Reads a line, prints its SHA-1, asks again; the end of input (Ctrl-D) ends the program.

import { createHash } from "node:crypto";
import { createInterface } from "node:readline/promises";

const terminal = createInterface({ input: process.stdin, output: process.stdout, prompt: "text> " });

terminal.prompt();
for await (const line of terminal) {
  console.log(createHash("sha1").update(line).digest("hex"));
  terminal.prompt();
}
console.log("bye");
