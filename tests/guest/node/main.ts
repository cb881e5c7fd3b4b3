// Runs the suites named by the arguments, or all that share one process: `node main.ts timers fs`.

const suites: Record<string, () => Promise<unknown>> = {
  language: () => import("./language.ts"),
  timers: () => import("./timers.ts"),
  fs: () => import("./fs.ts"),
  compression: () => import("./compression.ts"),
  crypto: () => import("./crypto.ts"),
  wasm: () => import("./wasm.ts"),
  workers: () => import("./workers.ts"),
  sqlite: () => import("./sqlite.ts"),
  ffi: () => import("./ffi.ts"),
  system: () => import("./system.ts"),
  intl: () => import("./intl.ts"),
  addon: () => import("./addon.ts"),
  processes: () => import("./processes.ts"),
  forks: () => import("./forks.ts"),
  cluster: () => import("./cluster.ts"),
  shell: () => import("./shell.ts"),
};

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(suites);
for (const name of names) {
  const suite = suites[name];
  if (!suite) throw new Error(`no suite ${name}: ${Object.keys(suites).join(", ")}`);
  await suite();
}
