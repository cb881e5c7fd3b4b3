/** What node:test wrote in the guest with --test-reporter=tap. */

export interface Outcome {
  name: string;
  ok: boolean;
  detail: string;
}

/** Top-level results, with the indented block that follows a failure. */
export function parseOutcomes(output: string): Outcome[] {
  const outcomes: Outcome[] = [];
  for (const line of output.split(/\r?\n/)) {
    const match = /^(not )?ok \d+ - (.*?)( # .*)?$/.exec(line);
    if (match) outcomes.push({ name: match[2] ?? "", ok: match[1] === undefined, detail: "" });
    else if (line.startsWith("  ")) {
      const last = outcomes.at(-1);
      if (last && !last.ok && last.detail.length < 1500) last.detail += `${line}\n`;
    }
  }
  return outcomes;
}
