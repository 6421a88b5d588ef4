// Members, their keys, their credits.
import { randomBytes } from "node:crypto";
import { setTimeout as settle } from "node:timers/promises";

import { newPassphrase, oneOf, read, text } from "./fields.mjs";
import { Refusal, reply, route } from "./router.mjs";
import { addMember, newId } from "./store.mjs";
import { Throttle, tooMany } from "./throttle.mjs";

const HANDLE = text(3, 30, /^[a-z0-9-]+$/);
const registrations = new Throttle(20);
const CAMPAIGNS = { SPRING: 50, HARBOUR: 10 };

/** What members see of themselves. */
const own = ({ handle, phone, motto, role, credits }) => ({ handle, phone, motto, role, credits });
const shownKey = ({ keyId, createdAt }) => ({ keyId, createdAt });

async function register({ rules, store, body, address }) {
  if (registrations.spent(address)) throw tooMany();
  registrations.note(address);
  const fields = read(body, { handle: HANDLE, passphrase: newPassphrase, phone: text(3, 30) });
  // Handles are public, so that a taken one may be told.
  if (!(await addMember(store, rules, fields))) throw new Refusal(409, "TAKEN", "this handle is taken");
  return reply(201, { handle: fields.handle });
}

async function makeKey({ rules, store, body, address }) {
  const member = await rules.memberOf(store, body, address);
  const made = { keyId: newId("key"), handle: member.handle, createdAt: new Date().toISOString() };
  const key = randomBytes(24).toString("hex");
  rules.keepKey(store, key, made);
  return reply(201, { ...shownKey(made), key });
}

const listKeys = ({ store, member }) =>
  reply(200, [...store.keys.values()].filter(({ handle, revoked }) => handle === member.handle && !revoked).map(shownKey));

function revokeKey({ rules, store, member, params }) {
  if (!rules.revoke(store, member, params.keyId)) throw new Refusal(404, "NOT_FOUND", "no such key");
  return reply(204);
}

const readMe = ({ member }) => reply(200, own(member));

function changeMe({ rules, member, body }) {
  Object.assign(member, rules.memberChanges(body));
  return reply(200, own(member));
}

function readMember({ rules, store, params }) {
  const found = store.members.get(params.handle);
  if (!found) throw new Refusal(404, "NOT_FOUND", "no such member");
  return reply(200, rules.shownMember(found));
}

async function claim({ rules, member, body }) {
  const { campaign } = read(body, { campaign: oneOf(...Object.keys(CAMPAIGNS)) });
  await rules.claimOnce(member, campaign, () => settle(20)); // the ledger takes its time
  member.credits += CAMPAIGNS[campaign];
  return reply(201, { credits: member.credits });
}

function transfer({ rules, store, member, body }) {
  const { to, amount } = read(body, { to: HANDLE, amount: rules.amount });
  const receiver = store.members.get(to);
  if (!receiver || receiver === member) throw new Refusal(404, "NOT_FOUND", "no such member");
  if (member.credits < amount) throw new Refusal(409, "NOT_ENOUGH", "there are not enough credits");
  member.credits -= amount;
  receiver.credits += amount;
  return reply(201, { credits: member.credits });
}

export const memberRoutes = [
  route("POST", "/v2/members", register, { open: true }),
  route("GET", "/v2/members/me", readMe),
  route("PATCH", "/v2/members/me", changeMe),
  route("GET", "/v2/members/:handle", readMember),
  route("POST", "/v2/keys", makeKey, { open: true }),
  route("GET", "/v2/keys", listKeys),
  route("DELETE", "/v2/keys/:keyId", revokeKey),
  route("POST", "/v2/credits/claims", claim),
  route("POST", "/v2/credits/transfers", transfer),
];
