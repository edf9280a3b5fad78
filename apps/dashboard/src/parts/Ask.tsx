/** Loads the dialog when it is first needed. */
import { lazy, Suspense, useState, type ReactNode } from "react"
import type { Question } from "./Confirm.tsx"

const Confirm = lazy(() => import("./Confirm.tsx"))

export const useQuestion = (): readonly [ReactNode, (question: Question) => void] => {
  const [question, setQuestion] = useState<Question>()
  const dialog =
    question === undefined ? null : (
      <Suspense fallback={null}>
        <Confirm question={question} onClose={() => setQuestion(undefined)} />
      </Suspense>
    )
  return [dialog, setQuestion]
}
