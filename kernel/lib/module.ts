// Which module is registering, so that registries can say whose an entry is.

/** Whoever is no module. */
export const KERNEL: string = "kernel";

/** The module whose `register` runs. */
export let current: string = KERNEL;

/** All modules that have registered, in order; a project's files may come as several of one name. */
export const names: Array<string> = [] as string[];

/** The module `name` registers from here on. */
export function enter(name: string): void {
  current = name;
  if (!names.includes(name)) names.push(name);
}

/** Registration is over. */
export function leave(): void {
  current = KERNEL;
}
