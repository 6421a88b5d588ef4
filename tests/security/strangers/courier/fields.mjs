// Fields of a JSON body, checked one by one.
import { Refusal } from "./router.mjs";

const invalid = (why) => new Refusal(422, "INVALID", why);

/** A text of `low` to `high` characters that matches the pattern. */
export const text = (low, high, pattern = /^[^\0]*$/s) => (name, value) => {
  if (typeof value !== "string" || value.length < low || value.length > high || !pattern.test(value))
    throw invalid(`${name} must be a text of ${low} to ${high} characters`);
  return value;
};

const COMMON = ["1234567890", "0123456789", "password123", "password1234", "passwordpassword", "qwertyuiop", "1q2w3e4r5t"];

/** A passphrase of 10 to 128 characters that does not head every word list. */
export function newPassphrase(name, value) {
  if (COMMON.includes(text(10, 128)(name, value).toLowerCase())) throw invalid(`${name} is one of the most common`);
  return value;
}

/** A whole number from `low` to `high`. */
export const whole = (low, high) => (name, value) => {
  if (!Number.isSafeInteger(value) || value < low || value > high)
    throw invalid(`${name} must be a whole number from ${low} to ${high}`);
  return value;
};

/** One of these texts. */
export const oneOf = (...choices) => (name, value) => {
  if (!choices.includes(value)) throw invalid(`${name} must be one of ${choices.join(", ")}`);
  return value;
};

/** The named fields of an object; others are left out. */
export function read(body, required, optional = {}) {
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw invalid("the body must be an object");
  const missing = Object.keys(required).find((name) => !Object.hasOwn(body, name));
  if (missing) throw invalid(`${missing} is missing`);
  const present = Object.entries({ ...required, ...optional }).filter(([name]) => Object.hasOwn(body, name));
  return Object.fromEntries(present.map(([name, check]) => [name, check(name, body[name])]));
}
