// Address families: each registers how its sockets are made; socket(2) and socketpair(2) ask here.

import { EAFNOSUPPORT, EOPNOTSUPP } from "../abi/errno";
import { AF_MAX } from "../abi/socket";
import { Socket } from "./socket";

export class SocketFactory {
  /** A socket of this family, or null with the reason in `creationError`. */
  create(_type: i32, _protocol: i32): Socket | null {
    return null;
  }

  /** Connect two new sockets to each other. Returns 0 or a negative errno. */
  pair(_left: Socket, _right: Socket): i32 {
    return -EOPNOTSUPP;
  }
}

const families: StaticArray<SocketFactory | null> = new StaticArray<SocketFactory | null>(AF_MAX);

/** Why the last `create` returned null. */
export let creationError: i32 = 0;

export function failCreation(error: i32): void {
  creationError = error;
}

export function registerFamily(family: i32, factory: SocketFactory): void {
  families[family] = factory;
}

/** The factory of a family, or null. */
export function findFamily(family: i32): SocketFactory | null {
  return <u32>family < <u32>AF_MAX ? families[family] : null;
}

/** A new socket, or null with the reason in `creationError`. */
export function createSocket(family: i32, type: i32, protocol: i32): Socket | null {
  let factory = findFamily(family);
  if (factory === null) {
    creationError = -EAFNOSUPPORT;
    return null;
  }
  return factory.create(type, protocol);
}
