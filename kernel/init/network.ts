// The network comes up: the stack, then, when the devices are there, interfaces and the thread that polls them. What is
// set by hand (`egg run --ip`) goes before DHCP.

import { BootConfig } from "../boot/config";
import * as random from "../entropy/random";
import * as log from "../log/log";
import { Address } from "../net/address";
import * as resolvers from "../net/configuration/resolvers";
import { ServerOrigin } from "../net/configuration/resolvers";
import { Interface } from "../net/ip/interface";
import * as interfaces from "../net/ip/interfaces";
import * as link from "../net/link/registry";
import * as stack from "../net/stack";
import * as text from "../net/text";
import * as waker from "../net/waker";
import { Waker } from "../net/waker";
import { registerNetworkFiles } from "../procfs/net";
import { wait } from "../sched/block";
import * as clock from "../sched/clock";
import * as scheduler from "../sched/scheduler";
import { IdleTask } from "../sched/scheduler";
import { Thread } from "../sched/thread";
import { Timer } from "../sched/timer";
import { WaitQueue } from "../sched/wait";

const NAME: string = "network";
const PERCENT: u32 = 0x25;
/** The prefix when an address was given without one. */
const DEFAULT_PREFIX_IPV4: u32 = 24;
const DEFAULT_PREFIX_IPV6: u32 = 64;

const wakeups: WaitQueue = new WaitQueue();

class NetworkThread extends Thread {
  constructor() {
    super();
    for (let i = 0; i < NAME.length; i++) this.name[i] = <u8>NAME.charCodeAt(i);
  }

  override main(): void {
    while (true) {
      let next = stack.poll(clock.nowNs());
      if (waker.isWanted || next <= clock.nowNs()) scheduler.yieldNow();
      else {
        pollTimer.ensure(next);
        wait(wakeups);
      }
    }
  }
}

/** A wake-up that the device's interrupt lost (QEMU 7.2 with one CPU) is made up for before the machine idles. */
class RingCheck extends IdleTask {
  override run(): bool {
    if (!link.hasPending()) return false;
    waker.wake();
    return true;
  }
}

/**
 * Makes the thread poll when the stack's next deadline comes. It is never put off or cancelled: going off too early costs
 * a poll now and then, and arming it at every poll would cost more.
 */
class PollTimer extends Timer {
  ensure(deadlineNs: u64): void {
    if (!this.isArmed || deadlineNs < this.deadlineNs) scheduler.timers.arm(this, deadlineNs);
  }

  override fire(_nowNs: u64): void {
    waker.wake();
  }
}

const pollTimer: PollTimer = new PollTimer();

class ThreadWaker extends Waker {
  wake(): void {
    wakeups.wakeAll();
  }

  rearm(deadlineNs: u64): void {
    pollTimer.ensure(deadlineNs);
  }
}

/** The stack and its packet memory, which devices take their buffers from. */
export function prepareNetwork(config: BootConfig, memoryBytes: u64): void {
  stack.start(random.random64(), random.random64(), memoryBytes);
  if (config.addresses.length > 0) stack.configureByHand();
  registerNetworkFiles();
}

/** The devices are there: programs may open sockets from here on; addresses come a moment later. */
export function startNetwork(config: BootConfig): void {
  // Interfaces are made at the first poll.
  stack.poll(clock.nowNs());
  configure(config);
  let thread = new NetworkThread();
  waker.setWaker(new ThreadWaker());
  scheduler.addIdleTask(new RingCheck());
  if (!scheduler.start(thread)) log.say(log.ERROR, "no memory for the network's thread");
}

/**
 * What the configuration sets by hand: "10.0.0.2/24" for the first device that is not the loopback, "10.0.0.2/24%eth1" for
 * the one of that name.
 */
function configure(config: BootConfig): void {
  let none = new Address();
  for (let i = 0; i < config.addresses.length; i++) {
    let to = deviceFor(config.addresses[i]);
    if (to === null || !text.parse(chosen)) continue;
    let prefix = text.parsed.isIpv4 ? DEFAULT_PREFIX_IPV4 : DEFAULT_PREFIX_IPV6;
    if (text.parsedPrefix >= 0) prefix = text.parsedPrefix;
    let address = new Address(text.parsed.high, text.parsed.low);
    stack.addStatic(to, address, prefix, none);
  }
  for (let i = 0; i < config.gateways.length; i++) {
    let to = deviceFor(config.gateways[i]);
    if (to !== null && text.parse(chosen)) stack.addGateway(to, text.parsed);
  }
  for (let i = 0; i < config.nameServers.length; i++) {
    if (text.parse(config.nameServers[i])) resolvers.add(text.parsed, ServerOrigin.STATIC, 0);
  }
}

/** The part of a setting before the device's name: set by `deviceFor`. */
let chosen: StaticArray<u8> = new StaticArray<u8>(0);

/** The device that a setting is for; null when there is none. */
function deviceFor(setting: StaticArray<u8>): Interface | null {
  for (let i = 0; i < setting.length; i++) {
    if (setting[i] != PERCENT) continue;
    chosen = StaticArray.slice<u8>(setting, 0, i);
    return deviceNamed(setting, i + 1);
  }
  chosen = setting;
  return firstDevice();
}

function deviceNamed(bytes: StaticArray<u8>, start: i32): Interface | null {
  for (let i = 1; i <= interfaces.last; i++) {
    let entry = interfaces.find(i);
    if (entry === null || entry.device.name.length != bytes.length - start) continue;
    let name = entry.device.name;
    let isSame = true;
    for (let j = 0; j < name.length; j++) if (name.charCodeAt(j) != <i32>bytes[start + j]) isSame = false;
    if (isSame) return entry;
  }
  return null;
}

function firstDevice(): Interface | null {
  for (let i = 1; i <= interfaces.last; i++) {
    let entry = interfaces.find(i);
    if (entry !== null && !entry.isLoopback) return entry;
  }
  return null;
}
