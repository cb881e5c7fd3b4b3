/** The guest's ports. */
export const PORTS = {
  http: 8000,
  https: 8443,
  http2: 8444,
  echo: 7000,
  udp: 7001,
  fastify: 8002,
  express: 8003,
} as const;
