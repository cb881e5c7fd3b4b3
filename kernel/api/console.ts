// What shows the console beside the serial line and the screen: a network log, a display of one's own.
//
//   class Mirror extends ConsoleBackend {
//     override write(bytes: StaticArray<u8>, length: i32): void { … }
//   }
//   console.register(new Mirror());

import { bytesAddress } from "memory/address";
import * as mem from "machine/mem";
import * as backend from "../console/backend";

/** Bytes handed over at a time. */
const PIECE: u64 = 1024;

/** Override what matters. Called with interrupts off: nothing may block, and it should not take long. */
export class ConsoleBackend {
  /** What programs write to the console's terminal, as it goes to the line: the first `length` of `bytes`. */
  write(_bytes: StaticArray<u8>, _length: i32): void {}

  /** The terminal's window has this size now. */
  resize(_columns: u32, _rows: u32): void {}
}

class Adapter extends backend.ConsoleBackend {
  private readonly piece: StaticArray<u8> = new StaticArray<u8>(<i32>PIECE);

  constructor(private readonly to: ConsoleBackend) {
    super();
  }

  override write(address: u64, length: u64): void {
    for (let done: u64 = 0; done < length; done += PIECE) {
      let step = min(length - done, PIECE);
      mem.copy(bytesAddress(this.piece), address + done, step);
      this.to.write(this.piece, <i32>step);
    }
  }

  override resize(columns: u32, rows: u32): void {
    this.to.resize(columns, rows);
  }
}

/** Let a backend show the console from now on. */
export function register(to: ConsoleBackend): void {
  backend.registerBackend(new Adapter(to));
}
