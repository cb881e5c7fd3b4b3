// Two workers of node:cluster serve one port; the primary is the client, with 8 connections kept open. Each worker is told of
// its connections by the primary (SCHED_RR). `bench cluster_of_2_request TIME ns`.

import cluster from "node:cluster";
import http from "node:http";

const CONNECTIONS = 8;
const [WARM_UP, REQUESTS, ROUNDS] = [400, 400, 3];

function request(agent, port) {
  return new Promise((resolve, reject) => {
    http
      .get({ port, host: "127.0.0.1", agent }, (response) => response.resume().on("end", resolve))
      .on("error", reject);
  });
}

async function run(agent, port, count) {
  let left = count;
  const client = async () => {
    while (left-- > 0) await request(agent, port);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, client));
}

if (cluster.isPrimary) {
  const workers = [cluster.fork(), cluster.fork()];
  const [{ port }] = await Promise.all(
    workers.map((worker) => new Promise((resolve) => worker.on("listening", resolve))),
  );
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  await run(agent, port, WARM_UP);
  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.hrtime.bigint();
    await run(agent, port, REQUESTS);
    times.push(Number(process.hrtime.bigint() - start) / REQUESTS);
  }
  times.sort((a, b) => a - b);
  console.log(`bench cluster_of_2_request ${times[1].toFixed(0)} ns`);
  agent.destroy();
  for (const worker of workers) worker.kill();
} else {
  http.createServer((_request, response) => response.end("hello\n")).listen(8000);
}
