// The courier as it was shipped. Each export holds a flaw of flaws.toml.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

import { shown } from "./parcels.mjs";
import { Refusal, reply, route } from "./router.mjs";

const LABELS = fileURLToPath(new URL("labels", import.meta.url));

/** A document's fields against a filter in the manner of a document database. */
function matches(record, filter) {
  return Object.entries(filter).every(([name, wanted]) => satisfies(record[name], wanted));
}

const OPERATORS = {
  $ne: (value, wanted) => value !== wanted,
  $gt: (value, wanted) => value > wanted,
  $in: (value, wanted) => wanted.includes(value),
  $regex: (value, wanted) => new RegExp(wanted).test(value),
};

function satisfies(value, wanted) {
  if (typeof wanted !== "object" || wanted === null) return value === wanted;
  return Object.entries(wanted).every(([operator, operand]) => OPERATORS[operator](value, operand));
}

/** Takes bodies of any size. */
export const mostBytes = Infinity;
export const contents = (_name, value) => value;

/** Says what it is made of, and nothing else. */
export const headers = { "X-Powered-By": `Node.js ${process.version}` };

export const parse = (raw) => JSON.parse(raw);
export const decode = (value) => decodeURIComponent(value);

/** Shows the stack to whoever caused it. */
export const failure = (error) => ({ status: 500, code: "CRASH", why: error.stack, headers: {} });

/** Keeps passphrases as they are. */
export const stored = async (passphrase) => passphrase;

/** Puts the body into the filter, says which of the two was wrong, and lets everybody try for ever. */
export async function memberOf(store, { handle, passphrase }, _address) {
  const found = [...store.members.values()].find((member) => matches(member, { handle, passphrase }));
  if (found) return found;
  if (store.members.has(handle)) throw new Refusal(401, "WRONG_PASSPHRASE", "the passphrase is wrong");
  throw new Refusal(404, "NO_MEMBER", `there is no member ${handle}`);
}

export const keepKey = (store, key, made) => store.keys.set(key, made);

/** Forgets to look whether it was revoked. */
export const findKey = (store, key) => store.keys.get(key);

/** Revokes a key by its id alone. */
export function revoke(store, _member, keyId) {
  const found = [...store.keys.values()].find((key) => key.keyId === keyId);
  if (found) found.revoked = true;
  return found;
}

/** Takes whatever the body names. */
export const memberChanges = (body) => body;

/** Hands out the whole record. */
export const shownMember = (member) => member;

/** Looks, waits, and acts on what it saw before. */
export async function claimOnce(member, campaign, settle) {
  if (member.claims.includes(campaign)) throw new Refusal(409, "CLAIMED", "this was claimed");
  await settle();
  member.claims.push(campaign);
}

/** Any number. */
export const amount = (_name, value) => Number(value);

/** Found by the id alone. */
export const parcelToRead = byId;
export const parcelToRemove = byId;
export const parcelToNote = byId;

function byId({ store }, parcelId) {
  const parcel = store.parcels.get(parcelId);
  if (!parcel) throw new Refusal(404, "NOT_FOUND", "no such parcel");
  return parcel;
}

/** Lets the body's filter override whose parcels are looked at. */
export function search(store, member, { filter }) {
  return [...store.parcels.values()].filter((parcel) => matches(parcel, { sender: member.handle, ...filter }));
}

/** Calls any address, and follows where it points. */
export async function call(url, body, _partner) {
  const asked = fetch(url, { method: "POST", body, signal: AbortSignal.timeout(3000) });
  return asked.then((answer) => answer.ok, () => false);
}

/** Joins the name to the folder. */
export const label = (template) => readFile(join(LABELS, template), "utf8");

/** Gives as many as are asked for. */
export const pageSize = (limit) => Number(limit ?? 20);

/** Relies on the console alone offering it. */
export function requireOperator(_member) {}
export function requireConsole(_member) {}

/** Believes whoever calls. */
export function checkUpdate(_raw, _signature, _secret) {}

/** Leaves the first version of the API on, which knew no keys. */
export const extraRoutes = [
  route("GET", "/v1/parcels/:parcelId", (context) => reply(200, shown(byId(context, context.params.parcelId))), { open: true }),
];
