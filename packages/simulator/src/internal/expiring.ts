/**
 * Entries that end by themselves. Ended ones are dropped as new ones come, from the oldest on: with one lifetime for
 * all, memory holds what is alive and nothing else, however long the simulator runs.
 */
export class Expiring<Value> {
  readonly #entries = new Map<string, { readonly value: Value; readonly until: number }>()

  set(key: string, value: Value, now: number, lifetime: number): void {
    for (const [oldest, { until }] of this.#entries) {
      if (now < until) break
      this.#entries.delete(oldest)
    }
    this.#entries.set(key, { value, until: now + lifetime })
  }

  get(key: string, now: number): Value | undefined {
    const entry = this.#entries.get(key)
    return entry === undefined || now >= entry.until ? undefined : entry.value
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }
}
