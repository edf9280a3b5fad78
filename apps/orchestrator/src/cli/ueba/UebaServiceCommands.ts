/** The flags and help of `privx-kit ueba status`, `config` and `settings`. */
import * as Flag from "effect/cli/Flag"
import * as DomainCommand from "../DomainCommand.ts"
import * as FlagKinds from "../flags/FlagKinds.ts"
import * as WatchFlags from "./WatchFlags.ts"

export const status = DomainCommand.lazy("status", {
  of: "ueba",
  description:
    "Show the state of the UEBA service: its status and issues, whether a model is being trained, and with which dataset it " +
    "analyzes connections.",
  shortDescription: "Show the status of the UEBA service",
  parameters: WatchFlags.flags("until the service is running"),
  examples: [
    { command: "privx-kit ueba status" },
    { command: "privx-kit ueba status --watch", description: "Wait until the UEBA host has run the setup script" }
  ],
  load: () => import("./UebaStatus.ts").then(({ status }) => status)
})

export const config = DomainCommand.lazy("config", {
  of: "ueba",
  description:
    "Show the UEBA configuration, which the setup script is made from: the address of the UEBA host and the certificates that it " +
    "is trusted by. With --address or --trust-anchors, change it.\n\n" +
    "Before anything is sent, the certificates are checked: each can be read and is valid, the chain is complete, and the " +
    "certificate of a host is for the address. If nothing differs, nothing is sent.",
  shortDescription: "Show or change the address and the trust anchors",
  parameters: {
    address: FlagKinds.text("address", "HOST[:PORT]", "New address of the UEBA host"),
    trustAnchors: FlagKinds.text("trust-anchors", "PEM", "File with the new trust anchors")
  },
  examples: [
    { command: "privx-kit ueba config" },
    { command: "privx-kit ueba config --address ueba.example.com:8443 --trust-anchors ca.pem" }
  ],
  exitCodes: ["storage"],
  load: () => import("./UebaConfig.ts").then(({ config }) => config)
})

export const settings = DomainCommand.lazy("settings", {
  of: "ueba",
  description:
    "Show what happens to a connection that UEBA considers an anomaly, and how strict it is. With --action or --threshold, " +
    "change it.",
  shortDescription: "Show or change what happens to anomalies",
  parameters: {
    action: Flag.Literals("action", ["BLOCK", "AUDIT"]).pipe(
      Flag.withDescription("Block the connection, or only record it in the audit log"),
      Flag.optional
    ),
    threshold: Flag.Finite("threshold").pipe(
      Flag.withMetavar("N"),
      Flag.withDescription("From 0 (loose) to 1 (strict)"),
      Flag.filter(
        (threshold) => threshold >= 0 && threshold <= 1,
        () => "a number from 0 to 1"
      ),
      Flag.optional
    )
  },
  examples: [{ command: "privx-kit ueba settings --action BLOCK --threshold 0.9" }],
  load: () => import("./UebaSettings.ts").then(({ settings }) => settings)
})
