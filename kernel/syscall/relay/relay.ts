// System calls answered by a program: a call with a relayed number parks its thread, the request waits to be read from the
// relay (relay-file.ts), and the reply lets the thread go on. What is relayed goes for every process of the machine, but not
// for the thread that answers.
//
//   caller    parked ─────────────► runs the original ───► parked ─► returns
//               │ CALL            ▲          │ RESULT         ▲
//   handler   reads ─── CALL_ORIGINAL      reads ── REPLY ────┘        (or REPLY or CONTINUE at once)
//
// Nobody waits for ever: a request that is not answered in time gives ETIMEDOUT, one whose relay is closed ENOSYS, as
// seccomp's listener does (man 2 seccomp_unotify). A signal ends the wait as in any call: with SA_RESTART it is made again, and
// the handler sees it a second time.

import { TrapFrame } from "machine/frame";
import { at } from "memory/address";
import { RecordKind } from "../../abi/call-relay";
import { EBUSY, EINTR, EINVAL, ENOENT, ENOSYS, ERESTART_RESTARTBLOCK, ERESTARTSYS, ETIMEDOUT } from "../../abi/errno";
import { READABLE } from "../../abi/poll";
import { SYS_exit, SYS_exit_group, SYS_rt_sigreturn } from "../../abi/syscall-numbers";
import { List, ListNode } from "../../lib/list";
import { currentProcess, currentThread } from "../../process/current";
import { wait } from "../../sched/block";
import * as clock from "../../sched/clock";
import { FOREVER } from "../../sched/timer";
import { WaitQueue } from "../../sched/wait";
import { Call, CALL_COUNT, find, remove, replace } from "../table";

/** What the handler decided about a parked call. */
const enum Verdict {
  NONE,
  REPLY,
  CONTINUE,
  CALL_ORIGINAL,
  /** The relay is gone. */
  GONE,
}

/** A parked call. */
export class Request extends ListNode {
  kind: RecordKind = RecordKind.CALL;
  /** A result for the handler (kind RESULT), or for the caller (verdict REPLY). */
  value: i64 = 0;
  verdict: Verdict = Verdict.NONE;
  readonly arguments: StaticArray<u64> = new StaticArray<u64>(6);
  readonly answered: WaitQueue = new WaitQueue();

  constructor(
    readonly id: u64,
    readonly number: i32,
    readonly processId: i32,
    readonly threadId: i32,
  ) {
    super();
  }

  private decide(verdict: Verdict): void {
    this.verdict = verdict;
    this.answered.wakeAll();
  }

  reply(value: i64): void {
    this.value = value;
    this.decide(Verdict.REPLY);
  }

  letContinue(): void {
    this.decide(Verdict.CONTINUE);
  }

  /** `arguments` have been set. */
  callOriginal(): void {
    this.decide(Verdict.CALL_ORIGINAL);
  }

  abandon(): void {
    this.decide(Verdict.GONE);
  }
}

/** A relayed number. */
class Hook {
  constructor(
    readonly relay: Relay,
    /** Who answered the number before; null when there is no such call. */
    readonly original: Call | null,
    readonly timeoutNs: u64,
  ) {}
}

const hooks: StaticArray<Hook | null> = new StaticArray<Hook | null>(CALL_COUNT);

/** One opening of the device: requests to be read, and those read and not answered. */
export class Relay {
  /** Whose calls are not relayed. */
  private handlerThread: i32 = 0;
  private lastId: u64 = 0;
  private readonly unread: List = new List();
  private readonly unanswered: List = new List();
  readonly readers: WaitQueue = new WaitQueue();
  /** Pollers; woken when there is something to read. */
  readonly readiness: WaitQueue = new WaitQueue();
  isClosed: bool = false;

  get hasRequest(): bool {
    return !this.unread.isEmpty;
  }

  /** Relay a number; unanswered calls end after `timeoutNs`, 0 for never. 0 or a negative errno. */
  register(number: u32, timeoutNs: u64): i64 {
    if (number >= <u32>CALL_COUNT || this.isClosed) return -EINVAL;
    // These do not return to their caller.
    if (number == SYS_exit || number == SYS_exit_group || number == SYS_rt_sigreturn) return -EINVAL;
    if (hooks[number] !== null) return -EBUSY;
    let original = find(<u64>number);
    hooks[number] = new Hook(this, original, timeoutNs);
    let row = new Call();
    row.number = <i32>number;
    row.name = original === null ? "relayed" : original.name;
    row.kinds = original === null ? "hex hex hex hex hex hex" : original.kinds;
    row.arity = 6;
    row.handler6 = relayed;
    replace(row);
    this.handlerThread = currentThread().id;
    return 0;
  }

