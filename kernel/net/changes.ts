// Who is told when a link, an address or a route comes, changes or goes: rtnetlink's groups, in the end.
//
// Rules of use: the calls come while the stack is at work. An observer notes what it is told; it does not call back.

import { Interface, InterfaceAddress } from "./ip/interface";
import { Route } from "./ip/routes";

export abstract class ChangeObserver {
  /** A new interface, or its cable was plugged in or out. */
  abstract linkChanged(on: Interface): void;
  /** An address is new, or its state or lifetime is another; `isGone` when it was taken away. */
  abstract addressChanged(on: Interface, entry: InterfaceAddress, isGone: bool): void;
  abstract routeChanged(route: Route, isGone: bool): void;
}

let observer: ChangeObserver | null = null;

/** Tell `listener` from now on, and nobody else. */
export function setChangeObserver(listener: ChangeObserver): void {
  observer = listener;
}

export function linkChanged(on: Interface): void {
  let listener = observer;
  if (listener !== null) listener.linkChanged(on);
}

export function addressChanged(on: Interface, entry: InterfaceAddress, isGone: bool): void {
  let listener = observer;
  if (listener !== null) listener.addressChanged(on, entry, isGone);
}

export function routeChanged(route: Route, isGone: bool): void {
  let listener = observer;
  if (listener !== null) listener.routeChanged(route, isGone);
}
