/** Asks for confirmation of an action that affects others, with a comment if the record stores one. */
import { AlertDialog } from "@base-ui/react/alert-dialog"
import { type ReactNode, useState } from "react"
import { Failure } from "../api/Client.ts"

export interface Question {
  readonly title: string
  readonly body: ReactNode
  readonly action: string
  readonly danger?: boolean
  /** Asks for a comment, and explains its use. */
  readonly comment?: string
  readonly run: (comment: string) => Promise<unknown>
}

const Confirm = ({ onClose, question }: { readonly question: Question; readonly onClose: () => void }) => {
  const [comment, setComment] = useState("")
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<Error>()
  const act = async () => {
    setBusy(true)
    setError(undefined)
    try {
      await question.run(comment.trim())
      onClose()
    } catch (cause) {
      setError(cause instanceof Error ? cause : new Error(String(cause)))
      setBusy(false)
    }
  }
  return (
    <AlertDialog.Root open onOpenChange={(open) => !open && onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="backdrop" />
        <AlertDialog.Popup className="dialog">
          <AlertDialog.Title>{question.title}</AlertDialog.Title>
          <AlertDialog.Description render={<div />}>{question.body}</AlertDialog.Description>
          <form
            onSubmit={(event) => {
              event.preventDefault()
              void act()
            }}
          >
            {question.comment !== undefined && (
              <>
                <label htmlFor="comment">Comment (optional, {question.comment})</label>
                <textarea
                  id="comment"
                  rows={3}
                  maxLength={2000}
                  value={comment}
                  onChange={(event) => setComment(event.target.value)}
                />
              </>
            )}
            {error !== undefined && (
              <p className="problem" role="alert">
                {error.message} {error instanceof Failure ? error.hint : ""}
              </p>
            )}
            <div className="buttons">
              <AlertDialog.Close className="button" disabled={busy}>
                Back
              </AlertDialog.Close>
              <button type="submit" className={question.danger === true ? "danger" : "primary"} disabled={busy}>
                {question.action}
              </button>
            </div>
          </form>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}

export default Confirm
