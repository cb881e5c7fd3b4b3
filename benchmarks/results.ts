// Figures by name and system, and how they are shown: medians over all rounds, and ratios to the better Linux: below 1 eggos
// is better, for rates (requests a second, MiB/s) above 1.

export interface Figure {
  name: string;
  unit: string;
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

export class Results {
  readonly #figures = new Map<string, Figure>();
  readonly #values = new Map<string, number[]>();

  add(system: string, name: string, value: number, unit: string): void {
    this.#figures.set(name, { name, unit });
    const key = `${system}\0${name}`;
    this.#values.set(key, [...(this.#values.get(key) ?? []), value]);
  }

  get figures(): Figure[] {
    return [...this.#figures.values()];
  }

  median(system: string, name: string): number | undefined {
    const values = this.#values.get(`${system}\0${name}`);
    return values && median(values);
  }

  toJSON(): unknown {
    return this.figures.map((figure) => ({
      ...figure,
      values: Object.fromEntries(
        [...this.#values]
          .filter(([key]) => key.endsWith(`\0${figure.name}`))
          .map(([key, values]) => [key.split("\0")[0], values]),
      ),
    }));
  }
}

/** Whether more is better. */
export function isRate({ name, unit }: Figure): boolean {
  return unit.endsWith("/s") || /\/s\b|\ba second$/.test(name);
}

/** Three significant digits, in the unit that reads best. */
export function formatValue(value: number | undefined, unit: string): string {
  if (value === undefined) return "–";
  const scaled = (factor: number, name: string): string => `${Number((value / factor).toPrecision(3))} ${name}`;
  if (unit === "ns") {
    if (value >= 1e9) return scaled(1e9, "s");
    if (value >= 1e6) return scaled(1e6, "ms");
    return value >= 1e4 ? scaled(1e3, "µs") : scaled(1, "ns");
  }
  if (unit === "ms") return value >= 1000 ? scaled(1000, "s") : scaled(1, "ms");
  if (unit === "bytes") return value >= 1 << 20 ? scaled(1 << 20, "MiB") : scaled(1 << 10, "KiB");
  return scaled(1, unit);
}

/** A Markdown table: one row a figure, one column a system, and the ratio of eggos to the better Linux. */
export function formatTable(results: Results, systems: string[]): string {
  const linux = systems.filter((name) => name !== "eggos");
  const withRatio = systems.includes("eggos") && linux.length > 0;
  const lines = [
    `| | ${systems.join(" | ")} |${withRatio ? " ratio |" : ""}`,
    `|---|${systems.map(() => "---:|").join("")}${withRatio ? "---:|" : ""}`,
  ];
  for (const figure of results.figures) {
    const { name, unit } = figure;
    const cells = systems.map((system) => formatValue(results.median(system, name), unit));
    const measured = linux.flatMap((system) => results.median(system, name) ?? []);
    const best = isRate(figure) ? Math.max(...measured) : Math.min(...measured);
    const own = results.median("eggos", name);
    const ratio = own === undefined || !Number.isFinite(best) ? "–" : (own / best).toFixed(2);
    lines.push(`| ${name} | ${cells.join(" | ")} |${withRatio ? ` ${ratio} |` : ""}`);
  }
  return `${lines.join("\n")}\n`;
}
