// A bound on how often something may be tried.
const WINDOW_MS = 60_000;

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
