// A command line's grammar: words with quotes and variables, pipes, redirections, `;`, `&&`, `||` and `&`.
//
//   list      = pipeline { (";" | "&" | "&&" | "||") pipeline }
//   pipeline  = command { "|" command }
//   command   = { word | ">" word | ">>" word | "<" word }

/** One command of a pipeline. */
export interface Command {
  words: string[];
  /** Where its output goes instead of the terminal. */
  output?: { path: string; isAppending: boolean };
  /** Where its input comes from. */
  input?: string;
}

export interface Pipeline {
  commands: Command[];
  /** As it was typed. */
  text: string;
  isBackground: boolean;
  /** Run it only when the one before succeeded, or failed. */
  condition: "always" | "success" | "failure";
}

/** A line that cannot be understood. */
export class LineError extends Error {}

type Token = { kind: "word"; text: string; start: number; end: number } | Operator;
interface Operator {
  kind: "operator";
  text: string;
  start: number;
  end: number;
}

const OPERATORS = ["&&", "||", ">>", ";", "&", "|", ">", "<"];

/** What a backslash in double quotes takes the meaning of. */
const ESCAPABLE = new Set(['"', "\\", "$"]);

class Scanner {
  at = 0;
  readonly #text: string;
  readonly #variables: (name: string) => string;

  constructor(text: string, variables: (name: string) => string) {
    this.#text = text;
    this.#variables = variables;
  }

  /** The next token, null at the end. */
  next(): Token | null {
    while (/\s/.test(this.#text[this.at] ?? "")) this.at++;
    const start = this.at;
    const rest = this.#text.slice(start);
    if (rest === "" || rest.startsWith("#")) return null;
    const operator = OPERATORS.find((one) => rest.startsWith(one));
    if (operator !== undefined) {
      this.at += operator.length;
      return { kind: "operator", text: operator, start, end: this.at };
    }
    return { kind: "word", text: this.#word(), start, end: this.at };
  }

  #word(): string {
    let word = "";
    for (;;) {
      const character = this.#text[this.at] ?? "";
      if (character === "" || /[\s;&|<>]/.test(character)) return word;
      if (character === "'") word += this.#single();
      else if (character === '"') word += this.#double();
      else if (character === "\\") {
        word += this.#text[this.at + 1] ?? "";
        this.at += 2;
      } else if (character === "$") word += this.#variable();
      else if (character === "~" && word === "" && /^~(?=$|[\s/;&|<>])/.test(this.#text.slice(this.at))) {
        word += this.#variables("HOME");
        this.at++;
      } else {
        word += character;
        this.at++;
      }
    }
  }

  #single(): string {
    const end = this.#text.indexOf("'", this.at + 1);
    if (end < 0) throw new LineError("a ' is not closed");
    const text = this.#text.slice(this.at + 1, end);
    this.at = end + 1;
    return text;
  }

  #double(): string {
    let text = "";
    this.at++;
    for (;;) {
      const character = this.#text[this.at];
      if (character === undefined) throw new LineError('a " is not closed');
      if (character === '"') {
        this.at++;
        return text;
      }
      if (character === "\\" && ESCAPABLE.has(this.#text[this.at + 1] ?? "")) {
        text += this.#text[this.at + 1];
        this.at += 2;
      } else if (character === "$") text += this.#variable();
      else {
        text += character;
        this.at++;
      }
    }
  }

  #variable(): string {
    const match = /^\$(?:\{(\w+)\}|(\w+|\?))/.exec(this.#text.slice(this.at));
    if (!match) {
      this.at++;
      return "$";
    }
    this.at += match[0].length;
    return this.#variables(match[1] ?? match[2] ?? "");
  }
}

/** What a line says to do; `variables` gives the text of $NAME. Throws a LineError. */
export function parseLine(text: string, variables: (name: string) => string): Pipeline[] {
  const scanner = new Scanner(text, variables);
  const pipelines: Pipeline[] = [];
  let commands: Command[] = [];
  let command: Command = { words: [] };
  let condition: Pipeline["condition"] = "always";
  let start = 0;
  const isEmpty = (): boolean => command.words.length === 0 && !command.output && command.input === undefined;
  const endCommand = (before: string): void => {
    if (command.words.length === 0) throw new LineError(`a command is missing ${before}`);
    commands.push(command);
    command = { words: [] };
  };
  const endPipeline = (end: number, isBackground: boolean, before: string): void => {
    endCommand(before);
    pipelines.push({ commands, text: text.slice(start, end).trim(), isBackground, condition });
    commands = [];
  };
  for (let token = scanner.next(); token; token = scanner.next()) {
    if (token.kind === "word") command.words.push(token.text);
    else if (token.text === "|") endCommand('before "|"');
    else if (token.text === "<" || token.text === ">" || token.text === ">>") {
      const target = scanner.next();
      if (target?.kind !== "word") throw new LineError(`a file name is missing behind "${token.text}"`);
      if (token.text === "<") command.input = target.text;
      else command.output = { path: target.text, isAppending: token.text === ">>" };
    } else {
      endPipeline(token.start, token.text === "&", `before "${token.text}"`);
      condition = token.text === "&&" ? "success" : token.text === "||" ? "failure" : "always";
      start = token.end;
    }
  }
  if (!isEmpty() || commands.length > 0 || condition !== "always") endPipeline(text.length, false, "at the end");
  return pipelines;
}
