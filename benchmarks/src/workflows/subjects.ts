/** The engines that the suite `workflows` compares; each is loaded only by the process that runs it. */
import type { Place, Subject } from "./Subject.ts"

export const names = [
  "kit (SQLite)",
  "kit, empty steps (SQLite)",
  "kit's engine, empty steps (SQLite)",
  "effect, empty steps (SQLite)",
  "kit (Postgres)",
  "kit, empty steps (Postgres)",
  "kit's engine, empty steps (Postgres)",
  "effect, empty steps (Postgres)",
  "dbos, the kit's steps (Postgres)",
  "dbos, empty steps (Postgres)"
] as const

export type Name = (typeof names)[number]

/** The baseline of the other subjects on the same database. */
export const references = { sqlite: "effect, empty steps (SQLite)", postgres: "dbos, empty steps (Postgres)" } as const

export const make = async (name: Name, place: Place): Promise<Subject> => {
  switch (name) {
    case "kit (SQLite)":
      return (await import("./kit.ts")).sqlite(place)
    case "kit, empty steps (SQLite)":
      return (await import("./kitEmpty.ts")).sqlite(place)
    case "kit's engine, empty steps (SQLite)":
      return (await import("./effectEngine.ts")).sqliteOfKit(place)
    case "effect, empty steps (SQLite)":
      return (await import("./effectEngine.ts")).sqlite(place)
    case "kit (Postgres)":
      return (await import("./kit.ts")).postgres(place)
    case "kit, empty steps (Postgres)":
      return (await import("./kitEmpty.ts")).postgres(place)
    case "kit's engine, empty steps (Postgres)":
      return (await import("./effectEngine.ts")).postgresOfKit(place)
    case "effect, empty steps (Postgres)":
      return (await import("./effectEngine.ts")).postgres(place)
    case "dbos, the kit's steps (Postgres)":
      return (await import("./dbosSetup.ts")).postgres(place)
    case "dbos, empty steps (Postgres)":
      return (await import("./dbos.ts")).postgres(place)
  }
}
