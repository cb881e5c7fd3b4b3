// An asc transform that notes, after compilation, what the wasm does not say: types of locals and globals, layouts.

import type { ClassLayout, SourceTypes } from "../translator/source-types.ts";

/** The parts of asc's program that are read. */
interface Program {
  readonly instancesByName: ReadonlyMap<string, Element>;
  readonly elementsByName: ReadonlyMap<string, Element>;
}
interface Element {
  readonly kind: number;
  readonly internalName: string;
  readonly type?: { toString(): string };
  readonly localsByIndex?: readonly { readonly name: string; readonly type: { toString(): string } }[];
  readonly members?: ReadonlyMap<string, Member> | null;
  readonly base?: Element | null;
  readonly id?: number;
}
interface Member {
  readonly name: string;
  /** A property prototype's property; a field if it has a place. */
  readonly instance?: { readonly memoryOffset: number; readonly type: { toString(): string } } | null;
}

/** asc's ElementKind. */
const globalKind = 0;
const classKind = 7;

const spelled = (type: { toString(): string }): string => type.toString().replace(/ \| null$/, "");

export function typeCollector(): { readonly transform: new () => unknown; types(): SourceTypes } {
  let program: Program | null = null;
  class Collector {
    declare readonly program: Program;
    afterCompile(): void {
      program = this.program;
    }
  }
  return {
    transform: Collector,
    types: () => (program === null ? { functions: {}, globals: {}, classes: {} } : collect(program)),
  };
}

function collect({ instancesByName, elementsByName }: Program): SourceTypes {
  const functions: Record<string, [string, string][]> = {};
  const classes: Record<string, ClassLayout> = {};
  const globals: Record<string, string> = {};
  for (const [name, element] of instancesByName) {
    if (element.localsByIndex) {
      functions[name] = element.localsByIndex.map((local) => [local.name, spelled(local.type)]);
    } else if (element.kind === classKind) {
      classes[name] = { id: element.id ?? 0, base: element.base?.internalName ?? null, fields: fieldsOf(element) };
    }
  }
  for (const [name, element] of elementsByName) {
    if (element.kind === globalKind && element.type) globals[name] = spelled(element.type);
  }
  return { functions, globals, classes };
}

function fieldsOf(element: Element): [string, string, number][] {
  const inherited = element.base ? fieldsOf(element.base) : [];
  const own: [string, string, number][] = [];
  for (const member of element.members?.values() ?? []) {
    const field = member.instance;
    if (field && field.memoryOffset >= 0 && !inherited.some(([name]) => name === member.name)) {
      own.push([member.name, spelled(field.type), field.memoryOffset]);
    }
  }
  return [...inherited, ...own];
}
