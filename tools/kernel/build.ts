// kernel/*.ts and machine/x86_64 → kernel.elf.
//
//   kernel/main.ts … ──asc──► wasm ──translate──► c/*.c ──gcc──► o/*.o ─┐
//   machine/x86_64/*.{S,c} ────────────────────────────────gcc──► o/*.o ─┼─ld─► first.elf ─► .symbols ─┐
//                                                   linear data ──► o/ ─┴──────────ld──────────────────┴─► kernel.elf
//
// Each step is skipped when what goes into it has the hash it had before; a build of nothing new reads the inputs,
// compares and ends. The command `node tools/kernel/build.ts` does what `buildKernel` does and shows progress.

import { readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { translate, TranslationError } from "../translator/translate.ts";
import { hash, hashFile, readIfThere, repositoryRoot, writeIfChanged, writeWhole } from "./cache.ts";
import { CompileError, compileCached } from "./compile.ts";
import { compileObjects, compilerIdentity, link, type Source, ToolError } from "./gcc.ts";
import { withLock } from "./lock.ts";
import { moduleDataGap } from "./module-data.ts";
import { addedText, enabledFile, enabledText, packagesFile, type ModuleChoice, ModuleError } from "./modules.ts";
import { shownPath } from "./diagnostic.ts";
import { type KernelPackage, mountOf } from "./packages.ts";
import { checkPackages } from "./package-check.ts";
import { codeSizes, kernelSizes, showSizes, sizesFile } from "./sizes.ts";
import { encodeRows, readRows } from "./symbols.ts";
import { buildVdso, vdsoFolder } from "./vdso.ts";

export { CompileError } from "./compile.ts";
export { ToolError } from "./gcc.ts";
export { ModuleError } from "./modules.ts";

export interface BuildProgress {
  readonly step: "typescript" | "translate" | "gcc" | "link" | "symbols";
  readonly done: number;
  readonly total: number;
  /** What was just done: a file. */
  readonly item: string;
}

export interface BuildOptions {
  /** Entry files beside `main`: their top level runs at start, their exports become `kernel_NAME`. */
  readonly entries?: readonly string[];
  /** The file that exports boot, trap, syscall and threadMain; kernel/main.ts by default. */
  readonly main?: string;
  /** Which modules it has; all of its own and no others by default. */
  readonly modules?: ModuleChoice;
  /** Leave the TypeScript unoptimized for the debugger: every local can be printed. Several times slower. */
  readonly debug?: boolean;
  /** Folder for all output, relative to the repository; build/kernel by default, build/kernel-debug with `debug`. */
  readonly output?: string;
  readonly onProgress?: (progress: BuildProgress) => void;
  /** Hears each warning of asc and gcc. */
  readonly onWarning?: (text: string) => void;
}

export interface BuiltKernel {
  /** Absolute path of kernel.elf. */
  readonly path: string;
  /** Whether anything was done. */
  readonly isFresh: boolean;
  /** The files of the project's modules, absolute. */
  readonly inputs: readonly string[];
}

/** Linear page 0 is never mapped, so that null faults. */
const memoryBase = 0x1000;
/** Static data and the first heap, which the image brings along; kernel/trusted/runtime/heap.ts maps more. */
const initialMemory = 0x200000;
/** Where linear memory stands: kernel/trusted/machine/linear.ts, machine/x86_64/layout.h. */
const linearBase = 0xffffffffc0000000n;
/** Kernels of other modules: how many to keep, beside those of the last minutes. */
const variantEnding = "-with";
const variantsKept = 6;
const recentMs = 600_000;
const machineFolder = "machine/x86_64";
const linkerScript = `${machineFolder}/kernel.ld`;
const toolFolders = ["tools/kernel", "tools/translator"];

/** What kernel.elf was made from. */
interface Manifest {
  readonly settings: string;
  readonly inputs: readonly (readonly [path: string, hash: string | null])[];
}

/** Build the kernel, or find that nothing changed. Errors in the sources are a CompileError with file:line and excerpt. */
export async function buildKernel(options: BuildOptions = {}): Promise<BuiltKernel> {
  const output = options.output ?? outputFolder(options);
  const path = resolve(repositoryRoot, output, "kernel.elf");
  const settings = settingsHash(options);
  const present = currentManifest(output, settings);
  if (present) return { path, isFresh: false, inputs: moduleFiles(present) };
  return withLock(resolve(repositoryRoot, output, "lock"), async () => {
    const finished = currentManifest(output, settings);
    if (finished) return { path, isFresh: false, inputs: moduleFiles(finished) };
    const inputs = await build(output, options);
    const manifest: Manifest = { settings, inputs };
    writeWhole(resolve(repositoryRoot, output, "build.json"), JSON.stringify(manifest));
    dropOldVariants(output);
    return { path, isFresh: true, inputs: moduleFiles(manifest) };
  });
}

function moduleFiles({ inputs }: Manifest): string[] {
  return inputs.filter(([path, hash]) => isAbsolute(path) && hash !== null).map(([path]) => path);
}

/** Of the kernels with other modules, keep those built last; one that is being built or was just built stays. */
function dropOldVariants(output: string): void {
  const folder = dirname(resolve(repositoryRoot, output));
  if (!folder.endsWith(variantEnding)) return;
  const built = readdirSync(folder)
    .map((name) => ({ name, atMs: statSync(join(folder, name, "build.json"), { throwIfNoEntry: false })?.mtimeMs }))
    .filter((one) => one.atMs !== undefined && one.atMs < Date.now() - recentMs)
    .toSorted((a, b) => (b.atMs ?? 0) - (a.atMs ?? 0));
  for (const { name } of built.slice(variantsKept)) rmSync(join(folder, name), { recursive: true, force: true });
}

/** A kernel of other modules has a folder of its own: it is built beside the ordinary one, from the same objects. */
function outputFolder({ modules, debug }: BuildOptions): string {
  const ordinary = debug ? "build/kernel-debug" : "build/kernel";
  if ((modules?.without ?? []).length === 0 && (modules?.packages ?? []).length === 0) return ordinary;
  return `${ordinary}${variantEnding}/${hash(JSON.stringify([modules?.without ?? [], modules?.packages ?? []]))}`;
}

function filesIn(folder: string, pattern: RegExp): string[] {
  return readdirSync(resolve(repositoryRoot, folder))
    .filter((name) => pattern.test(name))
    .toSorted()
    .map((name) => `${folder}/${name}`);
}

/** The options, the tools and the machine's files: all inputs but the TypeScript. */
function settingsHash(options: BuildOptions): string {
  const files = [
    ...toolFolders.flatMap((folder) => filesIn(folder, /\.(ts|h)$/)),
    ...filesIn(machineFolder, /\.(S|c|h|ld)$/),
    ...filesIn(vdsoFolder, /\.(c|ld)$/),
  ];
  const hashes = files.map((file) => `${file} ${hashFile(resolve(repositoryRoot, file))}`);
  return hash(
    JSON.stringify([
      options.entries ?? [],
      options.main ?? "",
      options.debug ?? false,
      enabledText(options.modules),
      options.modules?.packages,
    ]),
    ...hashes,
    compilerIdentity(),
  );
}

/** What was built, if it is what would be built now. */
function currentManifest(output: string, settings: string): Manifest | null {
  const text = readIfThere(resolve(repositoryRoot, output, "build.json"));
  if (text === null || readIfThere(resolve(repositoryRoot, output, "kernel.elf")) === null) return null;
  const manifest = JSON.parse(Buffer.from(text).toString("utf8")) as Manifest;
  const isCurrent =
    manifest.settings === settings &&
    manifest.inputs.every(([path, expected]) => hashFile(resolve(repositoryRoot, path)) === expected);
  return isCurrent ? manifest : null;
}

async function build(output: string, options: BuildOptions): Promise<Manifest["inputs"]> {
  const report = (step: BuildProgress["step"], done: number, total: number, item: string) =>
    options.onProgress?.({ step, done, total, item });
  const main = options.main ?? "kernel/main.ts";

  report("typescript", 0, 1, main);
  const faults = await checkPackages(options.modules?.packages ?? []);
  if (faults.length > 0) throw new CompileError(faults);
  const added = addedText(options.modules);
  const memory = added === null ? initialMemory : initialMemory + moduleDataGap;
  const compiled = await compileCached({
    entries: [main, ...(options.entries ?? []), ...(added === null ? [] : [packagesFile])],
    runtime: "kernel",
    noUnsafe: true,
    memoryBase,
    initialMemory: memory,
    made: { [enabledFile]: enabledText(options.modules), ...(added === null ? {} : { [packagesFile]: added }) },
    packages: options.modules?.packages ?? [],
  });
  for (const warning of compiled.warnings) options.onWarning?.(warning);
  report("typescript", 1, 1, main);

  report("translate", 0, 1, "");
  const translation = namingModules(options.modules?.packages ?? [], () =>
    translate(compiled.wasm, compiled.sourceMap, {
      head: `#include "${machineFolder}/imports.h"\n#define NO_FLOATS\n#include "tools/translator/prelude.h"`,
      allowFloats: false,
      exportPrefix: "kernel_",
      types: compiled.types,
      pathOf: (source) => source.replace(/^~lib\//, "node_modules/assemblyscript/std/assembly/"),
    }),
  );
  const layouts = Object.fromEntries([...translation.references].map(([name, type]) => [name, type]));
  const debugTypes = { references: layouts, classes: compiled.types.classes, globals: compiled.types.globals };
  writeIfChanged(resolve(repositoryRoot, output, "types.json"), JSON.stringify(debugTypes));
  const generated = `${output}/c`;
  const kept = new Set<string>();
  for (const unit of translation.units) {
    writeIfChanged(resolve(repositoryRoot, generated, `${unit.name}.c`), unit.text);
    kept.add(`${unit.name}.c`);
  }
  for (const name of readdirSync(resolve(repositoryRoot, generated))) {
    if (!kept.has(name)) rmSync(resolve(repositoryRoot, generated, name));
  }
  report("translate", 1, 1, "");

  const headers = hash(
    ...[...filesIn(machineFolder, /\.h$/), "tools/translator/prelude.h"].map(
      (file) => hashFile(resolve(repositoryRoot, file)) ?? "",
    ),
  );
  const machine = filesIn(machineFolder, /\.(S|c)$/).map(
    (path): Source => ({
      name: `machine_${path.slice(machineFolder.length + 1).replace(".", "_")}`,
      path,
      contentHash: hash(hashFile(resolve(repositoryRoot, path)) ?? "", headers),
      flags: ["-O2", "-I."],
      isGenerated: false,
    }),
  );
  const units = translation.units.map(
    (unit): Source => ({
      name: unit.name,
      path: `${generated}/${unit.name}.c`,
      contentHash: hash(unit.text, headers),
      flags: [options.debug ? "-O0" : "-O2", "-I."],
      isGenerated: true,
    }),
  );
  const data = binarySource(output, "linear", '.linear,"aw"', padData(translation.data));
  const vdso = binarySource(output, "vdso", '.vdso,"a"', await buildVdso(output));
  const { objects, warnings } = await compileObjects(
    [...units, ...machine, data, vdso],
    `${output}/o`,
    (done, total, item) => report("gcc", done, total, item),
  );
  for (const warning of warnings) options.onWarning?.(warning);

  const defined = new Map([
    ["linear_guard", linearBase - 0x1000n],
    ["linear_memory_base", BigInt(memoryBase)],
    ["linear_memory_size", BigInt(memory)],
  ]);
  report("link", 0, 2, "first.elf");
  const first = `${output}/first.elf`;
  await link(first, objects, linkerScript, defined);
  report("symbols", 0, 1, "");
  const rows = await readRows(first, translation.functions);
  const table = encodeRows(rows);
  writeIfChanged(resolve(repositoryRoot, output, sizesFile), JSON.stringify(codeSizes(rows)));
  const symbols = await compileObjects(
    [binarySource(output, "symbols", '.symbols,"a"', table)],
    `${output}/o`,
    () => {},
  );
  report("link", 1, 2, "kernel.elf");
  const linked = `${output}/kernel.elf.new`;
  await link(linked, [...objects, ...symbols.objects], linkerScript, defined);
  renameSync(resolve(repositoryRoot, linked), resolve(repositoryRoot, output, "kernel.elf"));
  report("link", 2, 2, "kernel.elf");
  return compiled.inputs;
}

/** What the translator refuses (floating point) is told by the module's own path. */
function namingModules<T>(packages: readonly KernelPackage[], work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof TranslationError)) throw error;
    const shown = packages.reduce(
      // A file of the folder, without its name.
      (text, { name, folder }) => text.replaceAll(`${mountOf(name)}/`, shownPath(join(folder, "_")).slice(0, -1)),
      error.message,
    );
    throw new CompileError([shown]);
  }
}

