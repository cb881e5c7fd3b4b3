// C statements as a tree, and the tree as text with #line directives.

import type { Location } from "./source-map.ts";

export type Statement = SimpleStatement | IfStatement | LoopStatement | LabelStatement;

interface SimpleStatement {
  readonly kind: "simple";
  readonly text: string;
  readonly location: Location | null;
}
interface IfStatement {
  readonly kind: "if";
  readonly condition: string;
  readonly whenTrue: readonly Statement[];
  readonly otherwise: readonly Statement[];
  readonly location: Location | null;
}
/** `for (;;)` left by `break` or `goto`; `label` names its head where an inner loop continues it. */
interface LoopStatement {
  readonly kind: "loop";
  readonly body: readonly Statement[];
  readonly label: string | null;
  readonly location: Location | null;
}
interface LabelStatement {
  readonly kind: "label";
  readonly name: string;
}

/** Gathers a unit's lines; says `#line` only where the next line would otherwise be counted wrongly. */
export class Writer {
  readonly #lines: string[] = [];
  readonly #pathOf: (file: string) => string;
  #file: string | null = null;
  #line = 0;

  /** `pathOf` gives the path that a debugger finds a source under. */
  constructor(pathOf: (file: string) => string) {
    this.#pathOf = pathOf;
  }

  write(text: string, location: Location | null = null): void {
    if (location !== null && (location.file !== this.#file || location.line !== this.#line)) {
      const file = location.file === this.#file ? "" : ` "${this.#pathOf(location.file)}"`;
      this.#lines.push(`#line ${location.line}${file}`);
      this.#file = location.file;
      this.#line = location.line;
    }
    this.#lines.push(text);
    this.#line += text.split("\n").length;
  }

  /** From here on the lines are the translator's own, not TypeScript's. */
  leaveSources(generatedFile: string): void {
    this.#lines.push(`#line 1 "${generatedFile}"`);
    this.#file = null;
  }

  statements(list: readonly Statement[], indent: string): void {
    for (const statement of list) this.#statement(statement, indent);
  }

  #statement(statement: Statement, indent: string): void {
    const inner = `${indent}  `;
    switch (statement.kind) {
      case "simple":
        this.write(indent + statement.text, statement.location);
        break;
      case "label":
        this.write(`${indent.slice(1)}${statement.name}:;`);
        break;
      case "if": {
        this.write(`${indent}if (${statement.condition}) {`, statement.location);
        this.statements(statement.whenTrue, inner);
        if (statement.otherwise.length > 0) {
          this.write(`${indent}} else {`);
          this.statements(statement.otherwise, inner);
        }
        this.write(`${indent}}`);
        break;
      }
      case "loop": {
        const guard = whileGuard(statement);
        if (guard) this.write(`${indent}while (${guard.condition}) {`, guard.location ?? statement.location);
        else this.write(`${indent}for (;;) {`, statement.location);
        if (statement.label !== null) this.write(`${indent}${statement.label}:;`);
        this.statements(guard ? guard.body : statement.body, inner);
        this.write(`${indent}}`);
        break;
      }
    }
  }

  toString(): string {
    return `${this.#lines.join("\n")}\n`;
  }
}

const isSimple = (statement: Statement | undefined, text: string): boolean =>
  statement?.kind === "simple" && statement.text === text;

/** `for (;;) { if (c) { …; continue; } break; }` is `while (c) { … }`. */
function whileGuard(loop: LoopStatement) {
  const [first, second] = loop.body;
  if (loop.label !== null || loop.body.length !== 2 || first?.kind !== "if" || !isSimple(second, "break;")) return null;
  if (first.otherwise.length > 0 || !isSimple(first.whenTrue.at(-1), "continue;")) return null;
  return { condition: first.condition, body: first.whenTrue.slice(0, -1), location: first.location };
}
