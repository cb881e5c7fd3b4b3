// Debian packages, installed when what they provide is not there. Runs on Node 20, with nothing but Node.
//
// One list in packages.json: the package, a file it provides (looking for a file takes microseconds, asking dpkg
// takes a second), and what it is for.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

/** @typedef {{ package: string, provides: string, for: string }} DebianPackage */

/**
 * The packages of a list that are missing.
 * @param {string | URL} list
 * @returns {DebianPackage[]}
 */
export function missingPackages(list) {
  /** @type {DebianPackage[]} */
  const packages = JSON.parse(readFileSync(list, "utf8"));
  return packages.filter((one) => !existsSync(one.provides));
}

/**
 * Run a command and keep its last line on the screen while a person watches; on failure its output is the error's.
 * @param {string} title
 * @param {string} command
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [environment]
 */
export function runShowing(title, command, args, environment = {}) {
  const watched = process.stderr.isTTY === true;
  const startedAt = Date.now();
  process.stderr.write(watched ? `● ${title} …` : `setup: ${title} …\n`);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...environment } });
    let output = "";
    const take = (/** @type {Buffer} */ chunk) => {
      output += chunk.toString();
      if (!watched) return;
      const line =
        output
          .trimEnd()
          .split(/[\r\n]/)
          .at(-1) ?? "";
      const room = Math.max(20, (process.stderr.columns ?? 80) - title.length - 6);
      process.stderr.write(`\r\x1b[K● ${title} … ${line.slice(0, room)}`);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", reject);
    child.on("close", (code) => {
      const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
      if (watched) process.stderr.write(`\r\x1b[K${code === 0 ? "✓" : "✗"} ${title} (${seconds} s)\n`);
      if (code === 0) resolve(undefined);
      else reject(new Error(output.trim() || `${command} failed`));
    });
  });
}

/** How to become root: nothing when we are, sudo when it is there, null otherwise. */
function rootCommand() {
  if (process.getuid?.() === 0) return [];
  const sudo = spawnSync("sudo", process.stdin.isTTY ? ["-v"] : ["-n", "true"], {
    stdio: ["inherit", "ignore", "ignore"],
  });
  return sudo.status === 0 ? ["sudo"] : null;
}

/**
 * Install packages. Throws an error with one line for the person when it cannot.
 * @param {DebianPackage[]} packages
 */
export async function installPackages(packages) {
  if (packages.length === 0) return;
  const names = packages.map((one) => one.package);
  const byHand = `apt-get install ${names.join(" ")}`;
  if (!existsSync("/usr/bin/apt-get")) {
    throw new Error(
      `missing: ${packages.map((one) => `${one.package} (${one.for})`).join(", ")}; this system has no apt-get, install them by hand`,
    );
  }
  const root = rootCommand();
  if (root === null) throw new Error(`missing: ${names.join(", ")}; install them with: sudo ${byHand}`);
  const apt = (/** @type {string[]} */ args, /** @type {string} */ title) => {
    const [command = "apt-get", ...rest] = [
      ...root,
      "env",
      "DEBIAN_FRONTEND=noninteractive",
      "apt-get",
      "-q",
      "-o",
      "DPkg::Lock::Timeout=120",
      ...args,
    ];
    return runShowing(title, command, rest);
  };
  const install = () => apt(["install", "-y", "--no-install-recommends", ...names], `installing ${names.join(", ")}`);
  try {
    await install();
  } catch {
    // The package lists may be missing (a fresh container) or stale.
    try {
      await apt(["update"], "updating the package lists");
      await install();
    } catch (error) {
      const last = error instanceof Error ? (error.message.split("\n").at(-1) ?? "") : String(error);
      throw new Error(`cannot install ${names.join(", ")}: ${last}; try: sudo ${byHand}`);
    }
  }
  const still = packages.filter((one) => !existsSync(one.provides));
  if (still.length > 0)
    throw new Error(`${still.map((one) => `${one.package} did not bring ${one.provides}`).join(", ")}`);
}
