// Seeded random operations on a tree, compared with a model of what a file system is. A failure prints its seed; SEED=n
// runs that one.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { SeededRandom } from "../../../simulator/entropy.ts";
import { makeImage, O_CREAT, O_RDWR, O_WRONLY, Refused, Tree } from "./tree.ts";

/** A file or directory of the model. */
interface Node {
  readonly names: Map<string, Node> | null;
  content: Buffer;
}

const directory = (): Node => ({ names: new Map(), content: Buffer.alloc(0) });
const file = (content = Buffer.alloc(0)): Node => ({ names: null, content });

const words = ["a", "b", "c", "d"];

/** The image's tree: a model and the folder it is made from say the same. */
function fillLower(folder: string, node: Node, random: SeededRandom, depth: number): void {
  for (const word of words) {
    const path = join(folder, word);
    if (depth > 0 && random.below(2) === 0) {
      const child = directory();
      mkdirSync(path);
      node.names?.set(word, child);
      fillLower(path, child, random, depth - 1);
    } else if (random.below(3) > 0) {
      const child = file(Buffer.alloc(random.below(20_000), random.below(256)));
      writeFileSync(path, child.content);
      node.names?.set(word, child);
    }
  }
}

class Model {
  readonly root = directory();

  /** The directory that holds a path's last name, and that name. */
  parent(path: string): [Map<string, Node>, string] | null {
    const parts = path.split("/").slice(1);
    const name = parts.pop() as string;
    let at: Node = this.root;
    for (const part of parts) {
      const next = at.names?.get(part);
      if (!next) return null;
      at = next;
    }
    return at.names ? [at.names, name] : null;
  }

  find(path: string): Node | null {
    const place = this.parent(path);
    return place?.[0].get(place[1]) ?? null;
  }
}

/** One random operation on both; what the model says must be what the tree does. */
function step(tree: Tree, model: Model, random: SeededRandom): void {
  const pick = () => words[random.below(words.length)] as string;
  const path = () => `/${Array.from({ length: 1 + random.below(3) }, pick).join("/")}`;
  const target = path();
  const place = model.parent(target);
  const node = model.find(target);
  const attempt = (shouldWork: boolean, action: () => void): boolean => {
    let worked = true;
    try {
      action();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      worked = false;
    }
    assert.equal(worked, shouldWork, target);
    return worked;
  };
  switch (random.below(10)) {
    case 0:
      if (attempt(place !== null && node === null, () => tree.mkdir(target))) place?.[0].set(place[1], directory());
      break;
    case 1:
      if (attempt(node?.names?.size === 0, () => tree.rmdir(target))) place?.[0].delete(place[1]);
      break;
    case 2:
      if (attempt(node !== null && node.names === null, () => tree.unlink(target))) place?.[0].delete(place[1]);
      break;
    case 3:
    case 4: {
      const offset = random.below(30_000);
      const bytes = Buffer.alloc(1 + random.below(9000), 1 + random.below(255));
      const works = place !== null && node?.names == null;
      const write = () => {
        const opened = tree.open(target, O_WRONLY | O_CREAT);
        assert.equal(tree.writeAt(opened, bytes, offset), bytes.length);
        tree.close(opened);
      };
      if (!attempt(works, write) || !place) break;
      const written = node ?? file();
      const content = Buffer.alloc(Math.max(written.content.length, offset + bytes.length));
      written.content.copy(content);
      bytes.copy(content, offset);
      written.content = content;
      place[0].set(place[1], written);
      break;
    }
    case 5: {
      if (node === null || node.names) break;
      const length = random.below(40_000);
      const opened = tree.open(target, O_RDWR);
      tree.truncate(opened, length);
      tree.close(opened);
      const content = Buffer.alloc(length);
      node.content.copy(content);
      node.content = content;
      break;
    }
    case 6: {
      if (node === null || node.names) break;
      const start = random.below(30_000);
      const length = 1 + random.below(20_000);
      const opened = tree.open(target, O_RDWR);
      tree.allocate(opened, 3, start, length);
      if (node.content.length > 0 && random.below(2) === 0) tree.pageFrame(opened, 0);
      tree.close(opened);
      node.content.fill(0, Math.min(start, node.content.length), Math.min(start + length, node.content.length));
      break;
    }
    case 7: {
      const to = path();
      const newPlace = model.parent(to);
      const isNew = newPlace !== null && model.find(to) === null;
      const works = node !== null && node.names === null && isNew;
      if (attempt(works, () => tree.link(target, to)) && node) newPlace?.[0].set(newPlace[1], node);
      break;
    }
    default: {
      const to = path();
      const newPlace = model.parent(to);
      const other = model.find(to);
      const isExchange = random.below(3) === 0;
      const isInside = to === target || to.startsWith(`${target}/`) || (other !== null && target.startsWith(`${to}/`));
      let works = place !== null && node !== null && newPlace !== null && (!isInside || to === target);
      if (isExchange) works &&= other !== null;
      else if (other !== null && node !== null && other !== node) {
        works &&= (other.names === null) === (node.names === null) && (other.names?.size ?? 0) === 0;
      }
      const worked = attempt(works, () => tree.rename(target, to, isExchange ? 2 : 0));
      if (!worked || !place || !newPlace || !node || other === node) break;
      if (isExchange && other) place[0].set(place[1], other);
      else place[0].delete(place[1]);
      newPlace[0].set(newPlace[1], node);
    }
  }
}

function compare(tree: Tree, node: Node, path: string): void {
  if (node.names) {
    assert.deepEqual(tree.names(path === "" ? "/" : path), [...node.names.keys()].toSorted(), path);
    for (const [name, child] of node.names) compare(tree, child, `${path}/${name}`);
    const subdirectories = [...node.names.values()].filter((child) => child.names).length;
    if (path !== "") assert.equal(tree.stat(path).links, 2 + subdirectories, path);
  } else {
    assert.equal(tree.stat(path).size, node.content.length, path);
    assert.ok(tree.readFile(path).equals(node.content), `${path} differs`);
  }
}

for (const kind of ["tmpfs", "overlay"] as const) {
  test(`${kind}: random operations give what a model gives`, () => {
    const seeds = process.env.SEED ? [Number(process.env.SEED)] : [1, 2, 3, 4, 5, 6, 7, 8];
    for (const seed of seeds) {
      const random = new SeededRandom(seed);
      const model = new Model();
      const image = kind === "overlay" ? makeImage((folder) => fillLower(folder, model.root, random, 2)) : undefined;
      const tree = new Tree(kind, image);
      if (seed % 2 === 0) tree.kernel.setCacheCapacity(3);
      try {
        for (let i = 0; i < 300; i++) {
          step(tree, model, random);
          if (i % 25 === 0) compare(tree, model.root, "");
        }
        compare(tree, model.root, "");
      } catch (error) {
        throw new Error(`SEED=${seed}`, { cause: error });
      }
    }
  });
}
