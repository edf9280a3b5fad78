/** Saved views of the list in this browser, with name and query only. One of them can be the start view. */
import { useState } from "react"
import { presets } from "./Filters.tsx"

interface View {
  readonly name: string
  readonly query: string
}

interface Kept {
  readonly views: ReadonlyArray<View>
  readonly first?: string
}

const key = "privx-kit.views"

const read = (): Kept => {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? "null")
    if (typeof kept !== "object" || kept === null || !("views" in kept) || !Array.isArray(kept.views))
      return { views: [] }
    const views = kept.views.filter(
      (view): view is View => typeof view?.name === "string" && typeof view?.query === "string"
    )
    return { views, ...("first" in kept && typeof kept.first === "string" ? { first: kept.first } : {}) }
  } catch {
    return { views: [] }
  }
}

/** The query of the start view. */
export const firstQuery = (): string => {
  const { first, views } = read()
  return views.find(({ name }) => name === first)?.query ?? ""
}

export const SavedViews = ({ current, go }: { readonly current: string; readonly go: (query: string) => void }) => {
  const [kept, setKept] = useState(read)
  const [name, setName] = useState<string>()
  const keep = (next: Kept) => {
    localStorage.setItem(key, JSON.stringify(next))
    setKept(next)
  }
  const saved = kept.views.find(({ query }) => query === current)
  return (
    <div className="views">
      <ul className="chips" aria-label="Views">
        {[...presets().map(([name, query]) => ({ name, query })), ...kept.views].map((view) => (
          <li key={view.name}>
            <button type="button" className="chip" aria-current={view.query === current} onClick={() => go(view.query)}>
              {view.name}
              {view.name === kept.first && <span title="the page begins with this view"> ★</span>}
            </button>
          </li>
        ))}
      </ul>
      {saved !== undefined && (
        <>
          <button
            type="button"
            onClick={() => keep({ views: kept.views, ...(kept.first === saved.name ? {} : { first: saved.name }) })}
          >
            {kept.first === saved.name ? "Do not begin with it" : "Begin with it"}
          </button>
          <button type="button" onClick={() => keep({ ...kept, views: kept.views.filter((view) => view !== saved) })}>
            Remove view
          </button>
        </>
      )}
      {saved === undefined && current !== "" && name === undefined && (
        <button type="button" onClick={() => setName("")}>
          Save view
        </button>
      )}
      {name !== undefined && (
        <form
          className="inline"
          onSubmit={(event) => {
            event.preventDefault()
            const chosen = name.trim()
            if (chosen === "") return
            keep({
              ...kept,
              views: [...kept.views.filter((view) => view.name !== chosen), { name: chosen, query: current }]
            })
            setName(undefined)
          }}
        >
          <label>
            <span className="hidden">Name of the view</span>
            <input
              autoFocus
              placeholder="Name of the view"
              maxLength={60}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          </label>
          <button type="submit">Save</button>
          <button type="button" onClick={() => setName(undefined)}>
            Back
          </button>
        </form>
      )}
    </div>
  )
}
