// Hashes, signatures, ciphers, key derivation in the thread pool, random numbers.

import assert from "node:assert/strict";
import crypto from "node:crypto";
import { test } from "node:test";
import { promisify } from "node:util";

test("hashes have their known values", () => {
  assert.equal(
    crypto.createHash("sha256").update("abc").digest("hex"),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
  assert.equal(crypto.createHash("md5").update("").digest("hex"), "d41d8cd98f00b204e9800998ecf8427e");
  assert.equal(crypto.hash("sha1", "abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  assert.equal(
    crypto.createHmac("sha256", "key").update("The quick brown fox jumps over the lazy dog").digest("hex"),
    "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8",
  );
});

test("random values differ", () => {
  const uuids = new Set(Array.from({ length: 1000 }, () => crypto.randomUUID()));
  assert.equal(uuids.size, 1000);
  for (const uuid of uuids) assert.match(uuid, /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  assert.notDeepEqual(crypto.randomBytes(32), crypto.randomBytes(32));
  for (let i = 0; i < 100; i++) assert.ok(crypto.randomInt(10) < 10);
});

test("scrypt runs in the thread pool, several at once", async () => {
  const scrypt = promisify<string, string, number, crypto.ScryptOptions, Buffer>(crypto.scrypt);
  const keys = await Promise.all(
    ["a", "b", "a", "c"].map((password) => scrypt(password, "salt", 32, { N: 1024, r: 8, p: 1 })),
  );
  assert.ok(keys[0]?.equals(keys[2] as Buffer));
  assert.ok(!keys[0]?.equals(keys[1] as Buffer));
  const known = await scrypt("password", "NaCl", 64, { N: 1024, r: 8, p: 16 });
  assert.match(known.toString("hex"), /^fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162/);
});

test("pbkdf2 and hkdf derive keys", async () => {
  const derived = await promisify(crypto.pbkdf2)("password", "salt", 1000, 20, "sha1");
  assert.equal(derived.toString("hex"), "6e88be8bad7eae9d9e10aa061224034fed48d03f");
  assert.equal(crypto.hkdfSync("sha256", "key", "salt", "info", 32).byteLength, 32);
});

test("signatures verify, changed messages do not", () => {
  const { publicKey, privateKey } = crypto.generateKeyPairSync("ed25519");
  const message = Buffer.from("a message");
  const signature = crypto.sign(null, message, privateKey);
  assert.ok(crypto.verify(null, message, publicKey, signature));
  assert.ok(!crypto.verify(null, Buffer.from("another"), publicKey, signature));
  const ec = crypto.generateKeyPairSync("ec", { namedCurve: "P-256" });
  assert.ok(crypto.verify("sha256", message, ec.publicKey, crypto.sign("sha256", message, ec.privateKey)));
});

test("rsa keys are made in the thread pool", async () => {
  const { publicKey, privateKey } = await promisify(crypto.generateKeyPair)("rsa", { modulusLength: 1024 });
  const secret = crypto.publicEncrypt(publicKey, Buffer.from("secret"));
  assert.equal(crypto.privateDecrypt(privateKey, secret).toString(), "secret");
});

test("aes-gcm encrypts, decrypts and notices damage", () => {
  const key = crypto.randomBytes(32);
  const iv = crypto.randomBytes(12);
  const cipher = crypto.createCipheriv("aes-256-gcm", key, iv);
  const secret = Buffer.concat([cipher.update("plain text"), cipher.final()]);
  const decipher = crypto.createDecipheriv("aes-256-gcm", key, iv);
  decipher.setAuthTag(cipher.getAuthTag());
  assert.equal(Buffer.concat([decipher.update(secret), decipher.final()]).toString(), "plain text");
  const damaged = crypto.createDecipheriv("aes-256-gcm", key, iv);
  damaged.setAuthTag(Buffer.alloc(16));
  damaged.update(secret);
  assert.throws(() => damaged.final());
});

test("web crypto agrees", async () => {
  const digest = await crypto.webcrypto.subtle.digest("SHA-256", Buffer.from("abc"));
  assert.equal(Buffer.from(digest).toString("hex").slice(0, 8), "ba7816bf");
});
