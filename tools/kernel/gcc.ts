// gcc and ld, and which of their work can be skipped: an object is kept with the hash of all it was made from.

import { execFile } from "node:child_process";
import { mkdirSync, realpathSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { hash, readIfThere, repositoryRoot, writeWhole } from "./cache.ts";
import { fetchObject, keepObject, pruneObjects } from "./object-store.ts";

const run = promisify(execFile);

/**
 * The kernel runs no floating point, keeps no red zone, and lives in the top 2 GiB; frame pointers are for backtraces.
 * Dead stores are left to the earlier pass (-ftree-dse): the late one of gcc 12 drops stores to addresses that are
 * numbers (machine/x86_64/mem.h) when they are read at a variable address.
 */
const kernelFlags = [
  "-std=gnu11",
  "-g",
  "-ffreestanding",
  "-mno-red-zone",
  "-mcmodel=kernel",
  "-mgeneral-regs-only",
  "-fno-stack-protector",
  "-fno-pic",
  "-fno-pie",
  "-fno-strict-aliasing",
  "-fno-dse",
  "-fno-asynchronous-unwind-tables",
  "-fno-omit-frame-pointer",
  "-fno-optimize-sibling-calls",
  "-fno-delete-null-pointer-checks",
  "-fcf-protection=none",
];
/** Paths in the objects begin at the repository, wherever that is: so they are the same everywhere. */
const pathFlag = `-ffile-prefix-map=${repositoryRoot}=.`;
/** A kernel stack is 16 KiB; a function that takes more of it than this is reported. */
const frameLimitBytes = 1024;

export interface Source {
  /** Object file name, without extension. */
  readonly name: string;
  /** Path relative to the repository. */
  readonly path: string;
  /** Hash of the text and of all it includes. */
  readonly contentHash: string;
  /** Further gcc flags: optimization, include paths. */
  readonly flags: readonly string[];
  /** Made from TypeScript, which asc has checked: gcc's opinion of the C is of no use to anybody. */
  readonly isGenerated: boolean;
}

/** A tool of the build failed; the message is what it said. */
export class ToolError extends Error {
  override readonly name = "ToolError";
}

/** What tells one installed gcc from another without starting it. */
export function compilerIdentity(): string {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(folder, "gcc");
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat?.isFile()) {
      const real = realpathSync(path);
      return `${real} ${statSync(real).size} ${Math.trunc(statSync(real).mtimeMs)}`;
    }
  }
  throw new ToolError("gcc is not installed: apt-get install gcc (npm start and npm test install it)");
}

async function tool(command: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout, stderr } = await run(command, args, { cwd: repositoryRoot, maxBuffer: 1 << 28 });
    return stdout + stderr;
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    throw new ToolError(`${command} failed:\n${stderr || message}`);
  }
}

/**
 * Compile what has changed, the longest first, on all processors; returns the objects' paths. `onDone` hears of
 * every object that was compiled.
 */
export async function compileObjects(
  sources: readonly Source[],
  folder: string,
  onDone: (done: number, total: number, name: string) => void,
): Promise<{ objects: string[]; warnings: string[] }> {
  mkdirSync(join(repositoryRoot, folder), { recursive: true });
  const compiler = compilerIdentity();
  const jobs = sources.map((source) => {
    const flags = [
      ...kernelFlags,
      ...source.flags,
      ...(source.isGenerated ? ["-w", "-fstack-usage"] : ["-Wall", "-fstack-usage"]),
    ];
    const object = join(folder, `${source.name}.o`);
    return { source, flags, object, key: hash(source.contentHash, flags.join(" "), compiler) };
  });
  const stale = jobs
    .filter(({ object, key }) => keptKey(object) !== key)
    .map((job) => ({ ...job, size: statSync(join(repositoryRoot, job.source.path)).size }))
    .toSorted((a, b) => b.size - a.size);
  const warnings: string[] = [];
  let next = 0;
  let done = 0;
  const worker = async () => {
    for (let job = stale[next++]; job; job = stale[next++]) {
      const path = join(repositoryRoot, job.object);
      if (!fetchObject(`${job.key}.o`, path) || !fetchObject(`${job.key}.su`, path.replace(/\.o$/, ".su"))) {
        const printed = await tool("gcc", [pathFlag, ...job.flags, "-c", job.source.path, "-o", path]);
        if (printed.trim() !== "") warnings.push(printed.trim());
        else {
          keepObject(`${job.key}.o`, path);
          keepObject(`${job.key}.su`, path.replace(/\.o$/, ".su"));
        }
      }
      warnings.push(...largeFrames(path.replace(/\.o$/, ".su")));
      // The key is written last: an interrupted build has no key.
      writeWhole(`${path}.key`, job.key);
      done += 1;
      onDone(done, stale.length, job.source.name);
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), 8) }, worker));
  if (stale.length > 0) pruneObjects();
  return { objects: jobs.map((job) => job.object), warnings };
}

/** gcc's account of stack frames: `file:line:column:function<TAB>bytes<TAB>kind`. */
function largeFrames(path: string): string[] {
  const text = readIfThere(path);
  if (text === null) return [];
  return Buffer.from(text)
    .toString("utf8")
    .split("\n")
    .map((line) => line.split("\t"))
    .filter(([, bytes]) => Number(bytes) > frameLimitBytes)
    .map(([where, bytes]) => {
      const [file, line, , name] = (where ?? "").split(":");
      return `${file}:${line}: warning: ${name} takes ${bytes} bytes of stack (more than ${frameLimitBytes})`;
    });
}

function keptKey(object: string): string | null {
  const path = join(repositoryRoot, object);
  if (!statSync(path, { throwIfNoEntry: false })) return null;
  const key = readIfThere(`${path}.key`);
  return key === null ? null : Buffer.from(key).toString("utf8");
}

/** Link objects into an ELF executable. */
export async function link(
  output: string,
  objects: readonly string[],
  script: string,
  symbols: ReadonlyMap<string, bigint>,
): Promise<void> {
  const defined = [...symbols].flatMap(([name, value]) => ["--defsym", `${name}=0x${value.toString(16)}`]);
  const flags = ["-nostdlib", "-z", "max-page-size=0x1000", "-z", "noexecstack", "--no-warn-rwx-segments"];
  await tool("ld", [...flags, ...defined, "-T", script, "-o", output, ...objects]);
}
