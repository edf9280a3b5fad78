/**
 * Entries that expire. Expired ones are dropped when new ones are added, oldest first: with the same lifetime for all,
 * memory contains only live entries.
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
