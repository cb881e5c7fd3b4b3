// The modules that a project adds. They are compiled after everything else (tools/kernel/modules.ts), so that what they
// bring moves none of the kernel's own code and data: a kernel with a project's modules is made of the ordinary one's objects.

/** Lets each of them register. */
export type RegisterAdded = () => void;

function nothing(): void {}

let registerAll: RegisterAdded = nothing;

/** Called from the file that imports them, before the kernel boots. */
export function setAdded(register: RegisterAdded): void {
  registerAll = register;
}

export function registerAdded(): void {
  registerAll();
}
