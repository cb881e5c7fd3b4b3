// The structures of kernel/abi that file calls fill, field by field, in the order of abi.test.ts.

import { STAT_SIZE, Stat, STATX_SIZE, Statx } from "../../../kernel/abi/stat";
import { STATFS_SIZE, Statfs } from "../../../kernel/abi/statfs";
import { FLOCK_SIZE, Flock, OPEN_HOW_SIZE, OpenHow } from "../../../kernel/abi/fcntl";

const facts: Array<u64> = [] as u64[];

export function collect(): i32 {
  facts.push(STAT_SIZE);
  facts.push(offsetof<Stat>("device"));
  facts.push(offsetof<Stat>("inode"));
  facts.push(offsetof<Stat>("linkCount"));
  facts.push(offsetof<Stat>("mode"));
  facts.push(offsetof<Stat>("userId"));
  facts.push(offsetof<Stat>("groupId"));
  facts.push(offsetof<Stat>("specialDevice"));
  facts.push(offsetof<Stat>("size"));
  facts.push(offsetof<Stat>("blockSize"));
  facts.push(offsetof<Stat>("blocks"));
  facts.push(offsetof<Stat>("accessSeconds"));
  facts.push(offsetof<Stat>("modifyNs"));
  facts.push(offsetof<Stat>("changeNs"));
  facts.push(STATX_SIZE);
  facts.push(offsetof<Statx>("mask"));
  facts.push(offsetof<Statx>("blockSize"));
  facts.push(offsetof<Statx>("attributes"));
  facts.push(offsetof<Statx>("linkCount"));
  facts.push(offsetof<Statx>("groupId"));
  facts.push(offsetof<Statx>("mode"));
  facts.push(offsetof<Statx>("inode"));
  facts.push(offsetof<Statx>("size"));
  facts.push(offsetof<Statx>("blocks"));
  facts.push(offsetof<Statx>("attributesMask"));
  facts.push(offsetof<Statx>("accessSeconds"));
  facts.push(offsetof<Statx>("birthNs"));
  facts.push(offsetof<Statx>("changeNs"));
  facts.push(offsetof<Statx>("modifyNs"));
  facts.push(offsetof<Statx>("specialMajor"));
  facts.push(offsetof<Statx>("specialMinor"));
  facts.push(offsetof<Statx>("deviceMajor"));
  facts.push(offsetof<Statx>("deviceMinor"));
  facts.push(offsetof<Statx>("mountId"));
  facts.push(STATFS_SIZE);
  facts.push(offsetof<Statfs>("type"));
  facts.push(offsetof<Statfs>("blockSize"));
  facts.push(offsetof<Statfs>("blocks"));
  facts.push(offsetof<Statfs>("blocksFree"));
  facts.push(offsetof<Statfs>("blocksAvailable"));
  facts.push(offsetof<Statfs>("files"));
  facts.push(offsetof<Statfs>("filesFree"));
  facts.push(offsetof<Statfs>("fileSystemId"));
  facts.push(offsetof<Statfs>("nameLength"));
  facts.push(offsetof<Statfs>("fragmentSize"));
  facts.push(offsetof<Statfs>("flags"));
  facts.push(FLOCK_SIZE);
  facts.push(offsetof<Flock>("type"));
  facts.push(offsetof<Flock>("whence"));
  facts.push(offsetof<Flock>("start"));
  facts.push(offsetof<Flock>("length"));
  facts.push(offsetof<Flock>("pid"));
  facts.push(OPEN_HOW_SIZE);
  facts.push(offsetof<OpenHow>("flags"));
  facts.push(offsetof<OpenHow>("mode"));
  facts.push(offsetof<OpenHow>("resolve"));
  return facts.length;
}

export function fact(index: i32): u64 {
  return facts[index];
}
