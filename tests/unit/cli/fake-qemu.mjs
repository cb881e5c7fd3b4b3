// Stands in for QEMU: takes the same wires (COM1 on 0 and 1, COM2 on 3, port 0xe9 on 4) and plays a guest,
// as the environment variable FAKE_GUEST says.

import { readSync, writeSync } from "node:fs";

const [kind = "", value = ""] = (process.env.FAKE_GUEST ?? "exit 0").split(" ");
const last = (/** @type {string} */ line) => writeSync(4, `${line}\n`);

/** Read framed input (docs/command-line.md) until a message; data bytes go to `data`. */
function readMessage(/** @type {number[]} */ data) {
  const one = Buffer.alloc(1);
  const next = () => {
    for (;;) {
      try {
        return readSync(0, one, 0, 1, null) === 0 ? -1 : one[0];
      } catch (error) {
        if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EAGAIN") throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      }
    }
  };
  for (;;) {
    const byte = next();
    if (byte === -1) return { type: "hangup" };
    if (byte !== 0x10) {
      data.push(byte);
      continue;
    }
    const kindByte = next();
    if (kindByte === 0x10) data.push(0x10);
    else if (kindByte === 0x04) return { type: "end" };
    else if (kindByte === 0x73) return { type: "signal", signal: next() };
    else return { type: "unknown" };
  }
}

last("input");
switch (kind) {
  case "exit":
    writeSync(1, "out\n");
    writeSync(3, "err\n");
    last(`exit ${value}`);
    break;
  case "signal":
    last(`signal ${value}`);
    break;
  case "panic":
    writeSync(3, "kernel/main.ts:1\n");
    last("panic out of luck");
    break;
  case "echo": {
    const data = [];
    readMessage(data);
    writeSync(1, Buffer.from(data));
    last("exit 0");
    break;
  }
  case "wait": {
    writeSync(1, "ready\n");
    const message = readMessage([]);
    writeSync(1, `${message.type} ${message.signal}\n`);
    last(`signal ${message.signal}`);
    break;
  }
  case "stubborn":
    writeSync(1, "ready\n");
    setInterval(() => {}, 1000);
    break;
  case "arguments":
    writeSync(1, JSON.stringify(process.argv.slice(2)));
    last("exit 0");
    break;
  case "fail":
    process.stderr.write("qemu-system-x86_64: cannot do that\n");
    process.exitCode = 1;
    break;
  case "vanish":
    break;
}
