// Users, groups, capabilities: man 7 credentials, man 2 setresuid, capget. A process whose effective user is 0 has every
// capability, any other has none.

import * as mem from "machine/mem";
import { addressOf, bytesAddress } from "memory/address";
import { EFAULT, EINVAL, EPERM, ESRCH } from "../abi/errno";
import {
  SYS_capget,
  SYS_capset,
  SYS_getegid,
  SYS_geteuid,
  SYS_getgid,
  SYS_getgroups,
  SYS_getresgid,
  SYS_getresuid,
  SYS_getuid,
  SYS_setfsgid,
  SYS_setfsuid,
  SYS_setgid,
  SYS_setgroups,
  SYS_setregid,
  SYS_setresgid,
  SYS_setresuid,
  SYS_setreuid,
  SYS_setuid,
} from "../abi/syscall-numbers";
import { copyIn, copyOut, fetch32, fetched, store32 } from "../memory/user";
import { Credentials } from "../process/credentials";
import { currentProcess } from "../process/current";
import { findProcess, findThread } from "../process/process-table";
import { define0, define1, define2, define3 } from "./table";

/** An id argument of -1 leaves that id alone. */
const UNCHANGED: u32 = 0xffffffff;
const MAX_GROUPS: u64 = 65536;

function me(): Credentials {
  return currentProcess().credentials;
}

function isPrivileged(): bool {
  return me().effectiveUser == 0;
}

function getuid(): i64 {
  return me().realUser;
}
function geteuid(): i64 {
  return me().effectiveUser;
}
function getgid(): i64 {
  return me().realGroup;
}
function getegid(): i64 {
  return me().effectiveGroup;
}

function getresuid(real: u64, effective: u64, saved: u64): i64 {
  let ids = me();
  if (store32(real, ids.realUser) < 0 || store32(effective, ids.effectiveUser) < 0) return -EFAULT;
  return store32(saved, ids.savedUser);
}

function getresgid(real: u64, effective: u64, saved: u64): i64 {
  let ids = me();
  if (store32(real, ids.realGroup) < 0 || store32(effective, ids.effectiveGroup) < 0) return -EFAULT;
  return store32(saved, ids.savedGroup);
}

function isOwnUser(user: u32): bool {
  let ids = me();
  return user == UNCHANGED || user == ids.realUser || user == ids.effectiveUser || user == ids.savedUser;
}

function isOwnGroup(group: u32): bool {
  let ids = me();
  return group == UNCHANGED || group == ids.realGroup || group == ids.effectiveGroup || group == ids.savedGroup;
}

function setUsers(real: u32, effective: u32, saved: u32): i64 {
  let ids = me();
  if (real != UNCHANGED) ids.realUser = real;
  if (effective != UNCHANGED) {
    ids.effectiveUser = effective;
    ids.fileUser = effective;
  }
  if (saved != UNCHANGED) ids.savedUser = saved;
  return 0;
}

function setGroups3(real: u32, effective: u32, saved: u32): i64 {
  let ids = me();
  if (real != UNCHANGED) ids.realGroup = real;
  if (effective != UNCHANGED) {
    ids.effectiveGroup = effective;
    ids.fileGroup = effective;
  }
  if (saved != UNCHANGED) ids.savedGroup = saved;
  return 0;
}

function setresuid(real: u64, effective: u64, saved: u64): i64 {
  let isAllowed = isOwnUser(<u32>real) && isOwnUser(<u32>effective) && isOwnUser(<u32>saved);
  if (!isPrivileged() && !isAllowed) return -EPERM;
  return setUsers(<u32>real, <u32>effective, <u32>saved);
}

function setresgid(real: u64, effective: u64, saved: u64): i64 {
  let isAllowed = isOwnGroup(<u32>real) && isOwnGroup(<u32>effective) && isOwnGroup(<u32>saved);
  if (!isPrivileged() && !isAllowed) return -EPERM;
  return setGroups3(<u32>real, <u32>effective, <u32>saved);
}

function setuid(user: u64): i64 {
  let id = <u32>user;
  if (id == UNCHANGED) return -EINVAL;
  if (isPrivileged()) return setUsers(id, id, id);
  if (id != me().realUser && id != me().savedUser) return -EPERM;
  return setUsers(UNCHANGED, id, UNCHANGED);
}

function setgid(group: u64): i64 {
  let id = <u32>group;
  if (id == UNCHANGED) return -EINVAL;
  if (isPrivileged()) return setGroups3(id, id, id);
  if (id != me().realGroup && id != me().savedGroup) return -EPERM;
  return setGroups3(UNCHANGED, id, UNCHANGED);
}

/** The saved id follows the effective one when the real id is set or the effective id becomes other than the real one. */
function setreuid(real: u64, effective: u64): i64 {
  if (!isPrivileged() && !(isOwnUser(<u32>real) && isOwnUser(<u32>effective))) return -EPERM;
  let ids = me();
  let follows = <u32>real != UNCHANGED || (<u32>effective != UNCHANGED && <u32>effective != ids.realUser);
  setUsers(<u32>real, <u32>effective, UNCHANGED);
  if (follows) ids.savedUser = ids.effectiveUser;
  return 0;
}

function setregid(real: u64, effective: u64): i64 {
  if (!isPrivileged() && !(isOwnGroup(<u32>real) && isOwnGroup(<u32>effective))) return -EPERM;
  let ids = me();
  let follows = <u32>real != UNCHANGED || (<u32>effective != UNCHANGED && <u32>effective != ids.realGroup);
  setGroups3(<u32>real, <u32>effective, UNCHANGED);
  if (follows) ids.savedGroup = ids.effectiveGroup;
  return 0;
}

