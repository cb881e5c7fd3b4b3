// The small files every guest has: accounts, names, the release. Programs and the C library look for them.

import type { BaseKind } from "./base.ts";
import type { Entry } from "./erofs.ts";

const FILES: Record<string, string> = {
  "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
  "/etc/group": "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n",
  "/etc/hostname": "eggos\n",
  "/etc/hosts": "127.0.0.1 localhost eggos\n::1 localhost ip6-localhost ip6-loopback\n",
  "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n",
  "/etc/os-release": 'NAME="eggos"\nPRETTY_NAME="eggos"\nID=eggos\n',
  "/etc/protocols": "ip 0 IP\nicmp 1 ICMP\ntcp 6 TCP\nudp 17 UDP\nipv6-icmp 58 IPv6-ICMP\n",
  "/etc/services": "ssh 22/tcp\ndomain 53/tcp\ndomain 53/udp\nhttp 80/tcp\nhttps 443/tcp\n",
};

/** Mount points and folders programs expect to write to. */
const FOLDERS: [path: string, mode: number][] = [
  ["/app", 0o755],
  ["/dev", 0o755],
  ["/home", 0o755],
  ["/mnt", 0o755],
  ["/proc", 0o555],
  ["/root", 0o700],
  ["/run", 0o755],
  ["/sys", 0o555],
  ["/tmp", 0o1777],
  ["/usr/bin", 0o755],
  ["/usr/lib", 0o755],
  ["/usr/sbin", 0o755],
  ["/var/tmp", 0o1777],
];

const LINKS: [path: string, target: string][] = [
  ["/bin", "usr/bin"],
  ["/etc/localtime", "../usr/share/zoneinfo/UTC"],
  ["/etc/mtab", "../proc/self/mounts"],
  // Name servers as DHCP, routers or `egg run --dns` gave them (Linux's nfsroot.rst).
  ["/etc/resolv.conf", "../proc/net/pnp"],
  ["/lib", "usr/lib"],
  ["/sbin", "usr/sbin"],
  ["/var/run", "../run"],
];

/** A TZif file (RFC 8536) for UTC: an empty version 1 block, version 2 with one type and the footer `UTC0`. */
function utcZone(): Buffer {
  const header = Buffer.alloc(44);
  header.write("TZif2", 0, "latin1");
  header.writeUInt32BE(1, 36); // one local time type
  header.writeUInt32BE(4, 40); // four bytes of names
  const type = Buffer.from([0, 0, 0, 0, 0, 0, ...Buffer.from("UTC\0")]);
  return Buffer.concat([header, type, header, type, Buffer.from("\nUTC0\n")]);
}

export function settingsEntries(kind: BaseKind): Entry[] {
  const entries: Entry[] = FOLDERS.map(([path, mode]) => ({ path, kind: "directory", mode }));
  for (const [path, target] of LINKS) entries.push({ path, kind: "symlink", target });
  if (kind !== "static") {
    entries.push({ path: "/usr/lib64", kind: "directory", mode: 0o755 });
    entries.push({ path: "/lib64", kind: "symlink", target: "usr/lib64" });
    entries.push({
      path: "/usr/lib64/ld-linux-x86-64.so.2",
      kind: "symlink",
      target: "../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
    });
  }
  for (const [path, text] of Object.entries(FILES)) {
    entries.push({ path, kind: "file", mode: 0o644, content: { bytes: Buffer.from(text) } });
  }
  entries.push({ path: "/usr/share/zoneinfo/UTC", kind: "file", mode: 0o644, content: { bytes: utcZone() } });
  return entries;
}
