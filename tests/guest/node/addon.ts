// A package with a native addon: a shared library that Node loads.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createCanvas } from "@napi-rs/canvas";

test("a native addon draws a picture", async () => {
  const canvas = createCanvas(64, 32);
  const context = canvas.getContext("2d");
  context.fillStyle = "#ff8000";
  context.fillRect(0, 0, 32, 32);
  assert.deepEqual([...context.getImageData(10, 10, 1, 1).data], [255, 128, 0, 255]);
  assert.deepEqual([...context.getImageData(40, 10, 1, 1).data], [0, 0, 0, 0]);
  const png = await canvas.encode("png");
  assert.equal(png.subarray(1, 4).toString("latin1"), "PNG");
});
