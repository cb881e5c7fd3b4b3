// A web server: text, JSON and a body that streams. SIGTERM (the power button, `docker stop`) ends it in order.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { arch, cpus, freemem, hostname, release, totalmem, uptime } from "node:os";

const port = Number(process.argv[2] ?? process.env.PORT ?? 8000);
const TICKS = 10;
const TICK_MS = 100;

function machine(): object {
  return {
    hostname: hostname(),
    release: release(),
    architecture: arch(),
    processors: cpus().length,
    memoryBytes: { total: totalmem(), free: freemem() },
    uptimeSeconds: uptime(),
    node: process.version,
  };
}

/** A line every tick, as it comes. */
async function tick(response: ServerResponse): Promise<void> {
  response.setHeader("content-type", "text/plain");
  for (let count = 1; count <= TICKS && !response.destroyed; count++) {
    response.write(`tick ${count}\n`);
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  response.end();
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  switch (request.url) {
    case "/hello":
      response.end("hello eggos\n");
      break;
    case "/machine":
      response.setHeader("content-type", "application/json");
      response.end(`${JSON.stringify(machine(), null, 2)}\n`);
      break;
    case "/ticks":
      await tick(response);
      break;
    default:
      response.statusCode = 404;
      response.end("try /hello, /machine or /ticks\n");
  }
}

const server = createServer((request, response) => void answer(request, response));
server.listen(port, () => console.log(`listening on port ${port}`));
process.on("SIGTERM", () => server.close());
process.on("SIGINT", () => server.close());
