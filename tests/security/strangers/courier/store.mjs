// All state, in memory.
import { randomBytes } from "node:crypto";

export const newId = (prefix) => `${prefix}_${randomBytes(9).toString("base64url")}`;

/** An empty store with a dispatcher (operator), a postmaster to send things to, and 300 lockers. */
export async function openStore(rules, secret) {
  const store = { members: new Map(), keys: new Map(), parcels: new Map(), lockers: new Map() };
  await addMember(store, rules, { handle: "dispatcher", passphrase: secret, phone: "" });
  await addMember(store, rules, { handle: "postmaster", passphrase: secret, phone: "" });
  store.members.get("dispatcher").role = "operator";
  for (let n = 1; n <= 300; n += 1) {
    const lockerId = `harbour-${String(n).padStart(3, "0")}`;
    store.lockers.set(lockerId, { lockerId, street: `Quay ${n}`, open: true });
  }
  return store;
}

export async function addMember(store, rules, { handle, passphrase, phone }) {
  const passphraseStored = await rules.stored(passphrase);
  if (store.members.has(handle)) return null;
  const member = { handle, phone, motto: "", role: "member", credits: 20, claims: [], passphrase: passphraseStored };
  store.members.set(handle, member);
  return member;
}
