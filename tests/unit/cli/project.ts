// Projects written out for a test, and their bundles run on plain Node.js with /app moved to a folder.

import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Bundle, bundleProgram } from "../../../cli/image/bundle.ts";
import type { EggSettings } from "../../../cli/image/target.ts";

export class Project {
  readonly folder = mkdtempSync(join(tmpdir(), "egg-project-"));

  constructor(files: Record<string, string | Uint8Array>) {
    for (const [name, content] of Object.entries(files)) {
      const path = join(this.folder, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
    }
  }

  async bundle(entry: string, settings: EggSettings = {}): Promise<Bundle> {
    return await bundleProgram(join(this.folder, entry), this.folder, settings);
  }

  /** Bundle, lay out as the guest would see it, run; standard output. Paths in the output begin with /app again. */
  async run(
    entry: string,
    settings: EggSettings = {},
  ): Promise<{ stdout: string; stderr: string; status: number | null }> {
    const bundle = await this.bundle(entry, settings);
    const guest = mkdtempSync(join(tmpdir(), "egg-guest-"));
    try {
      for (const file of bundle.bundled) {
        mkdirSync(dirname(join(guest, file.path)), { recursive: true });
        writeFileSync(
          join(guest, file.path),
          file.text.replaceAll("/app/", `${guest}/app/`).replaceAll('"/app"', `"${guest}/app"`),
        );
      }
      for (const file of bundle.copied) {
        mkdirSync(dirname(join(guest, file.path)), { recursive: true });
        copyFileSync(file.source, join(guest, file.path));
      }
      const result = spawnSync(process.execPath, ["--enable-source-maps", join(guest, bundle.entry)], {
        cwd: join(guest, "app"),
        encoding: "utf8",
        env: {},
      });
      const shown = (text: string): string => text.replaceAll(guest, "");
      return { stdout: shown(result.stdout), stderr: shown(result.stderr), status: result.status };
    } finally {
      rmSync(guest, { recursive: true });
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** A native addon: a shared library that registers itself with an empty initializer. */
export function buildAddon(path: string): void {
  const source = `${path}.c`;
  writeFileSync(
    source,
    `typedef void *value; int napi_create_int32(void *, int, value *);
value napi_register_module_v1(void *env, value exports) { value v; napi_create_int32(env, 42, &v); return v; }
int node_api_module_get_api_version_v1(void) { return 8; }
`,
  );
  execFileSync("gcc", ["-shared", "-fPIC", "-o", path, source]);
  rmSync(source);
}
