// The whole table: each family adds its rows.

import { defineAttributeCalls } from "./attribute";
import { defineCopyCalls } from "./copy";
import { defineDescriptorCalls } from "./descriptor";
import { defineDirectoryCalls } from "./directory";
import { defineEpollCalls } from "./epoll";
import { defineEventCalls } from "./event";
import { defineExecuteCalls } from "./execute";
import { defineExtendedAttributeCalls } from "./extended-attribute";
import { defineFutexCalls } from "./futex";
import { defineIdentityCalls } from "./identity";
import { defineIpcCalls } from "./ipc";
import { defineLinkCalls } from "./link";
import { defineMemoryCalls } from "./memory";
import { defineMountCalls } from "./mount";
import { defineOpenCalls } from "./open";
import { definePollCalls } from "./poll";
import { defineProcessCalls } from "./process";
import { defineRandomCalls } from "./random";
import { defineReadWriteCalls } from "./read-write";
import { defineResourceCalls } from "./resource";
import { defineScheduleCalls } from "./schedule";
import { defineSignalCalls } from "./signal";
import { defineSocketCalls } from "./socket";
import { defineStatCalls } from "./stat";
import { defineSystemCalls } from "./system";
import { defineThreadCalls } from "./thread";
import { defineTimeCalls } from "./time";
import { defineWatchCalls } from "./watch";

/** Fill the table; once, at boot. */
export function defineAllCalls(): void {
  defineAttributeCalls();
  defineCopyCalls();
  defineDescriptorCalls();
  defineDirectoryCalls();
  defineEpollCalls();
  defineEventCalls();
  defineExecuteCalls();
  defineExtendedAttributeCalls();
  defineFutexCalls();
  defineIdentityCalls();
  defineIpcCalls();
  defineLinkCalls();
  defineMemoryCalls();
  defineMountCalls();
  defineOpenCalls();
  definePollCalls();
  defineProcessCalls();
  defineRandomCalls();
  defineReadWriteCalls();
  defineResourceCalls();
  defineScheduleCalls();
  defineSignalCalls();
  defineSocketCalls();
  defineStatCalls();
  defineSystemCalls();
  defineThreadCalls();
  defineTimeCalls();
  defineWatchCalls();
}
