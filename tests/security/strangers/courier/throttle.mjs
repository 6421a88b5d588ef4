// A bound on how often something may be tried.
import { Refusal } from "./router.mjs";

const WINDOW_MS = 60_000;

export const tooMany = () => new Refusal(429, "TOO_MANY", "wait a minute", { "Retry-After": "60" });

/** At most `budget` tries of one key within the last minute. */
export class Throttle {
  #tries = new Map();

  constructor(budget) {
    this.budget = budget;
  }

  spent(key) {
    return this.#recent(key).length >= this.budget;
  }

  note(key) {
    this.#tries.set(key, [...this.#recent(key), Date.now()]);
  }

  #recent(key) {
    return (this.#tries.get(key) ?? []).filter((at) => at > Date.now() - WINDOW_MS);
  }
}
