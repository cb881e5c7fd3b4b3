// What uname(2) says this system is. Programs read the release as Linux's: it names the version whose calls this kernel
// speaks.

import { EINVAL } from "../abi/errno";

export const SYSTEM: string = "Linux";
export const RELEASE: string = "6.1.0-eggos";
export const VERSION: string = "#1 eggos";
export const MACHINE: string = "x86_64";

/** man 2 sethostname: HOST_NAME_MAX. */
export const LONGEST_NAME: i32 = 64;

let host: StaticArray<u8> = [0x65, 0x67, 0x67, 0x6f, 0x73];
let domain: StaticArray<u8> = [0x28, 0x6e, 0x6f, 0x6e, 0x65, 0x29];

export function hostName(): StaticArray<u8> {
  return host;
}

/** sethostname(2): 0 or -EINVAL when it is too long. */
export function setHostName(name: StaticArray<u8>): i32 {
  if (name.length > LONGEST_NAME) return -EINVAL;
  host = name;
  return 0;
}

export function domainName(): StaticArray<u8> {
  return domain;
}

/** setdomainname(2). */
export function setDomainName(name: StaticArray<u8>): i32 {
  if (name.length > LONGEST_NAME) return -EINVAL;
  domain = name;
  return 0;
}
