// Run in a guest: the keyboard and the mouse as programs of the library see them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { InputError, keyName, open } from "./index.ts";

test("the devices of the machine are found by name, and can be closed at any time", async () => {
  const devices = open();
  assert.ok(devices.devices.length >= 2, JSON.stringify(devices.devices));
  for (const { path, name } of devices.devices) {
    assert.match(path, /^\/dev\/input\/event\d+$/);
    assert.notEqual(name, "");
  }
  assert.equal(devices.isPressed("a"), false);
  assert.deepEqual(devices.take(), []);
  setTimeout(() => devices.close(), 100);
  for await (const event of devices) assert.fail(`nobody pressed ${JSON.stringify(event)}`);
  devices.close();
});

test("no devices are a clear error", () => {
  assert.throws(() => open({ folder: "/nowhere" }), InputError);
  assert.throws(() => open({ folder: "/nowhere" }), /has no keyboard and no mouse; start it with a screen/);
});

test("keys are named by their places", () => {
  assert.deepEqual([1, 16, 28, 30, 57, 103, 105, 250].map(keyName), [
    "escape",
    "q",
    "enter",
    "a",
    "space",
    "up",
    "left",
    "key-250",
  ]);
});
