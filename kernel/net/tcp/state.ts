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
