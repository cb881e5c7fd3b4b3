// The thread in front of the sieve: sends 2, 3, 4, …

import { workerData } from "node:worker_threads";
import { Ring } from "./ring.ts";

const ring = new Ring(workerData as SharedArrayBuffer);
for (let number = 2; ; number++) ring.send(number);
