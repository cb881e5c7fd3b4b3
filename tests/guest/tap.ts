/** The output of a program in `programs/` (see check.h), read back. */

export interface Check {
  group: string;
  sentence: string;
  ok: boolean;
  /** What the program says of a failure: place, expression, value, errno. */
  detail: string;
}

export interface Report {
  checks: Check[];
  /** Whether the summary came: the program ran to its end. */
  complete: boolean;
}

export function parseReport(output: string): Report {
  const report: Report = { checks: [], complete: false };
  let group = "";
  for (const line of output.split(/\r?\n/)) {
    const head = /^# group (\w+)$/.exec(line);
    const check = /^(not )?ok \d+ - (.*)$/.exec(line);
    if (head) group = head[1] ?? "";
    else if (check) report.checks.push({ group, sentence: check[2] ?? "", ok: check[1] === undefined, detail: "" });
    else if (/^1\.\.\d+$/.test(line)) report.complete = true;
    else if (/^# .*:\d+: /.test(line)) {
      const last = report.checks.at(-1);
      if (last && !last.ok) last.detail = line.slice(2);
    }
  }
  return report;
}

/** How a check is named in known-failures.json. */
export function nameOf(program: string, check: Check): string {
  return `${program}/${check.group}: ${check.sentence}`;
}
