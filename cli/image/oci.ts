// A program's root file system as an OCI image archive: what `docker load`, `podman load` and `egg run --rootfs` take. The
// same files that boot here run there in a container, on the Linux kernel.
//
//   oci-layout, index.json     the layout (OCI image format 1.1, image-layout.md)
//   manifest.json              the same for Docker before 25
//   blobs/sha256/…             manifest, configuration, one layer
//
// Equal contents give equal files: times are fixed, names sorted.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Header, Pax } from "tar";
import type { BootConfig } from "./boot-config.ts";
import type { Entry } from "./erofs.ts";

const BLOCK = 512;
/** 2000-01-01. */
const TIME = new Date(946_684_800_000);
const MEDIA = "application/vnd.oci.image";

interface TarEntry {
  path: string;
  mode: number;
  type: "File" | "Directory" | "SymbolicLink";
  link?: string;
  bytes?: Uint8Array;
}

function padded(bytes: Uint8Array): Uint8Array[] {
  const rest = bytes.length % BLOCK;
  return rest === 0 ? [bytes] : [bytes, Buffer.alloc(BLOCK - rest)];
}

function tarEntry({ path, mode, type, link, bytes }: TarEntry): Uint8Array[] {
  const fields = {
    path,
    mode,
    type,
    size: bytes?.length ?? 0,
    mtime: TIME,
    uid: 0,
    gid: 0,
    ...(link === undefined ? {} : { linkpath: link }),
  };
  const header = new Header(fields);
  const needsMore = header.encode();
  const more = needsMore ? [new Pax({ path, ...(link === undefined ? {} : { linkpath: link }) }).encode()] : [];
  return [...more, header.block ?? Buffer.alloc(BLOCK), ...(bytes ? padded(bytes) : [])];
}

function tar(entries: TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(tarEntry), Buffer.alloc(2 * BLOCK)]);
}

/** The entries with the folders that they imply, parents first. */
function layerEntries(entries: Entry[]): TarEntry[] {
  const all = new Map<string, TarEntry>();
  const addParents = (path: string): void => {
    const names = path.split("/").slice(0, -1);
    for (let depth = 1; depth <= names.length; depth++) {
      const folder = `${names.slice(0, depth).join("/")}/`;
      if (!all.has(folder)) all.set(folder, { path: folder, mode: 0o755, type: "Directory" });
    }
  };
  for (const entry of entries) {
    const path = entry.path.replace(/^\/+/, "");
    if (path === "") continue;
    addParents(path);
    if (entry.kind === "directory") all.set(`${path}/`, { path: `${path}/`, mode: entry.mode, type: "Directory" });
    else if (entry.kind === "symlink") all.set(path, { path, mode: 0o777, type: "SymbolicLink", link: entry.target });
    else {
      const bytes = "bytes" in entry.content ? entry.content.bytes : readFileSync(entry.content.path);
      all.set(path, { path, mode: entry.mode, type: "File", bytes });
    }
  }
  return [...all.keys()].sort().map((key) => all.get(key) as TarEntry);
}

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The archive's bytes. `name` becomes the image's name, as `docker images` lists it. */
export function ociArchive(entries: Entry[], boot: BootConfig, name: string): Buffer {
  const layer = tar(layerEntries(entries));
  const layerDigest = digestOf(layer);
  const own = boot.fixedArgs ?? 1;
  const words = boot.args ?? [boot.program ?? "/bin/sh"];
  const configuration = Buffer.from(
    JSON.stringify({
      created: TIME.toISOString(),
      architecture: "amd64",
      os: "linux",
      config: {
        Env: Object.entries(boot.env ?? {}).map(([key, value]) => `${key}=${value}`),
        // argv[0] is only a name; a container is started by the program's path.
        Entrypoint: [boot.program ?? words[0], ...words.slice(1, own)],
        Cmd: words.slice(own),
        WorkingDir: boot.cwd ?? "/",
      },
      rootfs: { type: "layers", diff_ids: [`sha256:${layerDigest}`] },
      history: [{ created: TIME.toISOString(), created_by: "egg pack" }],
    }),
  );
  const described = (mediaType: string, bytes: Uint8Array) => ({
    mediaType,
    digest: `sha256:${digestOf(bytes)}`,
    size: bytes.length,
  });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: `${MEDIA}.manifest.v1+json`,
      config: described(`${MEDIA}.config.v1+json`, configuration),
      layers: [described(`${MEDIA}.layer.v1.tar`, layer)],
    }),
  );
  const tag = `${name.toLowerCase().replaceAll(/[^a-z0-9._-]/g, "-")}:latest`;
  const index = {
    schemaVersion: 2,
    mediaType: `${MEDIA}.index.v1+json`,
    manifests: [
      {
        ...described(`${MEDIA}.manifest.v1+json`, manifest),
        annotations: {
          "io.containerd.image.name": `docker.io/library/${tag}`,
          "org.opencontainers.image.ref.name": "latest",
        },
      },
    ],
  };
  const blob = (bytes: Uint8Array): string => `blobs/sha256/${digestOf(bytes)}`;
  const docker = [{ Config: blob(configuration), RepoTags: [tag], Layers: [blob(layer)] }];
  const file = (path: string, bytes: Uint8Array): TarEntry => ({ path, mode: 0o644, type: "File", bytes });
  return tar([
    file("oci-layout", Buffer.from('{"imageLayoutVersion":"1.0.0"}')),
    file("index.json", Buffer.from(JSON.stringify(index))),
    file("manifest.json", Buffer.from(JSON.stringify(docker))),
    file(blob(configuration), configuration),
    file(blob(manifest), manifest),
    file(blob(layer), layer),
  ]);
}
