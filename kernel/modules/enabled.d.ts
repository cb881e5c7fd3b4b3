// What the build makes of built-in.json and a project's package.json (tools/kernel/modules.ts): one import and one call
// for each module of this kernel, in order.

/** Let every module register what it brings; once, when threads, time and interrupts work and no device is started yet. */
export declare function registerModules(): void;
