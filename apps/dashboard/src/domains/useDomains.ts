/** The domains of the server, and the PrivX hosts that their endpoints can query. */
import { useQuery } from "@tanstack/react-query"
import { api, unwrap } from "../api/Client.ts"

export const useDomains = () =>
  useQuery({
    queryKey: ["domains"],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: () => unwrap(api.GET("/api/v1/domains"))
  })
