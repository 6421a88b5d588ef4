// What the carrier tells us; and whether we are up.
import { oneOf, read, text } from "./fields.mjs";
import { STATES } from "./parcels.mjs";
import { Refusal, reply, route } from "./router.mjs";

function hear({ rules, options, store, headers, raw, body }) {
  rules.checkUpdate(raw, headers["x-carrier-signature"] ?? "", options.secret);
  const { parcelId, state } = read(body, { parcelId: text(1, 40), state: oneOf(...STATES) });
  const parcel = store.parcels.get(parcelId);
  if (!parcel) throw new Refusal(404, "NOT_FOUND", "no such parcel");
  parcel.state = state;
  return reply(204);
}

export const carrierRoutes = [
  route("POST", "/v2/carrier/updates", hear, { open: true }),
  route("GET", "/up", () => reply(200, { up: true }), { open: true }),
];
