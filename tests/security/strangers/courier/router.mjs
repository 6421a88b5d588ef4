// The least of a framework: routes as a table, JSON in an envelope, refusals as exceptions.

export class Refusal extends Error {
  constructor(status, code, why, headers = {}) {
    super(why);
    Object.assign(this, { status, code, headers });
  }
}

/** `route("GET", "/parcels/:parcelId", handler, { open: true })`: open ones need no key. */
export function route(method, path, handler, { open = false } = {}) {
  const pattern = new RegExp(`^${path.replace(/:(\w+)/g, "(?<$1>[^/]+)")}$`);
  return { method, pattern, handler, open };
}

/** A handler's answer; without `data` there is no body. */
export const reply = (status, data, headers = {}) => ({ status, data, headers });

/** An answer that is not JSON. */
export const plain = (text) => ({ status: 200, text, headers: { "Content-Type": "text/plain; charset=utf-8" } });

export async function answer(context, routes, request, response) {
  const { rules } = context;
  let said;
  try {
    said = await handle(context, routes, request);
  } catch (error) {
    const { status, code, why, headers } = error instanceof Refusal ? { ...error, why: error.message } : rules.failure(error);
    said = { status, envelope: { ok: false, code, why }, headers };
  }
  const body = said.text ?? JSON.stringify(said.envelope ?? { ok: true, data: said.data });
  const empty = said.status === 204;
  const type = empty ? {} : { "Content-Type": "application/json" };
  response.writeHead(said.status, { ...rules.headers, ...type, ...said.headers });
  response.end(empty ? undefined : body);
}

async function handle(context, routes, request) {
  const url = addressOf(request);
  const here = routes.filter(({ pattern }) => pattern.test(url.pathname));
  if (here.length === 0) throw new Refusal(404, "NOT_FOUND", "there is nothing here");
  const method = request.method === "HEAD" ? "GET" : request.method;
  const chosen = here.find((candidate) => candidate.method === method);
  if (!chosen) {
    const allowed = here.map((candidate) => candidate.method).join(", ");
    throw new Refusal(405, "METHOD_NOT_ALLOWED", `allowed are ${allowed}`, { Allow: allowed });
  }
  const raw = await readBody(request, context.rules.mostBytes);
  return chosen.handler({
    ...context,
    query: url.searchParams,
    headers: request.headers,
    address: request.socket.remoteAddress,
    raw,
    params: decoded(context.rules, chosen.pattern.exec(url.pathname).groups),
    member: chosen.open ? null : whoseKey(context, request.headers["x-courier-key"]),
    get body() {
      return context.rules.parse(raw);
    },
  });
}

function addressOf(request) {
  try {
    return new URL(`http://courier${request.url}`);
  } catch {
    throw new Refusal(400, "BAD_ADDRESS", "the address is not written as it must be");
  }
}

function decoded(rules, groups = {}) {
  return Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, rules.decode(value)]));
}

function whoseKey({ rules, store }, key) {
  const found = rules.findKey(store, key ?? "");
  if (!found) throw new Refusal(401, "NO_KEY", "a valid X-Courier-Key is needed");
  return store.members.get(found.handle);
}

async function readBody(request, mostBytes) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    // What is too much is still read, and forgotten: a connection that is cut shows no answer.
    if (size <= mostBytes) chunks.push(chunk);
  }
  if (size > mostBytes) throw new Refusal(413, "TOO_LARGE", `a body may have ${mostBytes} bytes`);
  return Buffer.concat(chunks);
}
