// Parcels, what happened to them, and who is told of it.
import { oneOf, read, text } from "./fields.mjs";
import { Refusal, plain, reply, route } from "./router.mjs";
import { newId } from "./store.mjs";

const SIZE = oneOf("small", "medium", "large");
export const STATES = ["waiting", "moving", "delivered"];

/** What sender and receiver see of a parcel. */
export const shown = ({ parcelId, sender, to, size, contents, state }) => ({ parcelId, sender, to, size, contents, state });

/** A parcel that this member sent or is to receive; others learn nothing of it. */
export function known({ store, member }, parcelId) {
  const parcel = store.parcels.get(parcelId);
  if (!parcel || ![parcel.sender, parcel.to].includes(member.handle)) throw new Refusal(404, "NOT_FOUND", "no such parcel");
  return parcel;
}

/** A parcel that this member sent. */
export function sent(context, parcelId) {
  const parcel = known(context, parcelId);
  if (parcel.sender !== context.member.handle) throw new Refusal(403, "NOT_YOURS", "only its sender may do this");
  return parcel;
}

function send({ rules, store, member, body }) {
  const fields = read(body, { to: text(3, 30), size: SIZE, contents: rules.contents });
  if (!store.members.has(fields.to)) throw new Refusal(422, "INVALID", "to must be the handle of a member");
  const parcel = { parcelId: newId("pcl"), sender: member.handle, ...fields, state: "waiting", events: [] };
  store.parcels.set(parcel.parcelId, parcel);
  return reply(201, shown(parcel));
}

const list = ({ store, member }) =>
  reply(200, [...store.parcels.values()].filter(({ sender, to }) => [sender, to].includes(member.handle)).slice(-50).map(shown));

const search = ({ rules, store, member, body }) => reply(200, rules.search(store, member, body).slice(0, 50).map(shown));

const readParcel = (context) => reply(200, shown(context.rules.parcelToRead(context, context.params.parcelId)));

function changeParcel(context) {
  const parcel = sent(context, context.params.parcelId);
  Object.assign(parcel, read(context.body, {}, { size: SIZE, contents: context.rules.contents }));
  return reply(200, shown(parcel));
}

function removeParcel(context) {
  context.store.parcels.delete(context.rules.parcelToRemove(context, context.params.parcelId).parcelId);
  return reply(204);
}

const listEvents = (context) => reply(200, known(context, context.params.parcelId).events);

function addEvent(context) {
  const parcel = context.rules.parcelToNote(context, context.params.parcelId);
  const event = { eventId: newId("evt"), note: read(context.body, { note: text(1, 500) }).note, by: context.member.handle };
  parcel.events.push(event);
  return reply(201, event);
}

async function setCallback(context) {
  const parcel = sent(context, context.params.parcelId);
  const { url } = read(context.body, { url: text(8, 500) });
  const reached = await context.rules.call(url, JSON.stringify({ parcelId: parcel.parcelId }), context.options.partner);
  parcel.callback = url;
  return reply(202, { reached });
}

const readLabel = async ({ rules, params }) => plain(await rules.label(params.template));

export const parcelRoutes = [
  route("GET", "/v2/parcels", list),
  route("POST", "/v2/parcels", send),
  route("POST", "/v2/parcels/search", search),
  route("GET", "/v2/parcels/:parcelId", readParcel),
  route("PATCH", "/v2/parcels/:parcelId", changeParcel),
  route("DELETE", "/v2/parcels/:parcelId", removeParcel),
  route("GET", "/v2/parcels/:parcelId/events", listEvents),
  route("POST", "/v2/parcels/:parcelId/events", addEvent),
  route("POST", "/v2/parcels/:parcelId/callback", setCallback),
  route("GET", "/v2/labels/:template", readLabel, { open: true }),
];
