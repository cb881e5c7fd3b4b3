// What runs in the guest when `egg test` takes coverage: Node's test runner, and after it the coverage files' way out.

import type { Entry } from "./erofs.ts";

/** Where it stands in the guest. */
export const RUNNER_PATH = "/usr/lib/eggos/test-runner.mjs";

/** The variable that tells it where to send the files: a URL that ends in a slash. */
export const UPLOAD_VARIABLE = "EGG_COVERAGE_TO";

// Plain JavaScript, for it is not the project's. Its arguments are Node's words.
const RUNNER = `import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { request } from "node:http";
import { constants } from "node:os";

const FOLDER = "/tmp/eggos-coverage";
const { ${UPLOAD_VARIABLE}: address, ...given } = process.env;
const words = process.argv.slice(2);
const env = { ...given, NODE_V8_COVERAGE: FOLDER };
const child = spawn(process.execPath, ["--enable-source-maps", ...words], { stdio: "inherit", env });
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, () => child.kill(name));
const status = await new Promise((resolve) => {
  child.once("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
});

function send(name) {
  return new Promise((resolve, reject) => {
    const body = readFileSync(FOLDER + "/" + name);
    const sending = request(address + name, { method: "PUT", headers: { "content-length": body.length } }, (answer) => {
      answer.resume();
      if (answer.statusCode === 200) resolve();
      else reject(new Error("answer " + answer.statusCode));
    });
    sending.once("error", reject);
    sending.end(body);
  });
}

let files = [];
try {
  files = readdirSync(FOLDER);
} catch {}
try {
  for (const name of files) await send(name);
  process.exitCode = status;
} catch (error) {
  process.stderr.write("egg: the coverage files cannot be sent out of the guest: " + error.message + "\\n");
  process.exitCode = status || 1;
}
`;

export function runnerEntry(): Entry {
  return { path: RUNNER_PATH, kind: "file", mode: 0o644, content: { bytes: Buffer.from(RUNNER) } };
}
