// The master side of a pseudo-terminal as an open file: an opening of /dev/ptmx.

import * as mem from "machine/mem";
import { bytesAddress } from "memory/address";
import { EAGAIN, EFAULT, EINTR, EINVAL, EIO, ENOSPC, ENOTTY, ERESTARTSYS } from "../../abi/errno";
import { O_ACCMODE, O_CLOEXEC, O_NOCTTY, O_NONBLOCK } from "../../abi/fcntl";
import { EPOLLHUP, EPOLLPRI, READABLE, WRITABLE } from "../../abi/poll";
import { SIGINT, SIGQUIT, SIGTSTP } from "../../abi/signal";
import * as abi from "../../abi/termios";
import { IoVector } from "../../memory/io-vector";
import { fetch32, fetched, store32 } from "../../memory/user";
import { currentProcess } from "../../process/current";
import { wait } from "../../sched/block";
import { File } from "../../vfs/file";
import { failOpen } from "../../vfs/inode";
import { DeviceDriver } from "../../vfs/devices";
import { openTerminal, TtyFile } from "../tty-file";
import { NOT_MINE } from "../tty";
import { createPair, PseudoTerminal } from "./pseudo-terminal";

const CHUNK_SIZE: u64 = 2048;

/** Gives a slave that TIOCGPTPEER opened its name and a descriptor: set by the process side. */
export class PeerOpener {
  /** The descriptor, or a negative errno. */
  install(_file: File, _index: i32, _isCloseOnExec: bool): i64 {
    return -EINVAL;
  }
}

let peers: PeerOpener = new PeerOpener();

export function setPeerOpener(opener: PeerOpener): void {
  peers = opener;
}

export class MasterFile extends File {
  private chunk: StaticArray<u8> = new StaticArray<u8>(<i32>CHUNK_SIZE);
  private isWriting: bool = false;
  /** The settings and the window are the slave's: its ioctls serve both. Not an opening of the slave. */
  private readonly slaveSide: TtyFile;

  constructor(
    readonly pair: PseudoTerminal,
    flags: u32,
  ) {
    super();
    this.flags = flags;
    this.readiness = pair.pollers;
    this.slaveSide = new TtyFile(pair.slave, flags, false);
  }

  override close(): void {
    this.pair.closeMaster();
  }

  override read(io: IoVector): i64 {
    let pair = this.pair;
    if (io.remaining == 0) return 0;
    while (true) {
      if (pair.isPacketMode && pair.packetStatus != 0) {
        let status = pair.packetStatus;
        pair.packetStatus = 0;
        return this.putByte(io, status);
      }
      if (pair.available > 0) {
        let head: i64 = 0;
        if (pair.isPacketMode) {
          head = this.putByte(io, abi.TIOCPKT_DATA);
          if (head < 0) return head;
        }
        let moved = pair.takeBytes(io);
        return moved < 0 ? moved : moved + head;
      }
      if (pair.isSlaveClosed) return -EIO;
      if (this.isNonBlocking) return -EAGAIN;
      if (wait(pair.readers) == -EINTR) return -ERESTARTSYS;
    }
  }

  private putByte(io: IoVector, byte: u32): i64 {
    let base = bytesAddress(this.chunk);
    mem.store8(base, byte);
    return io.put(base, 1);
  }

  override write(io: IoVector): i64 {
    while (this.isWriting) {
      if (this.isNonBlocking) return -EAGAIN;
      if (wait(this.pair.writers) == -EINTR) return -ERESTARTSYS;
    }
    this.isWriting = true;
    let result = this.writeAll(io);
    this.isWriting = false;
    if (!this.pair.writers.isEmpty) this.pair.writers.wakeAll(WRITABLE);
    return result;
  }

