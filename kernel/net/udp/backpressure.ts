// Endpoints that wait because their device has more to send than it gets rid of. Without this a program that sends as fast
// as it can would lose most of it on the way to the card; TCP has its windows.

import { UdpEndpoint } from "./endpoint";

let first: UdpEndpoint | null = null;

export function add(endpoint: UdpEndpoint): void {
  if (endpoint.isWaiting) return;
  endpoint.isWaiting = true;
  endpoint.nextWaiting = first;
  first = endpoint;
}

export function isEmpty(): bool {
  return first === null;
}

/** Devices have sent: tell those who may go on. One that was closed meanwhile is only forgotten. */
export function wake(): void {
  let endpoint = first;
  first = null;
  while (endpoint !== null) {
    let following = endpoint.nextWaiting;
    endpoint.nextWaiting = null;
    endpoint.isWaiting = false;
    let observer = endpoint.observer;
    if (endpoint.isHeldBack) add(endpoint);
    else if (observer !== null) observer.writable();
    endpoint = following;
  }
}