  unregister(number: u32): i64 {
    if (number >= <u32>CALL_COUNT) return -EINVAL;
    let hook = hooks[number];
    if (hook === null || hook.relay !== this) return -ENOENT;
    unhook(<i32>number, hook.original);
    return 0;
  }

  isHandler(threadId: i32): bool {
    return threadId == this.handlerThread;
  }

  /** Have a request read. */
  post(request: Request): void {
    this.unread.push(request);
    this.readers.wakeOne(READABLE);
    this.readiness.wakeAll(READABLE);
  }

  newRequest(number: i32): Request {
    return new Request(++this.lastId, number, currentProcess().id, currentThread().id);
  }

  /** The request to read next: from now on it can be answered. Null when there is none. */
  take(): Request | null {
    let node = this.unread.shift();
    if (node === null) return null;
    this.unanswered.push(node);
    return node as Request;
  }

  /** Undo `take`: it could not be handed over. */
  putBack(request: Request): void {
    this.unanswered.remove(request);
    this.unread.unshift(request);
  }

  /** The request with this number that waits for an answer, and no longer does; null when it does not (any more). */
  answer(id: u64): Request | null {
    let node = this.unanswered.first;
    while (node !== null) {
      let request = node as Request;
      if (request.id == id) {
        this.unanswered.remove(request);
        return request;
      }
      node = node.next;
    }
    return null;
  }

  /** The caller waits no more. */
  forget(request: Request): void {
    this.unread.remove(request);
    this.unanswered.remove(request);
  }

  /** Readers find the end; what is registered stays so until `end`. */
  close(): void {
    this.isClosed = true;
    this.readers.wakeAll(READABLE);
    this.readiness.wakeAll(READABLE);
  }

  /** The handler is gone: its numbers are the kernel's again, and callers that wait get -ENOSYS. */
  end(): void {
    this.close();
    for (let number = 0; number < CALL_COUNT; number++) {
      let hook = hooks[number];
      if (hook !== null && hook.relay === this) unhook(number, hook.original);
    }
    this.abandonAll(this.unread);
    this.abandonAll(this.unanswered);
  }

  private abandonAll(list: List): void {
    let node = list.shift();
    while (node !== null) {
      (node as Request).abandon();
      node = list.shift();
    }
  }
}

/** Close the relay that a thread answers: 0, or -ENOENT when it answers none. */
export function closeRelayOf(threadId: i32): i64 {
  for (let number = 0; number < CALL_COUNT; number++) {
    let hook = hooks[number];
    if (hook === null || !hook.relay.isHandler(threadId)) continue;
    hook.relay.close();
    return 0;
  }
  return -ENOENT;
}

function unhook(number: i32, original: Call | null): void {
  hooks[number] = null;
  if (original === null) remove(number);
  else replace(original);
}

/** The handler of every relayed number. */
function relayed(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
  let thread = currentThread();
  let number = <i32>at<TrapFrame>(thread.frame).error;
  let hook = hooks[number];
  if (hook === null) return -ENOSYS;
  let relay = hook.relay;
  let original = hook.original;
  if (relay.isHandler(thread.id)) return runOriginal(original, a, b, c, d, e, f);
  let request = relay.newRequest(number);
  let values = request.arguments;
  values[0] = a;
  values[1] = b;
  values[2] = c;
  values[3] = d;
  values[4] = e;
  values[5] = f;
  return park(relay, request, original, hook.timeoutNs);
}

function park(relay: Relay, request: Request, original: Call | null, timeoutNs: u64): i64 {
  let values = request.arguments;
  while (true) {
    request.verdict = Verdict.NONE;
    relay.post(request);
    let deadline = timeoutNs == 0 ? FOREVER : clock.nowNs() + timeoutNs;
    while (request.verdict == Verdict.NONE) {
      let why = wait(request.answered, deadline);
      if (why == 0 || request.verdict != Verdict.NONE) continue;
      relay.forget(request);
      return why == -EINTR ? -ERESTARTSYS : -ETIMEDOUT;
    }
    switch (request.verdict) {
      case Verdict.REPLY:
        return request.value;
      case Verdict.CONTINUE:
        return runOriginal(original, values[0], values[1], values[2], values[3], values[4], values[5]);
      case Verdict.CALL_ORIGINAL:
        break;
      default:
        return -ENOSYS;
    }
    let result = runOriginal(original, values[0], values[1], values[2], values[3], values[4], values[5]);
    // A signal came: the call is made again, or ends with EINTR, without the handler's doing.
    if (result <= -ERESTARTSYS && result >= -ERESTART_RESTARTBLOCK) return result;
    if (relay.isClosed) return result;
    request.kind = RecordKind.RESULT;
    request.value = result;
  }
}

function runOriginal(original: Call | null, a: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
  return original === null ? -ENOSYS : original.run(a, b, c, d, e, f);
}