  private writeAll(io: IoVector): i64 {
    let slave = this.pair.slave;
    let total: i64 = 0;
    while (io.remaining > 0) {
      if (slave.isHungUp) return total > 0 ? total : -EIO;
      if (!slave.canReceive) {
        if (this.isNonBlocking) return total > 0 ? total : -EAGAIN;
        if (wait(this.pair.writers) == -EINTR) return total > 0 ? total : -ERESTARTSYS;
        continue;
      }
      let moved = io.take(bytesAddress(this.chunk), min(min(<u64>slave.room, CHUNK_SIZE), io.remaining));
      if (moved < 0) return total > 0 ? total : moved;
      for (let i = 0; i < <i32>moved; i++) slave.receive(<u32>this.chunk[i]);
      slave.flush();
      total += moved;
    }
    return total;
  }

  override poll(): u32 {
    let pair = this.pair;
    let events: u32 = pair.available > 0 ? READABLE : 0;
    if (pair.isPacketMode && pair.packetStatus != 0) events |= READABLE | EPOLLPRI;
    if (pair.isSlaveClosed) events |= EPOLLHUP;
    if (pair.slave.canReceive) events |= WRITABLE;
    return events;
  }

  override ioctl(request: u32, argument: u64): i64 {
    let pair = this.pair;
    let slave = pair.slave;
    switch (request) {
      case abi.TIOCGPTN:
        return store32(argument, <u32>pair.index);
      case abi.TIOCSPTLCK:
        if (fetch32(argument) < 0) return -EFAULT;
        pair.isLocked = fetched != 0;
        return 0;
      case abi.TIOCGPTLCK:
        return store32(argument, pair.isLocked ? 1 : 0);
      case abi.TIOCGPTPEER:
        return this.openPeer(<u32>argument);
      case abi.TIOCPKT:
        if (fetch32(argument) < 0) return -EFAULT;
        if (fetched != 0 && !pair.isPacketMode) pair.packetStatus = 0;
        pair.isPacketMode = fetched != 0;
        return 0;
      case abi.TIOCGPKT:
        return store32(argument, pair.isPacketMode ? 1 : 0);
      case abi.TIOCSIG:
        if (argument != SIGINT && argument != SIGQUIT && argument != SIGTSTP) return -EINVAL;
        slave.raise(<i32>argument);
        return 0;
      case abi.FIONREAD:
        return store32(argument, pair.available);
      case abi.TIOCOUTQ:
        return store32(argument, 0);
      case abi.TIOCGPGRP:
        return store32(argument, <u32>slave.foregroundGroup);
      case abi.TIOCGSID:
        return slave.sessionId == 0 ? -ENOTTY : store32(argument, <u32>slave.sessionId);
      case abi.TCFLSH:
        if (argument > abi.TCIOFLUSH) return -EINVAL;
        if (argument != abi.TCOFLUSH) pair.dropBytes();
        if (argument != abi.TCIFLUSH) slave.flushInput();
        return 0;
      case abi.TIOCSCTTY:
      case abi.TIOCNOTTY:
      case abi.TIOCSTI:
      case abi.TIOCVHANGUP:
        return -ENOTTY;
      default: {
        let result = this.slaveSide.control(request, argument);
        return result == NOT_MINE ? super.ioctl(request, argument) : result;
      }
    }
  }

  /** TIOCGPTPEER: open the slave without its name, which may not be visible here. */
  private openPeer(flags: u32): i64 {
    if ((flags & ~(O_ACCMODE | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)) != 0) return -EINVAL;
    if (this.pair.isLocked) return -EIO;
    let file = openTerminal(this.pair.slave, flags & ~O_CLOEXEC);
    if (file === null) return -EIO;
    file.flags = flags & (O_ACCMODE | O_NONBLOCK);
    return peers.install(file, this.pair.index, (flags & O_CLOEXEC) != 0);
  }
}

/** /dev/ptmx. */
export class MultiplexorDriver extends DeviceDriver {
  override open(_minor: u32, flags: u32): File | null {
    let pair = createPair();
    if (pair === null) {
      failOpen(-ENOSPC);
      return null;
    }
    pair.ownerId = currentProcess().credentials.fileUser;
    return new MasterFile(pair, flags);
  }
}
