// Which module is registering, so that registries can say whose an entry is.

/** Whoever is no module. */
export const KERNEL: string = "kernel";

/** The module whose `register` runs. */
export let current: string = KERNEL;

/** The module `name` registers from here on. */
export function enter(name: string): void {
  current = name;
}

/** Registration is over. */
export function leave(): void {
  current = KERNEL;
}
