// Lockers, for everybody to see and for operators to change; and this API's own document.
import { readFileSync } from "node:fs";

import { oneOf, read, text } from "./fields.mjs";
import { Refusal, reply, route } from "./router.mjs";

const SPEC = readFileSync(new URL("openapi.json", import.meta.url), "utf8");

// Public, and the same for everybody: any site may show it.
const FOR_ALL = { "Access-Control-Allow-Origin": "*" };

function find(store, lockerId) {
  const locker = store.lockers.get(lockerId);
  if (!locker) throw new Refusal(404, "NOT_FOUND", "no such locker");
  return locker;
}

const list = ({ rules, store, query }) =>
  reply(200, [...store.lockers.values()].slice(0, rules.pageSize(query.get("limit"))), FOR_ALL);

const readLocker = ({ store, params }) => reply(200, find(store, params.lockerId), FOR_ALL);

function changeLocker({ rules, store, member, params, body }) {
  rules.requireOperator(member);
  const locker = find(store, params.lockerId);
  Object.assign(locker, read(body, { street: text(1, 80), open: oneOf(true, false) }));
  return reply(200, locker);
}

function listMembers({ rules, store, member }) {
  rules.requireConsole(member);
  return reply(200, [...store.members.values()].map(({ handle, phone, role }) => ({ handle, phone, role })));
}

const spec = () => ({ status: 200, text: SPEC, headers: FOR_ALL });

export const lockerRoutes = [
  route("GET", "/v2/spec", spec, { open: true }),
  route("GET", "/v2/lockers", list, { open: true }),
  route("GET", "/v2/lockers/:lockerId", readLocker, { open: true }),
  route("PUT", "/v2/lockers/:lockerId", changeLocker),
  // The operators' console uses it; the document does not name it.
  route("GET", "/v2/ops/members", listMembers),
];
