// A folder with a go.mod: a static Linux program, made by the Go that is installed.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { EXIT_BAD_DATA, EXIT_UNAVAILABLE, errorCode, Failure } from "../failure.ts";
import { cacheFolder } from "../paths.ts";
import { step } from "../progress.ts";
import { hashKey } from "./hash.ts";
import { shown } from "./target.ts";

/** Build the program in `folder`; the path of the result. Go itself knows what need not be built again. */
export async function buildGoProgram(folder: string, name: string): Promise<string> {
  const output = join(cacheFolder("go", hashKey(folder)), name);
  return await step(`building ${shown(folder)} with Go`, () => {
    const { error, status, stderr } = spawnSync("go", ["build", "-o", output, "."], {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, CGO_ENABLED: "0", GOOS: "linux", GOARCH: "amd64" },
    });
    if (error) {
      const advice = errorCode(error) === "ENOENT" ? "apt-get install golang-go" : "see whether go build works there";
      throw new Failure(`${shown(folder)}: a Go program, and Go cannot be started`, {
        advice,
        status: EXIT_UNAVAILABLE,
        cause: error,
      });
    }
    if (status !== 0) {
      const lines = stderr.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
      const more = lines.length > 1 ? ` (and ${lines.length - 1} more)` : "";
      throw new Failure(`${shown(folder)}: ${lines[0] ?? "go build failed"}${more}`, {
        status: EXIT_BAD_DATA,
        cause: stderr,
      });
    }
    return output;
  });
}
