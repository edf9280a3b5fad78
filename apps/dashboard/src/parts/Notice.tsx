/** Errors, empty lists and waiting, shown in the same way everywhere. */
import type { ReactNode } from "react"
import { Failure } from "../api/Client.ts"

export const ErrorNotice = ({ error, retry }: { readonly error: Error; readonly retry?: (() => void) | undefined }) => (
  <div className="notice problem" role="alert">
    <p>
      <strong>{error.message}</strong>
    </p>
    {error instanceof Failure && error.hint !== "" && <p>{error.hint}</p>}
    {retry !== undefined && (
      <button type="button" onClick={retry}>
        Try again
      </button>
    )}
  </div>
)

/** Replaces a page that cannot be shown. */
export const FailedPage = ({
  error,
  retry,
  title
}: {
  readonly title: string
  readonly error: Error
  readonly retry: () => void
}) => (
  <>
    <h1>{title}</h1>
    <ErrorNotice error={error} retry={retry} />
  </>
)

export const Loading = ({ what }: { readonly what: string }) => (
  <p className="notice quiet" role="status">
    Loading {what}…
  </p>
)

export const Empty = ({ children }: { readonly children: ReactNode }) => <div className="notice quiet">{children}</div>
