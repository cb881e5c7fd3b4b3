// `egg init`: a new project that runs, tests and type-checks.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { EXIT_CANNOT_CREATE, EXIT_USAGE, errorCode, Failure } from "../failure.ts";
import { shown } from "../image/target.ts";
import { makeCommand, parseCommand } from "../options.ts";
import { repositoryRoot } from "../paths.ts";

/** What npm takes for a package's name (validate-npm-package-name), without a scope. */
const PACKAGE_NAME = /^[a-z0-9][a-z0-9._-]{0,213}$/;

function packageName(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._-]+/, "");
  return PACKAGE_NAME.test(name) ? name : "app";
}

/** The versions of type packages that this checkout is made with. */
function typePackages(): Record<string, string> {
  const manifest = JSON.parse(readFileSync(join(repositoryRoot, "package.json"), "utf8")) as {
    devDependencies: Record<string, string>;
  };
  return Object.fromEntries(
    ["@types/node", "typescript"].map((name) => [name, `^${manifest.devDependencies[name] ?? "26"}`]),
  );
}

function projectFiles(name: string): Record<string, string> {
  const manifest = {
    name,
    version: "0.1.0",
    private: true,
    type: "module",
    main: "main.ts",
    scripts: { start: "egg run", dev: "egg dev", test: "egg test" },
    devDependencies: typePackages(),
    egg: { memory: "256M" },
  };
  const settings = {
    compilerOptions: {
      target: "esnext",
      module: "nodenext",
      types: ["node"],
      strict: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      verbatimModuleSyntax: true,
      skipLibCheck: true,
    },
  };
  return {
    "package.json": `${JSON.stringify(manifest, null, 2)}\n`,
    "tsconfig.json": `${JSON.stringify(settings, null, 2)}\n`,
    ".gitignore": "node_modules/\ncoverage/\n*.elf\n*.iso\n",
    "main.ts": `import { createServer } from "node:http";
import { greeting } from "./greeting.ts";

const server = createServer((request, response) => {
  response.setHeader("content-type", "text/plain; charset=utf-8");
  response.end(\`\${greeting(new URL(request.url ?? "/", "http://localhost").searchParams.get("name"))}\\n\`);
});

server.listen(8000, () => console.log("listening on port 8000"));
process.once("SIGTERM", () => server.close());
process.once("SIGINT", () => server.close());
`,
    "greeting.ts": `import { hostname } from "node:os";

/** What the server says to someone. */
export function greeting(name: string | null): string {
  return \`hello \${name ?? "world"}, from \${hostname()}\`;
}
`,
    "greeting.test.ts": `import assert from "node:assert/strict";
import { hostname } from "node:os";
import { test } from "node:test";
import { greeting } from "./greeting.ts";

test("greets by name", () => assert.equal(greeting("Ada"), \`hello Ada, from \${hostname()}\`));

test("greets the world without one", () => assert.match(greeting(null), /^hello world, /));
`,
    "README.md": `# ${name}

\`\`\`
egg run -p 8000:8000     boot it in a virtual machine, then: curl localhost:8000/?name=you
egg dev -p 8000:8000     the same, and again whenever a file changes
egg test                 run the tests inside a virtual machine
egg build                one bootable file
\`\`\`

\`npm install\` brings the types that an editor needs; nothing of it gets into the image.
`,
  };
}

export function initCommand() {
  return makeCommand("init")
    .description("Make a new project that runs: a small HTTP server with a test.")
    .usage("[FOLDER]")
    .argument("[folder]", "where; made when it is not there", ".");
}

export async function run(words: string[]): Promise<number> {
  const command = parseCommand(initCommand(), words);
  if (!command) return 0;
  const folder = resolve(command.processedArgs[0] as string);
  const files = projectFiles(packageName(folder));
  const taken = Object.keys(files).filter((name) => existsSync(join(folder, name)));
  if (taken.length > 0) {
    throw new Failure(`${shown(folder)}: has ${taken.join(", ")} already`, {
      advice: "choose another folder; egg init writes over nothing",
      status: EXIT_USAGE,
    });
  }
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text, { flag: "wx" });
    }
  } catch (error) {
    throw new Failure(`${shown(folder)}: cannot be written (${errorCode(error) ?? "unknown error"})`, {
      advice: "choose another folder",
      status: EXIT_CANNOT_CREATE,
      cause: error,
    });
  }
  const where = shown(folder);
  const enter = where === "." ? "" : `  cd ${where}\n`;
  process.stdout.write(
    `made ${where}: ${Object.keys(files).join(", ")}\n\n${enter}  egg run -p 8000:8000\n  egg test\n`,
  );
  return 0;
}
