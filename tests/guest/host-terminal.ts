/**
 * A command on a pseudo-terminal of the host, and a terminal emulator that shows what a person would see there.
 *
 * script(1), which every Debian has, owns the pseudo-terminal: what is written to its standard input is typed, what the
 * command shows comes out of its standard output.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { spawnSync } from "node:child_process";
import xterm from "@xterm/headless";

const TIME_LIMIT_MS = 45_000;

export interface HostTerminal {
  /** Everything the command has shown, escape sequences too. */
  readonly shown: string;
  /** The screen as lines, without trailing spaces and empty lines. */
  screen(): string[];
  /** The column of the cursor, from 0. */
  cursorColumn(): number;
  type(text: string): void;
  /** Wait until `isThere` holds for the screen. */
  until(what: string, isThere: (screen: string[]) => boolean, timeoutMs?: number): Promise<void>;
  /** Wait until the screen's last lines contain `text`. */
  untilShown(text: string, timeoutMs?: number): Promise<void>;
  resize(columns: number, rows: number): void;
  /** The command's exit status, once it has ended. */
  readonly ended: Promise<number | null>;
  kill(): void;
}

/** A word for a shell. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

export async function startOnTerminal(command: string[], columns = 80, rows = 24): Promise<HostTerminal> {
  const folder = mkdtempSync(join(tmpdir(), "terminal-"));
  const nameFile = join(folder, "name");
  const line = `stty cols ${columns} rows ${rows}; tty > ${quoted(nameFile)}; exec ${command.map(quoted).join(" ")}`;
  const child: ChildProcess = spawn("script", ["-qefc", line, "/dev/null"], {
    env: { ...process.env, TERM: "xterm-256color", SHELL: "/bin/sh" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 5000 });
  let shown = "";
  const decoder = new TextDecoder();
  child.stdout?.on("data", (chunk: Buffer) => {
    shown += decoder.decode(chunk, { stream: true });
    terminal.write(chunk);
  });
  // What a program asks the terminal (its cursor's position, say) is answered as if typed.
  terminal.onData((answer) => child.stdin?.write(answer));
  const ended = new Promise<number | null>((resolve) => {
    child.on("close", (status) => {
      rmSync(folder, { recursive: true, force: true });
      resolve(status);
    });
  });
  const screen = (): string[] => {
    const buffer = terminal.buffer.active;
    const lines: string[] = [];
    for (let row = 0; row < terminal.rows; row++) {
      lines.push(
        buffer
          .getLine(buffer.viewportY + row)
          ?.translateToString(true)
          .trimEnd() ?? "",
      );
    }
    while (lines.at(-1) === "") lines.pop();
    return lines;
  };
  const until: HostTerminal["until"] = async (what, isThere, timeoutMs = TIME_LIMIT_MS) => {
    const deadline = Date.now() + timeoutMs;
    let isOver = false;
    void ended.then(() => {
      isOver = true;
    });
    while (!isThere(screen())) {
      if (isOver || Date.now() > deadline) {
        throw new Error(`${isOver ? "ended without" : "no"} ${what} on the screen:\n${screen().join("\n")}`);
      }
      await sleep(20);
    }
  };
  return {
    get shown() {
      return shown;
    },
    screen,
    cursorColumn: () => terminal.buffer.active.cursorX,
    type: (text) => child.stdin?.write(text),
    until,
    untilShown: (text, timeoutMs) => until(`"${text}"`, (lines) => lines.join("\n").includes(text), timeoutMs),
    resize: (newColumns, newRows) => {
      terminal.resize(newColumns, newRows);
      const name = readFileSync(nameFile, "latin1").trim();
      spawnSync("stty", ["-F", name, "cols", String(newColumns), "rows", String(newRows)]);
    },
    ended,
    kill: () => {
      // Its end closes the pseudo-terminal: the command gets SIGHUP.
      child.stdin?.end();
      child.kill("SIGTERM");
    },
  };
}
