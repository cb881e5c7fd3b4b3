// What can be said of a project's kernel modules before they are compiled: whether they stay within what modules may do,
// and whether two of them want the same thing.
//
// asc's --noUnsafe refuses raw loads and stores (AS101); the rest of what would lead around the kernel's safety is
// refused here, by name: `changetype`, `unchecked`, decorators, `declare`, the runtime's `__names`, imports of
// anything but `eggos/kernel` and the module's own files. A trusted module may do all of it.

import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { repositoryRoot } from "./cache.ts";
import { type Place, showFault, shownPath } from "./diagnostic.ts";
import { type KernelPackage, mayImport } from "./packages.ts";

/** The part of asc's syntax tree that is read. */
interface Node {
  readonly kind: number;
  readonly range: { readonly start: number; readonly end: number };
  readonly [key: string]: unknown;
}
interface Parser {
  newOptions(): unknown;
  newProgram(options: unknown): { readonly sources: readonly { normalizedPath: string; statements: Node[] }[] };
  parse(program: unknown, text: string, path: string, isEntry: boolean): void;
  nextDiagnostic(program: unknown): ParseDiagnostic | null;
  readonly NodeKind: Readonly<Record<string, number>>;
}
interface ParseDiagnostic {
  readonly message: string;
  readonly category: number;
  readonly range: { readonly start: number; readonly end: number } | null;
}

/** A system call that a module asks for or claims. */
interface Claim {
  readonly number: number;
  readonly place: Place;
}

interface ModuleFacts {
  readonly name: string;
  readonly claims: Claim[];
  readonly asked: Set<number>;
}

const advice = 'only a trusted module may: "trusted" in the project\'s package.json (docs/kernel-packages.md)';
const errorCategory = 3;
/** asc's CommonFlags. */
const ambientFlag = 1 << 15;
const exportFlag = 1 << 1;

let loaded: Promise<Parser> | null = null;

function loadParser(): Promise<Parser> {
  const specifier: string = "assemblyscript";
  loaded ??= import(specifier) as Promise<Parser>;
  return loaded;
}

/** All faults of a project's kernel modules; none when they may be compiled. */
export async function checkPackages(packages: readonly KernelPackage[]): Promise<string[]> {
  if (packages.length === 0) return [];
  const parser = await loadParser();
  const numbers = callNumbers();
  const faults: string[] = [];
  const facts: ModuleFacts[] = [];
  for (const owner of packages) {
    const found: ModuleFacts = { name: owner.name, claims: [], asked: new Set() };
    checkPackage(owner, { parser, numbers, faults, facts: found });
    facts.push(found);
  }
  faults.push(...conflicts(facts));
  return faults;
}

interface Context {
  readonly parser: Parser;
  readonly numbers: ReadonlyMap<string, number>;
  readonly faults: string[];
  readonly facts: ModuleFacts;
}

function checkPackage(owner: KernelPackage, context: Context): void {
  const waiting = [...owner.entries];
  const seen = new Set(waiting);
  for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
    const path = shownPath(join(owner.folder, file));
    const text = readFileSync(join(owner.folder, file), "utf8");
    const program = context.parser.newProgram(context.parser.newOptions());
    context.parser.parse(program, text, file, true);
    const broken = parseFaults(context.parser, program, path, text);
    context.faults.push(...broken);
    const source = program.sources.find(({ normalizedPath }) => normalizedPath === file);
    if (broken.length > 0 || !source) continue;
    const check = new FileCheck(owner, context, path, text, source.statements);
    if (owner.entries.includes(file)) check.requireRegister();
    for (const wanted of check.run(file)) {
      if (!seen.has(wanted)) waiting.push(wanted);
      seen.add(wanted);
    }
  }
}

function parseFaults(parser: Parser, program: unknown, path: string, text: string): string[] {
  const faults: string[] = [];
  for (let next = parser.nextDiagnostic(program); next; next = parser.nextDiagnostic(program)) {
    if (next.category !== errorCategory) continue;
    const { start, end } = next.range ?? { start: 0, end: 0 };
    faults.push(showFault(next.message, { path, text, start, end }));
  }
  return faults;
}

