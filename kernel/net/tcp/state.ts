// The states of a connection (RFC 9293 §3.3.2), numbered as /proc/net/tcp and TCP_INFO show them (Linux
// include/net/tcp_states.h).

export const enum State {
  ESTABLISHED = 1,
  SYN_SENT = 2,
  SYN_RECEIVED = 3,
  FIN_WAIT_1 = 4,
  FIN_WAIT_2 = 5,
  TIME_WAIT = 6,
  CLOSED = 7,
  CLOSE_WAIT = 8,
  LAST_ACK = 9,
  LISTEN = 10,
  CLOSING = 11,
}

/** Whether data may still be queued for sending: our FIN is not queued. */
export function canSend(state: State): bool {
  switch (state) {
    case State.ESTABLISHED:
    case State.CLOSE_WAIT:
      return true;
    case State.SYN_SENT:
    case State.SYN_RECEIVED:
    case State.FIN_WAIT_1:
    case State.FIN_WAIT_2:
    case State.TIME_WAIT:
    case State.CLOSED:
    case State.LAST_ACK:
    case State.LISTEN:
    case State.CLOSING:
      return false;
  }
  return false;
}

/** Whether segments can be in flight: data, or our FIN. */
export function canTransmit(state: State): bool {
  switch (state) {
    case State.ESTABLISHED:
    case State.CLOSE_WAIT:
    case State.FIN_WAIT_1:
    case State.CLOSING:
    case State.LAST_ACK:
      return true;
    case State.SYN_SENT:
    case State.SYN_RECEIVED:
    case State.FIN_WAIT_2:
    case State.TIME_WAIT:
    case State.CLOSED:
    case State.LISTEN:
      return false;
  }
  return false;
}

/** Whether the peer's FIN has not come yet: more data may. */
export function canReceive(state: State): bool {
  switch (state) {
    case State.ESTABLISHED:
    case State.FIN_WAIT_1:
    case State.FIN_WAIT_2:
      return true;
    case State.SYN_SENT:
    case State.SYN_RECEIVED:
    case State.TIME_WAIT:
    case State.CLOSED:
    case State.CLOSE_WAIT:
    case State.LAST_ACK:
    case State.LISTEN:
    case State.CLOSING:
      return false;
  }
  return false;
}

/** Whether both SYNs are acknowledged. */
export function isSynchronized(state: State): bool {
  switch (state) {
    case State.ESTABLISHED:
    case State.FIN_WAIT_1:
    case State.FIN_WAIT_2:
    case State.TIME_WAIT:
    case State.CLOSE_WAIT:
    case State.LAST_ACK:
    case State.CLOSING:
      return true;
    case State.SYN_SENT:
    case State.SYN_RECEIVED:
    case State.CLOSED:
    case State.LISTEN:
      return false;
  }
  return false;
}

// How a connection closes (RFC 9293 figure 5, lower half): three events, each with the state that follows every state.

/** The program sends no more (CLOSE). CLOSED: there is nothing to close in order. */
export function afterClose(state: State): State {
  switch (state) {
    case State.ESTABLISHED:
      return State.FIN_WAIT_1;
    case State.CLOSE_WAIT:
      return State.LAST_ACK;
    case State.SYN_SENT:
    case State.SYN_RECEIVED:
    case State.CLOSED:
    case State.LISTEN:
      return State.CLOSED;
    case State.FIN_WAIT_1:
    case State.FIN_WAIT_2:
    case State.TIME_WAIT:
    case State.LAST_ACK:
    case State.CLOSING:
      return state;
  }
  return state;
}

/** Our FIN is acknowledged. */
export function afterFinAcknowledged(state: State): State {
  switch (state) {
    case State.FIN_WAIT_1:
      return State.FIN_WAIT_2;
    case State.CLOSING:
      return State.TIME_WAIT;
    case State.LAST_ACK:
      return State.CLOSED;
    case State.ESTABLISHED:
    case State.SYN_SENT:
    case State.SYN_RECEIVED:
    case State.FIN_WAIT_2:
    case State.TIME_WAIT:
    case State.CLOSED:
    case State.CLOSE_WAIT:
    case State.LISTEN:
      return state;
  }
  return state;
}

/** The peer's FIN has come, and everything before it. */
export function afterPeerFin(state: State): State {
  switch (state) {
    case State.ESTABLISHED:
      return State.CLOSE_WAIT;
    case State.FIN_WAIT_1:
      return State.CLOSING;
    case State.FIN_WAIT_2:
      return State.TIME_WAIT;
    case State.SYN_SENT:
    case State.SYN_RECEIVED:
    case State.TIME_WAIT:
    case State.CLOSED:
    case State.CLOSE_WAIT:
    case State.LAST_ACK:
    case State.LISTEN:
    case State.CLOSING:
      return state;
  }
  return state;
}
