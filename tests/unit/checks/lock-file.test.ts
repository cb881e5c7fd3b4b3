import assert from "node:assert/strict";
import { test } from "node:test";
import { lockFileFaults } from "../../../tools/checks/lock-file.ts";

const tool = { version: "1.0.0", optionalDependencies: { "tool-linux": "1.0.0", "tool-mac": "1.0.0" } };

test("a lock file with every platform's package and no address is in order", () => {
  const packages = {
    "node_modules/tool": tool,
    "node_modules/tool-linux": { version: "1.0.0" },
    "node_modules/tool-mac": { version: "1.0.0" },
  };
  assert.deepEqual(lockFileFaults(JSON.stringify({ packages })), []);
});

test("a missing platform and a registry's address are named", () => {
  const packages = {
    "node_modules/tool": tool,
    "node_modules/tool-linux": { version: "1.0.0", resolved: "https://somewhere/" },
  };
  assert.deepEqual(lockFileFaults(JSON.stringify({ packages })), [
    "node_modules/tool: optional tool-mac has no entry",
    "node_modules/tool-linux: names a registry (resolved)",
  ]);
});
