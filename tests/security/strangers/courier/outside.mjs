// Calls to addresses that members wrote: a name is looked up once, its addresses are judged, and one of these is called.
import { lookup } from "node:dns/promises";
import { request as overHttp } from "node:http";
import { request as overHttps } from "node:https";
import { BlockList, isIP } from "node:net";
import { setTimeout as settle } from "node:timers/promises";

import { Refusal } from "./router.mjs";

const PATIENCE_MS = 3000;
const inside = new BlockList();
for (const [network, bits] of [
  ["0.0.0.0", 8], ["10.0.0.0", 8], ["100.64.0.0", 10], ["127.0.0.0", 8], ["169.254.0.0", 16], ["172.16.0.0", 12],
  ["192.0.0.0", 24], ["192.0.2.0", 24], ["192.88.99.0", 24], ["192.168.0.0", 16], ["198.18.0.0", 15],
  ["198.51.100.0", 24], ["203.0.113.0", 24], ["224.0.0.0", 3],
]) inside.addSubnet(network, bits, "ipv4");

const refused = () => new Refusal(422, "ADDRESS", "this address may not be called");

/** Whether a POST of the body to the URL was answered well; redirects are not followed. */
export async function callOutside(url, body, partner) {
  const parsed = parse(url);
  if (parsed.origin === partner) return post(parsed, parsed.hostname, body);
  const addresses = await addressesOf(parsed.hostname);
  // IPv6 is left out: the courier has none.
  if (!addresses.length || !addresses.every((address) => isIP(address) === 4 && !inside.check(address, "ipv4"))) throw refused();
  return post(parsed, addresses[0], body);
}

function parse(url) {
  let parsed;
  try {
    parsed = new URL(url);
  } catch {
    throw refused();
  }
  if (!["http:", "https:"].includes(parsed.protocol) || parsed.username || parsed.password) throw refused();
  return parsed;
}

async function addressesOf(hostname) {
  const found = lookup(hostname.replace(/^\[|\]$/g, ""), { all: true });
  const late = settle(PATIENCE_MS, [], { ref: false });
  return Promise.race([found, late]).then((all) => all.map(({ address }) => address), () => []);
}

function post(url, address, body) {
  const send = url.protocol === "https:" ? overHttps : overHttp;
  // The address that was judged is the one that is called, whatever the name says by now.
  const judged = (_name, options, done) => (options.all ? done(null, [{ address, family: 4 }]) : done(null, address, 4));
  return new Promise((resolve) => {
    const sending = send(url, { method: "POST", lookup: judged, timeout: PATIENCE_MS, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode < 300);
    });
    sending.on("timeout", () => sending.destroy());
    sending.on("error", () => resolve(false));
    sending.end(body);
  });
}