/** Bytes as a section of an object: an assembly file that includes them. */
function binarySource(output: string, name: string, section: string, bytes: Uint8Array): Source {
  const binary = `${output}/${name}.bin`;
  const path = `${output}/${name}.S`;
  writeIfChanged(resolve(repositoryRoot, binary), bytes);
  const text = `.section ${section},@progbits\n.balign 4096\n.incbin "${binary}"\n.section .note.GNU-stack,"",@progbits\n`;
  writeIfChanged(resolve(repositoryRoot, path), text);
  return { name, path, contentHash: hash(text, bytes), flags: [], isGenerated: false };
}

/** The static data from `memoryBase` on. */
function padData(data: { readonly offset: number; readonly bytes: Uint8Array }): Uint8Array {
  if (data.bytes.length === 0) return new Uint8Array(16);
  const padded = new Uint8Array(data.offset - memoryBase + data.bytes.length);
  padded.set(data.bytes, data.offset - memoryBase);
  return padded;
}

/** Progress as one line that rewrites itself for a person, and as nothing when piped. */
function progressLine(): { show(progress: BuildProgress): void; clear(): void } {
  const isWatched = process.stderr.isTTY;
  const names = { typescript: "compile", translate: "translate", gcc: "gcc", link: "link", symbols: "symbols" };
  return {
    show({ step, done, total, item }) {
      if (isWatched) process.stderr.write(`\r\x1b[K${names[step]} ${total > 1 ? `${done}/${total} ` : ""}${item}`);
    },
    clear() {
      if (isWatched) process.stderr.write("\r\x1b[K");
    },
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      main: { type: "string" },
      entry: { type: "string", multiple: true },
      output: { type: "string" },
      debug: { type: "boolean", default: false },
      without: { type: "string", multiple: true },
      sizes: { type: "boolean", default: false },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) {
    console.log(
      "node tools/kernel/build.ts [--main FILE] [--entry FILE]… [--output FOLDER] [--debug] [--without MODULE]… [--sizes]\n\n" +
        "  --main FILE      the kernel's entry (default kernel/main.ts)\n" +
        "  --entry FILE     a further entry file, may be repeated\n" +
        "  --output FOLDER  where everything is written (default build/kernel)\n" +
        "  --without MODULE leave out a module of kernel/modules/built-in.json, may be repeated\n" +
        "  --sizes          show how much code each module is\n" +
        "  --debug          for gdb: every local can be printed (default output build/kernel-debug)",
    );
    return;
  }
  const start = performance.now();
  const progress = progressLine();
  try {
    const kernel = await buildKernel({
      ...(values.main === undefined ? {} : { main: values.main }),
      ...(values.entry === undefined ? {} : { entries: values.entry }),
      ...(values.output === undefined ? {} : { output: values.output }),
      ...(values.without === undefined ? {} : { modules: { without: values.without } }),
      debug: values.debug,
      onProgress: progress.show,
      onWarning(text) {
        progress.clear();
        console.error(text);
      },
    });
    progress.clear();
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    if (kernel.isFresh) console.error(`kernel built in ${seconds} s`);
    if (values.sizes) console.log(showSizes(kernelSizes(dirname(kernel.path), { without: values.without ?? [] })));
  } catch (error) {
    progress.clear();
    if (!(error instanceof CompileError || error instanceof ToolError || error instanceof ModuleError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

if (import.meta.main) await main();
