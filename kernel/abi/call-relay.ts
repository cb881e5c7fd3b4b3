// What passes over /dev/eggos/syscalls, in the manner of seccomp's user notification (man 2 seccomp_unotify): records of 80
// bytes each way, little-endian. library/syscall holds the same numbers.
//
//   read                                     write
//    0  u64  id of the request                0  u64  id of the request; CLOSE: the handler's thread
//    8  u32  kind: CALL or RESULT             8  u32  what to do
//   12  u32  the call's number               12  u32  REGISTER, UNREGISTER: the call's number
//   16  u32  caller's process                16  i64  REPLY: the result; REGISTER: time limit for replies, ns
//   20  u32  caller's thread                 24  u64  0
//   24  i64  RESULT: what the call gave      32  u64[6]  CALL_ORIGINAL: the arguments
//   32  u64[6]  the caller's arguments

export const RECORD_SIZE: u64 = 80;

export const enum RecordKind {
  /** Someone made the call and waits. */
  CALL = 0,
  /** The handler that was there before has run, as CALL_ORIGINAL asked. */
  RESULT = 1,
}

export const enum RelayCommand {
  /** Give the caller a result: a value, or a negative errno. */
  REPLY = 0,
  /** Let the handler that was there before run, with the caller's arguments and its result for the caller. */
  CONTINUE = 1,
  /** Let it run with these arguments, and report the result. */
  CALL_ORIGINAL = 2,
  /** From now on relay this number. The thread that writes it is the handler: its own calls go by. */
  REGISTER = 3,
  UNREGISTER = 4,
  /** Reads of the relay whose handler is the thread named find the end: to stop a handler that waits. Any opening will do. */
  CLOSE = 5,
}
