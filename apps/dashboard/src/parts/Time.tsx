/** Times in the time zone of the viewer, with the absolute time on hover, and durations. */
import { useEffect, useState } from "react"

const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" })
const today = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" })
const earlier = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" })

export const Time = ({ iso }: { readonly iso: string | null }) => {
  if (iso === null) return <span className="quiet">–</span>
  const date = new Date(iso)
  const format = date.toDateString() === new Date().toDateString() ? today : earlier
  return (
    <time dateTime={iso} title={`${absolute.format(date)}\n${iso}`}>
      {format.format(date)}
    </time>
  )
}

export const duration = (millis: number): string => {
  const length = Math.max(0, millis)
  if (length < 1000) return `${Math.round(length)} ms`
  if (length < 59_950) return `${(length / 1000).toFixed(1)} s`
  const seconds = Math.round(length / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 1440
    ? `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`
    : `${Math.floor(minutes / 1440)} d ${Math.floor((minutes % 1440) / 60)} h`
}

/** The current time, updated each second while something is running. */
export const useNow = (ticking: boolean): number => {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    if (!ticking) return
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [ticking])
  return now
}

export const bytes = (count: number): string => {
  if (count < 1000) return `${count} B`
  const units = ["kB", "MB", "GB"]
  let value = count / 1000
  let unit = 0
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${value.toFixed(1)} ${units[unit]}`
}
