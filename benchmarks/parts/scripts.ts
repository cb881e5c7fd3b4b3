// Node.js programs that more than one place boots: the same text is the same image.

export const GUEST_PORT = 8000;

/** Answers a line, and keeps idle connections for ever; /free says how much memory the machine has left. */
export const IDLE_SERVER = `
import { createServer } from "node:http";
import { freemem } from "node:os";
const server = createServer((request, response) => {
  if (request.url !== "/free") return response.end("hello eggos\\n");
  gc();
  setTimeout(() => response.end(String(freemem())), 1000);
});
server.keepAliveTimeout = 0;
server.listen(${GUEST_PORT}, () => console.log("listening"));
`;
