/** The guest against Linux's own TCP/IP, over a tap in a network namespace made for this. */
import { testInNamespace } from "./network-peer/run.ts";

const LIMIT_MS = 240_000;

testInNamespace("the guest and Linux talk over a tap", "conversation", LIMIT_MS);
testInNamespace("names are looked up end to end", "names", LIMIT_MS);
