/** The current UEBA setup sessions. */
import { randomUUID } from "node:crypto"
import { Expiring } from "./expiring.ts"

export class SetupSessions {
  readonly #sessions = new Expiring<{ left: number }>()
  readonly #lifetime: number
  readonly #uses: number

  /**
   * @param lifetime in milliseconds
   * @param uses maximum number of downloads with a session
   */
  constructor(lifetime: number, uses: number) {
    this.#lifetime = lifetime
    this.#uses = uses
  }

  create(now: number): string {
    const id = randomUUID()
    this.#sessions.set(id, { left: this.#uses }, now, this.#lifetime)
    return id
  }

  /** Whether the session may be used; counts a use. */
  use(id: string, now: number): boolean {
    // UUIDs are case-insensitive.
    const session = this.#sessions.get(id.toLowerCase(), now)
    if (session === undefined || session.left <= 0) return false
    session.left--
    return true
  }

  endAll(): void {
    this.#sessions.clear()
  }
}
