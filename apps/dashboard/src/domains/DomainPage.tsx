/** A view that a domain adds: a module of the server that fills an element of this page. */
import { useEffect, useRef, useState } from "react"
import { request } from "../api/Client.ts"
import { Empty, ErrorNotice, FailedPage, Loading } from "../parts/Notice.tsx"
import { plain } from "../parts/Plain.tsx"
import { useSession } from "../session/Session.tsx"
import { useDomains } from "./useDomains.ts"

/** The context of a view, which is part of the interface for domains. `DomainServer` documents it. */
interface Context {
  /** `fetch` for a path of this server, with the sign-in of the page. */
  readonly request: (path: string, init?: RequestInit) => Promise<Response>
  readonly rights: ReadonlyArray<string>
  readonly hosts: ReadonlyArray<string>
}

interface View {
  readonly mount: (element: HTMLElement, context: Context) => void | (() => void)
}

const DomainPage = ({ name }: { readonly name: string }) => {
  const { data, error, refetch } = useDomains()
  const { me } = useSession()
  const place = useRef<HTMLDivElement>(null)
  const [failed, setFailed] = useState<Error>()
  const domain = data?.domains.find((one) => one.name === name)
  const view = domain?.view ?? undefined
  useEffect(() => {
    document.title = `${domain?.title ?? name} · privx-kit`
  }, [domain, name])
  useEffect(() => {
    const element = place.current
    if (view === undefined || data === undefined || element === null) return
    let end: void | (() => void)
    let over = false
    const context: Context = {
      request: (path, init) => request(new URL(path, location.origin).href, init),
      rights: me.rights,
      hosts: data.hosts
    }
    import(/* @vite-ignore */ view).then(
      (module: View) => {
        if (!over) end = module.mount(element, context)
      },
      (cause: unknown) => setFailed(cause instanceof Error ? cause : new Error(String(cause)))
    )
    return () => {
      over = true
      end?.()
      element.replaceChildren()
    }
  }, [data, me, view])
  if (error !== null) return <FailedPage title={name} error={error} retry={() => void refetch()} />
  if (data === undefined) return <Loading what="the domain" />
  if (view === undefined) {
    return (
      <>
        <h1>{plain(name)}</h1>
        <Empty>The domain {plain(name)} brings no view of its own.</Empty>
      </>
    )
  }
  return (
    <>
      <h1>{plain(domain?.title ?? name)}</h1>
      {failed !== undefined && <ErrorNotice error={failed} />}
      <div ref={place} />
    </>
  )
}

export default DomainPage
