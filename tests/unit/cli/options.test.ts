import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../../cli/failure.ts";
import { parseEnvironment, parseMemory, parsePort, withDefaultValue } from "../../../cli/options.ts";

test("memory is read in MiB", () => {
  assert.equal(parseMemory("256M"), 256);
  assert.equal(parseMemory("256"), 256);
  assert.equal(parseMemory("2G"), 2048);
  assert.equal(parseMemory("512MiB"), 512);
});

test("memory that means nothing is refused with an example", () => {
  for (const text of ["", "x", "-1", "1.5G", "8M", "99999G", "256K", "1e3"]) {
    assert.throws(() => parseMemory(text), Failure, text);
  }
});

test("a port mapping has a protocol and an address", () => {
  assert.deepEqual(parsePort("8080:80"), { protocol: "tcp", hostAddress: "127.0.0.1", hostPort: 8080, guestPort: 80 });
  assert.deepEqual(parsePort("3000"), { protocol: "tcp", hostAddress: "127.0.0.1", hostPort: 3000, guestPort: 3000 });
  assert.deepEqual(parsePort("0.0.0.0:53:5353/udp"), {
    protocol: "udp",
    hostAddress: "0.0.0.0",
    hostPort: 53,
    guestPort: 5353,
  });
  assert.equal(parsePort("[::1]:80:80").hostAddress, "[::1]");
});

test("a port mapping out of range or form is refused", () => {
  for (const text of ["", "a:b", "0:80", "80:0", "99999:1", "1:99999", "80:80/sctp", "80:80:80:80", "80:"]) {
    assert.throws(() => parsePort(text), Failure, text);
  }
});

test("an environment variable may be passed on from here", () => {
  assert.deepEqual(parseEnvironment("A=b=c"), ["A", "b=c"]);
  assert.deepEqual(parseEnvironment("A="), ["A", ""]);
  process.env.EGG_TEST_VARIABLE = "here";
  assert.deepEqual(parseEnvironment("EGG_TEST_VARIABLE"), ["EGG_TEST_VARIABLE", "here"]);
  delete process.env.EGG_TEST_VARIABLE;
  assert.equal(parseEnvironment("EGG_TEST_VARIABLE"), null);
  assert.throws(() => parseEnvironment("=x"), Failure);
});

test("an option with an optional value does not swallow the word after it", () => {
  assert.deepEqual(withDefaultValue(["--strace", "."], "--strace", "*"), ["--strace=*", "."]);
  assert.deepEqual(withDefaultValue(["--strace=read"], "--strace", "*"), ["--strace=read"]);
});
