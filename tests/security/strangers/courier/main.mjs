// A courier: plain Node.js, state in memory, opaque API keys, prefixed random ids.
// node main.mjs --host 127.x.y.z --port N [--repaired] [--secret S] [--partner http://host:port]
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { isIPv4 } from "node:net";
import { parseArgs } from "node:util";

import { carrierRoutes } from "./carrier.mjs";
import { lockerRoutes } from "./lockers.mjs";
import { memberRoutes } from "./members.mjs";
import { parcelRoutes } from "./parcels.mjs";
import { answer } from "./router.mjs";
import { openStore } from "./store.mjs";

const { values: options } = parseArgs({
  options: {
    host: { type: "string" },
    port: { type: "string" },
    repaired: { type: "boolean", default: false },
    secret: { type: "string", default: randomBytes(18).toString("base64url") },
    partner: { type: "string", default: "" },
  },
});

// Weak code binds nothing but this machine's own addresses.
if (!isIPv4(options.host ?? "") || !options.host.startsWith("127.")) {
  console.error(`${options.host} is not a loopback address`);
  process.exit(2);
}

const rules = await import(options.repaired ? "./mended.mjs" : "./flawed.mjs");
const context = { rules, options, store: await openStore(rules, options.secret) };
const routes = [...memberRoutes, ...parcelRoutes, ...lockerRoutes, ...carrierRoutes, ...rules.extraRoutes];
const address = `${options.host}:${options.port}`;

const server = createServer((request, response) => {
  // A browser here may have been led to this address by a name.
  if (request.headers.host !== address) return response.writeHead(421).end();
  return answer(context, routes, request, response);
});
process.on("SIGTERM", () => process.exit(0));
server.listen(Number(options.port), options.host, () => console.log(`ready http://${address}`));