function setfsuid(user: u64): i64 {
  let ids = me();
  let old = ids.fileUser;
  if (<u32>user != UNCHANGED && (isPrivileged() || isOwnUser(<u32>user))) ids.fileUser = <u32>user;
  return old;
}

function setfsgid(group: u64): i64 {
  let ids = me();
  let old = ids.fileGroup;
  if (<u32>group != UNCHANGED && (isPrivileged() || isOwnGroup(<u32>group))) ids.fileGroup = <u32>group;
  return old;
}

function getgroups(size: u64, list: u64): i64 {
  let groups = me().groups;
  let count = groups.length;
  if (<i32>size < 0) return -EINVAL;
  if (<i32>size == 0) return count;
  if (<i32>size < count) return -EINVAL;
  return copyOut(list, addressOf(groups), <u64>count * 4) < 0 ? -EFAULT : count;
}

function setgroups(size: u64, list: u64): i64 {
  if (!isPrivileged()) return -EPERM;
  if (size > MAX_GROUPS) return -EINVAL;
  let groups = new StaticArray<u32>(<i32>size);
  if (size > 0 && copyIn(addressOf(groups), list, size * 4) < 0) return -EFAULT;
  me().groups = groups;
  return 0;
}

/** Versions of struct __user_cap_header_struct: man 2 capget. The first has one 32-bit set of each kind, the others two. */
const VERSION_1: u32 = 0x19980330;
const VERSION_2: u32 = 0x20071026;
const VERSION_3: u32 = 0x20080522;
/** All capabilities there are: CAP_CHOWN to CAP_CHECKPOINT_RESTORE. */
const ALL_LOW: u32 = 0xffffffff;
const ALL_HIGH: u32 = 0x1ff;

const capabilities = new StaticArray<u8>(24);

/** Read the header; the number of 32-bit parts, or a negative errno. The process it names is in `named`. */
let named: i32 = 0;
function readHeader(header: u64): i32 {
  if (fetch32(header) < 0) return -EFAULT;
  let version = <u32>fetched;
  if (fetch32(header + 4) < 0) return -EFAULT;
  named = <i32>fetched;
  if (version == VERSION_1) return 1;
  if (version == VERSION_2 || version == VERSION_3) return 2;
  return store32(header, VERSION_3) < 0 ? -EFAULT : -EINVAL;
}

function capget(header: u64, data: u64): i64 {
  let parts = readHeader(header);
  if (parts == -EINVAL && data == 0) return 0;
  if (parts < 0) return parts;
  if (named < 0) return -EINVAL;
  let process = currentProcess();
  if (named != 0) {
    let thread = findThread(named);
    let other = thread === null ? findProcess(named) : thread.process;
    if (other === null) return -ESRCH;
    process = other;
  }
  if (data == 0) return 0;
  let hasAll = process.credentials.effectiveUser == 0;
  let first = bytesAddress(capabilities);
  for (let part = 0; part < parts; part++) {
    let set = hasAll ? (part == 0 ? ALL_LOW : ALL_HIGH) : 0;
    mem.store32(first + <u64>part * 12, set);
    mem.store32(first + <u64>part * 12 + 4, set);
    mem.store32(first + <u64>part * 12 + 8, 0);
  }
  return copyOut(data, first, <u64>parts * 12);
}

/** Capabilities follow from the effective user; giving some up is accepted and changes nothing. */
function capset(header: u64, data: u64): i64 {
  let parts = readHeader(header);
  if (parts < 0) return parts;
  if (named != 0 && named != currentProcess().id && findThread(named) === null) return -EPERM;
  let first = bytesAddress(capabilities);
  if (copyIn(first, data, <u64>parts * 12) < 0) return -EFAULT;
  if (isPrivileged()) return 0;
  for (let part = 0; part < parts; part++) {
    if (mem.load32(first + <u64>part * 12) != 0 || mem.load32(first + <u64>part * 12 + 4) != 0) return -EPERM;
  }
  return 0;
}

/** The rows of this family. */
export function defineIdentityCalls(): void {
  define0(SYS_getuid, "getuid", "", getuid, "complete");
  define0(SYS_geteuid, "geteuid", "", geteuid, "complete");
  define0(SYS_getgid, "getgid", "", getgid, "complete");
  define0(SYS_getegid, "getegid", "", getegid, "complete");
  define3(SYS_getresuid, "getresuid", "ptr ptr ptr", getresuid, "complete");
  define3(SYS_getresgid, "getresgid", "ptr ptr ptr", getresgid, "complete");
  define1(SYS_setuid, "setuid", "int", setuid, "complete");
  define1(SYS_setgid, "setgid", "int", setgid, "complete");
  define2(SYS_setreuid, "setreuid", "int int", setreuid, "complete");
  define2(SYS_setregid, "setregid", "int int", setregid, "complete");
  define3(SYS_setresuid, "setresuid", "int int int", setresuid, "complete");
  define3(SYS_setresgid, "setresgid", "int int int", setresgid, "complete");
  define1(SYS_setfsuid, "setfsuid", "int", setfsuid, "complete");
  define1(SYS_setfsgid, "setfsgid", "int", setfsgid, "complete");
  define2(SYS_getgroups, "getgroups", "int ptr", getgroups, "complete");
  define2(SYS_setgroups, "setgroups", "size ptr", setgroups, "complete");
  define2(SYS_capget, "capget", "ptr ptr", capget, "all for user 0, none for others");
  define2(SYS_capset, "capset", "ptr ptr", capset, "accepted; capabilities follow the effective user");
}
