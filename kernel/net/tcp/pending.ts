// Connections that have something to send once the segments at hand are handled: acknowledgments, or data that an
// acknowledgment set free. A burst of segments is thus answered once.

import { Acknowledge, Connection } from "./connection";
import { acknowledge, push } from "./output";

let first: Connection | null = null;

/** Look at `connection` again at the end of the batch. */
export function add(connection: Connection): void {
  if (connection.isPending) return;
  connection.isPending = true;
  connection.nextPending = first;
  first = connection;
}

export function isEmpty(): bool {
  return first === null;
}

/** The batch is over. */
export function flush(): void {
  let connection = first;
  first = null;
  while (connection !== null) {
    let following = connection.nextPending;
    connection.nextPending = null;
    connection.isPending = false;
    push(connection);
    if (connection.acknowledgeWhen == Acknowledge.NOW) acknowledge(connection);
    connection = following;
  }
}
