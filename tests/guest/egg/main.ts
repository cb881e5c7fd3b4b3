// What a program sees of the wires between it and `egg`; the first argument says which.

import { fail } from "./fail.ts";

const [mode, ...rest] = process.argv.slice(2);

switch (mode) {
  case "describe":
    console.log(
      JSON.stringify({
        argv: process.argv.slice(2),
        cwd: process.cwd(),
        project: process.env.FROM_PROJECT,
        caller: process.env.FROM_CALLER,
        terminals: [process.stdin.isTTY ?? false, process.stdout.isTTY ?? false, process.stderr.isTTY ?? false],
        size: [process.stdout.columns, process.stdout.rows],
      }),
    );
    break;
  case "copy":
    process.stdin.pipe(process.stdout);
    break;
  case "status":
    console.error("on standard error");
    process.exit(Number(rest[0]));
    break;
  case "kill":
    process.kill(process.pid, rest[0]);
    break;
  case "fail":
    fail();
    break;
  case "signals": {
    const keepAlive = setInterval(() => {}, 1000);
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(name, () => {
        console.log(name);
        if (name !== "SIGHUP") return;
        clearInterval(keepAlive);
        process.exitCode = 9;
      });
    }
    console.log("ready");
    break;
  }
  case "terminal":
    process.stdout.on("resize", () => console.log(process.stdout.getWindowSize().join("x")));
    process.on("SIGINT", () => {
      console.log("interrupted");
      process.exit(3);
    });
    process.stdin.on("data", (line: Buffer) => console.log(`line ${JSON.stringify(line.toString())}`));
    console.log("ready", process.stdin.isTTY);
    break;
}