/** One file's tree, looked through once. */
class FileCheck {
  readonly #owner: KernelPackage;
  readonly #context: Context;
  readonly #path: string;
  readonly #text: string;
  readonly #statements: readonly Node[];
  readonly #kind: Readonly<Record<string, number>>;
  /** What the file calls `syscalls` of eggos/kernel. */
  #callsName = "syscalls";
  readonly #constants = new Map<string, number>();
  readonly #functions = new Map<string, Node>();
  readonly #imports: string[] = [];

  constructor(owner: KernelPackage, context: Context, path: string, text: string, statements: readonly Node[]) {
    this.#owner = owner;
    this.#context = context;
    this.#path = path;
    this.#text = text;
    this.#statements = statements;
    this.#kind = context.parser.NodeKind;
  }

  /** Check everything; the package's own files that it imports, relative to the folder. */
  run(file: string): string[] {
    for (const statement of this.#statements) this.#noteDeclarations(statement);
    this.#walk(this.#statements, new Set());
    const own: string[] = [];
    for (const specifier of this.#imports) {
      const wanted = this.#ownFile(file, specifier);
      if (wanted !== null) own.push(wanted);
    }
    return own;
  }

  requireRegister(): void {
    const found = this.#statements.find(
      (node) =>
        node.kind === this.#kind.FunctionDeclaration &&
        textOf(node.name) === "register" &&
        (Number(node.flags) & exportFlag) !== 0,
    );
    if (!found) {
      this.#fault("a kernel module exports `function register(): void`, which is called at boot; this one does not", {
        start: 0,
        end: this.#text.indexOf("\n"),
      });
    } else if (((found.signature as Node).parameters as Node[]).length > 0) {
      this.#fault("`register` takes no arguments", (found.signature as Node).range);
    }
  }

  #fault(message: string, range: { readonly start: number; readonly end: number }): void {
    this.#context.faults.push(showFault(message, this.#place(range)));
  }

  #place({ start, end }: { readonly start: number; readonly end: number }): Place {
    return { path: this.#path, text: this.#text, start, end };
  }

  #slice(node: Node): string {
    return this.#text.slice(node.range.start, node.range.end);
  }

  #noteDeclarations(node: Node): void {
    if (node.kind === this.#kind.FunctionDeclaration) this.#functions.set(textOf(node.name), node);
    if (node.kind === this.#kind.Import) {
      for (const one of (node.declarations as Node[] | null) ?? []) {
        if (textOf(one.foreignName) === "syscalls") this.#callsName = textOf(one.name);
      }
    }
    if (node.kind !== this.#kind.Variable) return;
    for (const one of node.declarations as Node[]) {
      const value = one.initializer ? Number(this.#slice(one.initializer as Node).replaceAll("_", "")) : Number.NaN;
      if (Number.isInteger(value)) this.#constants.set(textOf(one.name), value);
    }
  }

  #walk(value: unknown, seen: Set<unknown>): void {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    if (Array.isArray(value)) {
      for (const one of value) this.#walk(one, seen);
      return;
    }
    const node = value as Node;
    if (typeof node.kind !== "number" || !node.range) return;
    this.#look(node);
    for (const [key, child] of Object.entries(node)) {
      if (key !== "range" && key !== "parent") this.#walk(child, seen);
    }
  }

  #look(node: Node): void {
    const kind = this.#kind;
    if (node.kind === kind.Import || node.kind === kind.Export || node.kind === kind.ExportImport)
      this.#lookImport(node);
    if (node.kind === kind.Call) this.#lookCall(node);
    if (this.#owner.isTrusted) return;
    if (node.kind === kind.Decorator) {
      this.#fault(`decorators change what the compiler checks; ${advice}`, node.range);
    } else if (node.kind === kind.Identifier) {
      const name = textOf(node);
      if (name === "changetype" || name === "unchecked" || name.startsWith("__")) {
        this.#fault(`${name} goes around the compiler's checks; ${advice}`, node.range);
      }
    } else if ((Number(node.flags ?? 0) & ambientFlag) !== 0) {
      this.#fault(`\`declare\` reaches the machine's own functions; ${advice}`, node.range);
    }
  }

  #lookImport(node: Node): void {
    const literal = node.path as Node | null;
    if (!literal) return;
    const specifier = String(literal.value);
    if (specifier.startsWith(".")) this.#imports.push(specifier);
    else if (!mayImport(this.#owner, specifier)) {
      const rule = this.#owner.isTrusted
        ? "a trusted kernel module imports eggos/kernel, eggos/kernel/…, machine/…, memory/… and its own files"
        : "a kernel module imports eggos/kernel and its own files";
      this.#fault(`"${specifier}": ${rule}`, literal.range);
    }
  }

  #ownFile(from: string, specifier: string): string | null {
    const wanted = posix.normalize(posix.join(posix.dirname(from), specifier)).replace(/\.ts$/, "");
    const start = this.#text.indexOf(`"${specifier}"`);
    const range = { start: Math.max(0, start), end: Math.max(0, start) + specifier.length + 2 };
    if (wanted.startsWith("..")) {
      this.#fault(`"${specifier}" lies outside of the package ${this.#owner.name}`, range);
      return null;
    }
    for (const file of [`${wanted}.ts`, `${wanted}/index.ts`]) {
      if (existsSync(join(this.#owner.folder, file))) return file;
    }
    this.#fault(`"${specifier}": there is no such file`, range);
    return null;
  }

  #lookCall(node: Node): void {
    const callee = node.expression as Node;
    if (callee.kind !== this.#kind.PropertyAccess || textOf(callee.expression) !== this.#callsName) return;
    const [first, second] = node.args as Node[];
    const number = first ? this.#numberOf(first) : undefined;
    const verb = textOf(callee.property);
    if (verb === "getHandler" && number !== undefined) this.#context.facts.asked.add(number);
    if (verb !== "register") return;
    if (number !== undefined) this.#context.facts.claims.push({ number, place: this.#place(node.range) });
    const handler = second ? this.#functions.get(textOf(second)) : undefined;
    if (handler) this.#checkHandler(handler);
  }

  #numberOf(node: Node): number | undefined {
    const text = this.#slice(node);
    const value = Number(text.replaceAll("_", ""));
    if (Number.isInteger(value)) return value;
    return this.#constants.get(text) ?? this.#context.numbers.get(text);
  }

  /** asc would say this of the kernel's own file. */
  #checkHandler(handler: Node): void {
    const signature = handler.signature as Node;
    const parameters = signature.parameters as Node[];
    for (const parameter of parameters) {
      if (this.#slice(parameter.type as Node) !== "u64") {
        this.#fault("a system call's handler takes u64 arguments", (parameter.type as Node).range);
      }
    }
    if (this.#slice(signature.returnType as Node) !== "i64") {
      this.#fault("a system call's handler returns i64", signature.range);
    }
    if (parameters.length > 6) this.#fault("a system call has at most six arguments", signature.range);
  }
}

function textOf(node: unknown): string {
  const text = (node as { text?: unknown } | null | undefined)?.text;
  return typeof text === "string" ? text : "";
}

/** The numbers behind SYS_ names. */
function callNumbers(): Map<string, number> {
  const text = readFileSync(join(repositoryRoot, "kernel/abi/syscall-numbers.ts"), "utf8");
  return new Map(
    [...text.matchAll(/export const (SYS_\w+): \w+ = (\d+)/g)].map(([, name, value]) => [name ?? "", Number(value)]),
  );
}

/** Two modules that claim one number, the later one without asking for the handler that is there. */
function conflicts(modules: readonly ModuleFacts[]): string[] {
  const faults: string[] = [];
  const owners = new Map<number, { name: string; place: Place }>();
  for (const { name, claims, asked } of modules) {
    for (const { number, place } of claims) {
      const before = owners.get(number);
      if (before && before.name !== name && !asked.has(number)) {
        const message = `modules ${before.name} and ${name} both claim system call ${number}; call syscalls.getHandler() first to wrap it`;
        faults.push(showFault(message, place, before.place));
      } else owners.set(number, { name, place });
    }
  }
  return faults;
}
