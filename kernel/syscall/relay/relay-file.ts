// /dev/eggos/syscalls: what a program reads requests from and writes replies to (relay.ts, abi/call-relay.ts).

import { linearAddress, pointerOf } from "memory/address";
import { RECORD_SIZE, RelayCommand } from "../../abi/call-relay";
import { EAGAIN, EINVAL, ENOENT } from "../../abi/errno";
import { READABLE, WRITABLE } from "../../abi/poll";
import { IoVector } from "../../memory/io-vector";
import { waitRestartable } from "../../sched/block";
import { DeviceDriver, registerCharacter } from "../../vfs/devices";
import { File } from "../../vfs/file";
import { closeRelayOf, Relay, Request } from "./relay";

/** Misc devices, and the first minor for local use (Linux Documentation/admin-guide/devices.txt). */
const MISC_MAJOR: u32 = 10;
const MINOR: u32 = 240;
const ARGUMENTS: i32 = 6;

class RelayFile extends File {
  private readonly relay: Relay = new Relay();
  /** A record, as ten words. */
  private readonly record: StaticArray<u64> = new StaticArray<u64>(10);

  constructor(flags: u32) {
    super();
    this.flags = flags;
    this.readiness = this.relay.readiness;
  }

  /** One record. 0 once the relay is closed. */
  override read(io: IoVector): i64 {
    if (io.remaining < RECORD_SIZE) return -EINVAL;
    let relay = this.relay;
    while (!relay.hasRequest) {
      if (relay.isClosed) return 0;
      if (this.isNonBlocking) return -EAGAIN;
      let why = waitRestartable(relay.readers);
      if (why < 0) return why;
    }
    let request = relay.take()!;
    this.encode(request);
    let moved = io.put(linearAddress(pointerOf(this.record)), RECORD_SIZE);
    if (moved == <i64>RECORD_SIZE) return moved;
    relay.putBack(request);
    return moved < 0 ? moved : -EINVAL;
  }

  private encode(request: Request): void {
    let record = this.record;
    record[0] = request.id;
    record[1] = <u64>request.kind | ((<u64>request.number) << 32);
    record[2] = <u64>request.processId | ((<u64>request.threadId) << 32);
    record[3] = <u64>request.value;
    for (let i = 0; i < ARGUMENTS; i++) record[4 + i] = request.arguments[i];
  }

  /** One record. -ENOENT for a request that waits no more. */
  override write(io: IoVector): i64 {
    if (io.remaining < RECORD_SIZE) return -EINVAL;
    let record = this.record;
    let moved = io.take(linearAddress(pointerOf(record)), RECORD_SIZE);
    if (moved != <i64>RECORD_SIZE) return moved < 0 ? moved : -EINVAL;
    let result = this.execute(<u32>record[1], <u32>(record[1] >> 32));
    return result < 0 ? result : <i64>RECORD_SIZE;
  }

  private execute(command: u32, number: u32): i64 {
    let relay = this.relay;
    let record = this.record;
    switch (command) {
      case RelayCommand.REGISTER:
        return relay.register(number, record[2]);
      case RelayCommand.UNREGISTER:
        return relay.unregister(number);
      case RelayCommand.CLOSE:
        return closeRelayOf(<i32>record[0]);
      case RelayCommand.REPLY:
      case RelayCommand.CONTINUE:
      case RelayCommand.CALL_ORIGINAL:
        break;
      default:
        return -EINVAL;
    }
    let request = relay.answer(record[0]);
    if (request === null) return -ENOENT;
    if (command == RelayCommand.REPLY) request.reply(<i64>record[2]);
    else if (command == RelayCommand.CONTINUE) request.letContinue();
    else {
      for (let i = 0; i < ARGUMENTS; i++) request.arguments[i] = record[4 + i];
      request.callOriginal();
    }
    return 0;
  }

  override poll(): u32 {
    return this.relay.hasRequest || this.relay.isClosed ? READABLE | WRITABLE : WRITABLE;
  }

  override close(): void {
    this.relay.end();
  }
}

class RelayDriver extends DeviceDriver {
  override open(_minor: u32, flags: u32): File | null {
    return new RelayFile(flags);
  }
}

/** Make the device known: for the owner alone, whoever answers system calls answers for everyone. */
export function register(): void {
  registerCharacter(MISC_MAJOR, MINOR, "eggos/syscalls", new RelayDriver(), 0o600);
}
