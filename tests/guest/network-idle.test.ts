/** Ten thousand connections at once: three quarters of a minute on an idle machine with two cores, much more on a busy one. */
import { testInNamespace } from "./network-peer/run.ts";

testInNamespace("ten thousand idle connections in 512 MB", "idle", 580_000);
