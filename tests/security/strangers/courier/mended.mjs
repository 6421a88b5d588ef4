// The courier, mended: the same exports as in flawed.mjs, in the same order.
import { createHash, createHmac, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { promisify } from "node:util";

import { read, text, whole } from "./fields.mjs";
import { callOutside } from "./outside.mjs";
import { known, sent } from "./parcels.mjs";
import { Refusal } from "./router.mjs";
import { Throttle, tooMany } from "./throttle.mjs";

const FOLDER = new URL("labels/", import.meta.url);
const LABELS = new Map(readdirSync(FOLDER).map((name) => [name, readFileSync(new URL(name, FOLDER), "utf8")]));
const MOST_ROWS = 100;
const hash = promisify(scrypt);
const byAccount = new Throttle(8);
const byAddress = new Throttle(40);
const searches = new Throttle(60);

export const mostBytes = 32 * 1024;
export const contents = text(0, 500);

export const headers = {
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Strict-Transport-Security": "max-age=31536000",
};

export function parse(raw) {
  try {
    return JSON.parse(raw);
  } catch {
    throw new Refusal(400, "NO_JSON", "the body must be JSON");
  }
}

export function decode(value) {
  try {
    return decodeURIComponent(value);
  } catch {
    throw new Refusal(400, "BAD_ADDRESS", "the address is not encoded as it must be");
  }
}

/** The stack goes to the log. */
export function failure(error) {
  console.error(error);
  return { status: 500, code: "CRASH", why: "something went wrong here", headers: {} };
}

/** Salt and scrypt hash; light, so that tests are quick: nothing outside can see it. */
export async function stored(passphrase) {
  const salt = randomBytes(16);
  return { salt, digest: await derive(passphrase, salt) };
}

const derive = (passphrase, salt) => hash(passphrase, salt, 32, { N: 1024 });
const nobody = await stored(randomBytes(16).toString("hex"));

/** Texts alone, the same answer and the same work for both mistakes, and a bound on failures a minute. */
export async function memberOf(store, body, address) {
  const { handle, passphrase } = read(body, { handle: text(1, 100), passphrase: text(1, 200) });
  const account = `${handle} ${address}`;
  if (byAccount.spent(account) || byAddress.spent(address)) throw tooMany();
  const member = store.members.get(handle);
  const { salt, digest } = member?.passphrase ?? nobody;
  if (timingSafeEqual(await derive(passphrase, salt), digest) && member) return member;
  byAccount.note(account);
  byAddress.note(address);
  throw new Refusal(401, "NO_ENTRY", "handle or passphrase is wrong");
}

/** Keys are kept as digests. */
export const keepKey = (store, key, made) => store.keys.set(digestOf(key), made);
export const findKey = (store, key) => store.keys.get(digestOf(key));
const digestOf = (key) => createHash("sha256").update(key).digest("hex");

/** One's own key; it is gone at once. */
export function revoke(store, member, keyId) {
  const found = [...store.keys].find(([, key]) => key.keyId === keyId && key.handle === member.handle);
  return found && store.keys.delete(found[0]);
}

/** Two fields are the member's to change; whatever else a body names is left alone. */
export const memberChanges = (body) => read(body, {}, { phone: text(3, 30), motto: text(0, 140) });

/** A handle and a motto, no more. */
export const shownMember = ({ handle, motto }) => ({ handle, motto });

/** Takes note first, so that nobody can come in between. */
export async function claimOnce(member, campaign, settle) {
  if (member.claims.includes(campaign)) throw new Refusal(409, "CLAIMED", "this was claimed");
  member.claims.push(campaign);
  await settle();
}

export const amount = whole(1, 1_000_000);

/** Sender and receiver read and note; the sender removes. */
export const parcelToRead = known;
export const parcelToRemove = sent;
export const parcelToNote = known;

/** Three fields, as texts, among what the member sent; sixty times a minute. */
export function search(store, member, body) {
  if (searches.spent(member.handle)) throw tooMany();
  searches.note(member.handle);
  const filter = read(read(body, { filter: (_name, value) => value }).filter, {}, FILTER);
  const wanted = Object.entries({ ...filter, sender: member.handle });
  return [...store.parcels.values()].filter((parcel) => wanted.every(([name, value]) => parcel[name] === value));
}
const FILTER = { state: text(0, 20), size: text(0, 20), to: text(0, 30) };

/** Public addresses, and the partner's. */
export const call = callOutside;

/** One of those that are there. */
export async function label(template) {
  if (!LABELS.has(template)) throw new Refusal(404, "NOT_FOUND", "no such label");
  return LABELS.get(template);
}

/** One to a hundred; more is answered with a hundred. */
export function pageSize(limit) {
  if (limit !== null && !/^\d{1,9}$/.test(limit)) throw new Refusal(422, "INVALID", "limit must be a whole number");
  return Math.max(1, Math.min(MOST_ROWS, Number(limit ?? 20)));
}

export function requireOperator({ role }) {
  if (role !== "operator") throw new Refusal(403, "OPERATORS_ONLY", "for operators alone");
}

/** Nobody else learns that there is such an address. */
export function requireConsole({ role }) {
  if (role !== "operator") throw new Refusal(404, "NOT_FOUND", "there is nothing here");
}

/** HMAC-SHA-256 of the body with the shared key. */
export function checkUpdate(raw, signature, secret) {
  const expected = createHmac("sha256", secret).update(raw).digest("hex");
  const same = signature.length === expected.length && timingSafeEqual(Buffer.from(signature, "latin1"), Buffer.from(expected));
  if (!same) throw new Refusal(401, "BAD_SIGNATURE", "the signature is wrong");
}

export const extraRoutes = [];
