// Names: asc's internal names ("kernel/sched/thread/Thread#get:id") as C identifiers a person can read in gdb
// ("sched_thread_Thread_get_id"), and as TypeScript would say them in a backtrace ("Thread.id").

const cReserved = new Set(
  `auto break case char const continue default do double else enum extern float for goto if inline int long register
  restrict return short signed sizeof static struct switch typedef union unsigned void volatile while asm typeof main
  NULL true false bool linux unix i386 int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t size_t
  memcpy memmove memset memcmp abort exit malloc free printf read write`.split(/\s+/),
);

/** Some text as a C identifier; not unique yet. */
export function identifier(name: string): string {
  const plain = name
    .replace(/^kernel\//, "")
    .replaceAll("~lib/", "")
    .replaceAll(/[^A-Za-z0-9_]+/g, "_")
    .replace(/^_+(?=[A-Za-z0-9])/, "")
    .replace(/_+$/, "");
  const safe = /^[0-9]/.test(plain) || plain === "" ? `v_${plain}` : plain;
  return cReserved.has(safe) ? `${safe}_` : safe;
}

/** Hands out identifiers, each once. */
export class Names {
  readonly #taken: Set<string>;
  readonly #outer: Names | null;

  /** Names of an `outer` scope are not given again. */
  constructor(outer: Names | null = null, taken: Iterable<string> = []) {
    this.#outer = outer;
    this.#taken = new Set(taken);
  }

  has(name: string): boolean {
    return this.#taken.has(name) || (this.#outer?.has(name) ?? false);
  }

  reserve(name: string): void {
    this.#taken.add(name);
  }

  unique(name: string): string {
    const base = identifier(name);
    let candidate = base;
    for (let count = 2; this.has(candidate); count++) candidate = `${base}_${count}`;
    this.#taken.add(candidate);
    return candidate;
  }
}

/**
 * The file part of an internal name, among the module's source paths (without extension): generic arguments may
 * hold slashes too, so that the longest source which begins the name decides.
 */
export function sourceOf(name: string, stems: ReadonlySet<string>): string | null {
  const plain = name.startsWith("start:") ? name.slice("start:".length) : name;
  if (stems.has(plain)) return plain;
  const end = plain.search(/[<(]/);
  for (let slash = plain.lastIndexOf("/", end < 0 ? plain.length : end); slash > 0; ) {
    const stem = plain.slice(0, slash);
    if (stems.has(stem)) return stem;
    slash = plain.lastIndexOf("/", slash - 1);
  }
  return null;
}

/** How a TypeScript programmer would call the function: no path, `.` for `#`, accessors by their property. */
export function displayName(name: string, stem: string | null): string {
  if (name.startsWith("start:")) return "(top level)";
  if (name === "~start") return "(start)";
  const local = stem !== null && name.startsWith(`${stem}/`) ? name.slice(stem.length + 1) : name;
  return local
    .replaceAll(/[\w~.-]+\//g, "")
    .replace(/#?(get|set):/, "#")
    .replace(/#constructor$/, " (constructor)")
    .replace(/\|.*$/, "")
    .replace(/@override$/, "")
    .replaceAll("#", ".")
    .replaceAll(/~anonymous/g, "(anonymous)");
}
