// Run in a guest: what the library says of the machine.

import assert from "node:assert/strict";
import { test } from "node:test";
import { describe } from "./index.ts";

test("the machine is described as it is: QEMU's, with a display and a network card", () => {
  const facts = describe();
  assert.ok(facts.memoryBytes > 64 << 20);
  assert.ok(facts.processors.length >= 1 && (facts.processors[0]?.model ?? "") !== "");
  assert.ok(Math.abs(facts.bootedAt.getTime() + performance.now() - Date.now()) < 60_000);
  assert.match(facts.hypervisor ?? "", /^(QEMU|KVM)$/);
  const display = facts.devices.find(({ what }) => what === "display");
  assert.deepEqual([display?.vendor, display?.device], ["1234", "1111"]);
  assert.ok(facts.devices.some(({ what, vendor }) => what === "network" && vendor === "1af4"));
  for (const { address } of facts.devices) assert.match(address, /^[\da-f]{2}:[\da-f]{2}\.[0-7]$/);
});
