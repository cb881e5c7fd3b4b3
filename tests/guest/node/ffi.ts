// node:ffi: functions, callbacks and memory of shared libraries, without an addon.

import assert from "node:assert/strict";
import ffi from "node:ffi";
import { test } from "node:test";

test("functions of the C library can be called", () => {
  const { functions, lib } = ffi.dlopen("libc.so.6", {
    getpid: { arguments: [], return: "int32" },
    labs: { arguments: ["int64"], return: "int64" },
    strlen: { arguments: ["pointer"], return: "uint64" },
  });
  assert.equal(functions.getpid(), process.pid);
  assert.equal(functions.labs(-5n), 5n);
  const text = Buffer.from("four\0");
  assert.equal(functions.strlen(ffi.getRawPointer(text)), 4n);
  lib.close();
});

test("memory mapped by the C library is seen without a copy", () => {
  const { functions, lib } = ffi.dlopen("libc.so.6", {
    mmap: { arguments: ["pointer", "uint64", "int32", "int32", "int32", "int64"], return: "pointer" },
    munmap: { arguments: ["pointer", "uint64"], return: "int32" },
  });
  const PROT_READ_WRITE = 3;
  const MAP_PRIVATE_ANONYMOUS = 0x22;
  const address = functions.mmap(0n, 65536n, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0n);
  assert.ok(address > 4096n);
  const view = new Uint8Array(ffi.toArrayBuffer(address, 65536, false));
  view[65535] = 77;
  assert.equal(ffi.getUint8(address, 65535), 77);
  assert.equal(functions.munmap(address, 65536n), 0);
  lib.close();
});

test("the C library calls back into JavaScript", () => {
  const { functions, lib } = ffi.dlopen("libc.so.6", {
    qsort: { arguments: ["pointer", "uint64", "uint64", "pointer"], return: "void" },
  });
  const numbers = new Int32Array([5, 3, 9, 1]);
  const compare = lib.registerCallback(
    { arguments: ["pointer", "pointer"], return: "int32" },
    (a, b) => ffi.getInt32(a as bigint) - ffi.getInt32(b as bigint),
  );
  functions.qsort(ffi.getRawPointer(numbers), 4n, 4n, compare);
  assert.deepEqual([...numbers], [1, 3, 5, 9]);
  lib.unregisterCallback(compare);
  lib.close();
});
