// Message queues: man 2 msgget, msgop, msgctl.

import { E2BIG, EAGAIN, EIDRM, ENOMSG, ERESTARTNOHAND } from "../abi/errno";
import { IPC_NOWAIT, MSG_EXCEPT, MSG_NOERROR } from "../abi/ipc";
import { wait } from "../sched/block";
import { WaitQueue } from "../sched/wait";
import { IpcObject, IpcTable, nowSeconds } from "./objects";

// Linux's limits (man 2 msgget, msgop): queues, bytes of a message, bytes of a queue.
export const MSGMNI: i32 = 32000;
export const MSGMAX: u64 = 8192;
export const MSGMNB: u64 = 16384;

export class QueuedMessage {
  constructor(
    readonly type: i64,
    readonly bytes: StaticArray<u8>,
  ) {}
}

export class MessageQueue extends IpcObject {
  limitBytes: u64 = MSGMNB;
  bytes: u64 = 0;
  sendTime: i64 = 0;
  receiveTime: i64 = 0;
  lastSender: i32 = 0;
  lastReceiver: i32 = 0;
  private messages: Array<QueuedMessage> = [] as QueuedMessage[];
  private arrived: WaitQueue = new WaitQueue();
  private left: WaitQueue = new WaitQueue();
  /** What the last `receive` that returned 0 took. */
  received: QueuedMessage | null = null;

  get count(): i32 {
    return this.messages.length;
  }

  /** msgsnd(2) with checked rights. Returns 0 or a negative errno. */
  send(message: QueuedMessage, flags: u32, process: i32): i32 {
    let length = <u64>message.bytes.length;
    // As many empty messages as the queue may have bytes.
    while (this.bytes + length > this.limitBytes || <u64>this.messages.length + 1 > this.limitBytes) {
      if ((flags & IPC_NOWAIT) != 0) return -EAGAIN;
      let why = wait(this.left);
      if (this.isRemoved) return -EIDRM;
      if (why < 0) return -ERESTARTNOHAND;
    }
    this.messages.push(message);
    this.bytes += length;
    this.sendTime = nowSeconds();
    this.lastSender = process;
    this.arrived.wakeAll();
    return 0;
  }

  /** msgrcv(2) with checked rights: 0 with the message in `received`, or a negative errno. */
  receive(limit: u64, type: i64, flags: u32, process: i32): i32 {
    while (true) {
      let index = this.choose(type, flags);
      if (index >= 0) {
        let message = this.messages[index];
        let length = <u64>message.bytes.length;
        if (length > limit && (flags & MSG_NOERROR) == 0) return -E2BIG;
        this.messages.splice(index, 1);
        this.bytes -= length;
        this.receiveTime = nowSeconds();
        this.lastReceiver = process;
        this.left.wakeAll();
        this.received = message;
        return 0;
      }
      if ((flags & IPC_NOWAIT) != 0) return -ENOMSG;
      let why = wait(this.arrived);
      if (this.isRemoved) return -EIDRM;
      if (why < 0) return -ERESTARTNOHAND;
    }
  }

  /** The message that msgrcv wants by `type`, or -1: the first; the first of a type, or of none but it; the lowest up to -type. */
  private choose(type: i64, flags: u32): i32 {
    let best = -1;
    for (let i = 0; i < this.messages.length; i++) {
      let its = this.messages[i].type;
      if (type == 0) return i;
      if (type > 0) {
        if ((its == type) != ((flags & MSG_EXCEPT) != 0)) return i;
      } else if (its <= -type && (best < 0 || its < this.messages[best].type)) best = i;
    }
    return best;
  }

  /** More may fit now. */
  limitChanged(): void {
    this.left.wakeAll();
  }

  destroy(): void {
    this.isRemoved = true;
    queues.remove(this);
    this.messages = [] as QueuedMessage[];
    this.arrived.wakeAll();
    this.left.wakeAll();
  }
}

export const queues = new IpcTable<MessageQueue>(MSGMNI);
