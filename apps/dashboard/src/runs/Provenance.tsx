/** Manifest and attestation of a succeeded run, and whether they match. */
import { useQuery } from "@tanstack/react-query"
import { text } from "../api/Client.ts"
import { Id } from "../parts/Copy.tsx"
import { ErrorNotice, Loading } from "../parts/Notice.tsx"
import { plain } from "../parts/Plain.tsx"
import { verify } from "./Attestation.ts"

const signs = { verified: "✓ verified", wrong: "✕ does not verify", unknown: "not verified here" } as const

export const Provenance = ({ id }: { readonly id: string }) => {
  const found = useQuery({
    queryKey: ["provenance", id],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => {
      const [manifest = "", attestation = "", key = ""] = await Promise.all(
        (["manifest", "attestation", "public-key"] as const).map((part) => text(id, part))
      )
      return { manifest, verdict: await verify(manifest, attestation, key) }
    }
  })
  if (found.isPending) return <Loading what="manifest and attestation" />
  if (found.error !== null) return <ErrorNotice error={found.error} retry={() => void found.refetch()} />
  const { manifest, verdict } = found.data
  return (
    <>
      <p>
        <span
          className={`status ${verdict.state === "verified" ? "succeeded" : verdict.state === "wrong" ? "failed" : "queued"}`}
        >
          {signs[verdict.state]}
        </span>{" "}
        <span className="quiet">
          {verdict.detail}
          {verdict.key !== undefined && (
            <>
              ; key <Id value={verdict.key} label="digest of the key" length={16} />
            </>
          )}
        </span>
      </p>
      <details>
        <summary>Manifest</summary>
        <pre className="json" tabIndex={0}>
          {plain(manifest)}
        </pre>
      </details>
    </>
  )
}
