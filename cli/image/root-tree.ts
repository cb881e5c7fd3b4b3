// A root file system as a tree in memory: layers are laid over each other, names are looked up through links.

import type { Content, Entry } from "./erofs.ts";

/** Links in a row before a lookup gives up, as in Linux. */
const LINKS_MOST = 40;

export type TreeNode =
  | { kind: "directory"; mode: number; children: Map<string, TreeNode> }
  | { kind: "file"; mode: number; content: Content }
  | { kind: "symlink"; target: string };

export type Folder = Extract<TreeNode, { kind: "directory" }>;

export function makeFolder(mode = 0o755): Folder {
  return { kind: "directory", mode, children: new Map() };
}

/** The names of a path, without `.` and empty ones. */
function namesOf(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}

export class RootTree {
  readonly root = makeFolder();

  /** Follow `names` from the root. `..` stops at the root, so no name leads out of the tree. Missing folders are made if `make`. */
  #walk(names: string[], followLast: boolean, make: boolean): { folders: Folder[]; node: TreeNode | null } {
    const waiting = [...names];
    let folders: Folder[] = [this.root];
    let node: TreeNode = this.root;
    for (let links = 0; waiting.length > 0; ) {
      const name = waiting.shift() ?? "";
      if (name === "..") {
        if (folders.length > 1) folders.pop();
        node = folders.at(-1) ?? this.root;
        continue;
      }
      const here = folders.at(-1) ?? this.root;
      if (node.kind !== "directory") return { folders, node: null };
      let child = here.children.get(name);
      if (child === undefined && make) {
        child = makeFolder();
        here.children.set(name, child);
      }
      if (child === undefined) return { folders, node: null };
      if (child.kind === "symlink" && (waiting.length > 0 || followLast)) {
        if (++links > LINKS_MOST) return { folders, node: null };
        if (child.target.startsWith("/")) folders = [this.root];
        node = folders.at(-1) ?? this.root;
        waiting.unshift(...namesOf(child.target));
        continue;
      }
      if (child.kind === "directory") folders.push(child);
      node = child;
    }
    return { folders, node };
  }

  /** What a path names, links followed; null when there is nothing. */
  find(path: string, followLast = true): TreeNode | null {
    return this.#walk(namesOf(path), followLast, false).node;
  }

  /** The folder that holds the last name of `path`, made when it is missing. Null when something else is in the way. */
  #parent(path: string): { folder: Folder; name: string } | null {
    const names = namesOf(path);
    const name = names.pop();
    if (name === undefined || name === "..") return null;
    const { node } = this.#walk(names, true, true);
    return node?.kind === "directory" ? { folder: node, name } : null;
  }

  /** Put `node` at `path`. A folder over a folder keeps what is in it; anything else replaces what was there. */
  place(path: string, node: TreeNode): void {
    if (node.kind === "directory" && namesOf(path).length === 0) {
      this.root.mode = node.mode;
      return;
    }
    const at = this.#parent(path);
    if (!at) return;
    const old = at.folder.children.get(at.name);
    if (node.kind === "directory" && old?.kind === "directory") old.mode = node.mode;
    else at.folder.children.set(at.name, node);
  }

  remove(path: string): void {
    const names = namesOf(path);
    const name = names.pop();
    const folder = this.#walk(names, true, false).node;
    if (name !== undefined && folder?.kind === "directory") folder.children.delete(name);
  }

  /** Take everything out of a folder. */
  empty(path: string): void {
    const folder = this.find(path);
    if (folder?.kind === "directory") folder.children.clear();
  }

  /** Image entries of all that is in the tree. */
  entries(): Entry[] {
    const entries: Entry[] = [{ path: "/", kind: "directory", mode: this.root.mode }];
    const visit = (folder: Folder, prefix: string): void => {
      for (const [name, node] of folder.children) {
        const path = `${prefix}/${name}`;
        if (node.kind === "directory") {
          entries.push({ path, kind: "directory", mode: node.mode });
          visit(node, path);
        } else if (node.kind === "file") {
          entries.push({ path, kind: "file", mode: node.mode, content: node.content });
        } else {
          entries.push({ path, kind: "symlink", target: node.target });
        }
      }
    };
    visit(this.root, "");
    return entries;
  }
}
