// node:sqlite on the writable layer: transactions, journals, locks, memory mapping.

import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "sqlite-"));

for (const journal of ["delete", "wal", "memory"]) {
  test(`a database with journal mode ${journal} keeps what is committed`, () => {
    const file = path.join(folder, `${journal}.db`);
    const database = new DatabaseSync(file);
    assert.deepEqual({ ...database.prepare(`PRAGMA journal_mode = ${journal}`).get() }, { journal_mode: journal });
    database.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, amount REAL)");
    const insert = database.prepare("INSERT INTO t (name, amount) VALUES (?, ?)");
    database.exec("BEGIN");
    for (let i = 0; i < 2000; i++) insert.run(`name ${i}`, i / 4);
    database.exec("COMMIT");
    database.exec("BEGIN; DELETE FROM t; ROLLBACK");
    database.close();
    const again = new DatabaseSync(file, { readOnly: true });
    const { count, sum } = again.prepare("SELECT count(*) AS count, sum(amount) AS sum FROM t").get() as {
      count: number;
      sum: number;
    };
    assert.equal(count, 2000);
    assert.equal(sum, (1999 * 2000) / 8);
    assert.deepEqual({ ...again.prepare("SELECT id FROM t WHERE name = ?").get("name 1234") }, { id: 1235 });
    assert.throws(() => again.exec("DELETE FROM t"), /readonly/);
    again.close();
  });
}

test("a second writer is told that the database is locked", () => {
  const file = path.join(folder, "locked.db");
  const one = new DatabaseSync(file);
  const two = new DatabaseSync(file, { timeout: 20 });
  one.exec("CREATE TABLE t (a); BEGIN IMMEDIATE; INSERT INTO t VALUES (1)");
  assert.throws(() => two.exec("INSERT INTO t VALUES (2)"), /locked/);
  one.exec("COMMIT");
  two.exec("INSERT INTO t VALUES (2)");
  assert.equal((two.prepare("SELECT count(*) AS n FROM t").get() as { n: number }).n, 2);
  one.close();
  two.close();
});

test("memory mapping and full-text search work", () => {
  const database = new DatabaseSync(path.join(folder, "fts.db"));
  database.exec("PRAGMA mmap_size = 16777216; CREATE VIRTUAL TABLE f USING fts5(text)");
  database.prepare("INSERT INTO f VALUES (?)").run("a kernel written in TypeScript");
  assert.equal(database.prepare("SELECT * FROM f WHERE f MATCH 'typescript'").all().length, 1);
  database.close();
});

test("the folder can be removed", () => fs.rmSync(folder, { recursive: true }));
