/** Keyboard shortcuts of the review. They can be switched off, because they interfere with speech input. */
import { useEffect, useState, useSyncExternalStore } from "react"

const key = "privx-kit.shortcuts"
const listeners = new Set<() => void>()
const enabled = (): boolean => localStorage.getItem(key) !== "off"

const useEnabled = (): boolean =>
  useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, enabled)

const typing = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest("input, textarea, select, [role=alertdialog]") !== null

/** Scrolls to the next or previous change or finding. */
const step = (by: 1 | -1): void => {
  const stops = [...document.querySelectorAll<HTMLElement>("[data-stop]")]
  const current = stops.findIndex((stop) => stop.classList.contains("current"))
  const next = stops[current === -1 ? (by === 1 ? 0 : stops.length - 1) : current + by]
  if (next === undefined) return
  stops[current]?.classList.remove("current")
  next.classList.add("current")
  next.scrollIntoView({ block: "center" })
}

export const useShortcuts = (keys: Readonly<Record<string, () => void>>): void => {
  const on = useEnabled()
  useEffect(() => {
    if (!on) return
    const all: Readonly<Record<string, () => void>> = { n: () => step(1), p: () => step(-1), ...keys }
    const listener = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return
      const action = all[event.key]
      if (action === undefined) return
      event.preventDefault()
      action()
    }
    document.addEventListener("keydown", listener)
    return () => document.removeEventListener("keydown", listener)
  })
}

export const Shortcuts = () => {
  const on = useEnabled()
  const [, redraw] = useState(0)
  return (
    <details className="shortcuts">
      <summary>Keyboard</summary>
      <dl>
        <dt>
          <kbd>n</kbd> <kbd>p</kbd>
        </dt>
        <dd>next and previous change or finding</dd>
        <dt>
          <kbd>a</kbd> <kbd>r</kbd>
        </dt>
        <dd>approve, reject; a dialog asks first</dd>
      </dl>
      <label className="check">
        <input
          type="checkbox"
          checked={on}
          onChange={() => {
            localStorage.setItem(key, on ? "off" : "on")
            for (const listener of listeners) listener()
            redraw((count) => count + 1)
          }}
        />
        Keys are on
      </label>
    </details>
  )
}
