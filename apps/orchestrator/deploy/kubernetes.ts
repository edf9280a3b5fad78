/** The objects of the Kubernetes manifests, and their pods as containers of this machine. */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { parseAllDocuments } from "yaml"
import * as Container from "./container.ts"

export interface Probe {
  readonly httpGet?: { readonly path: string; readonly scheme: string }
  readonly tcpSocket?: { readonly port: string }
}

export interface PodContainer {
  readonly args: ReadonlyArray<string>
  readonly env?: ReadonlyArray<{
    readonly name: string
    readonly valueFrom: {
      readonly secretKeyRef?: { readonly name: string; readonly key: string }
      readonly fieldRef?: { readonly fieldPath: string }
    }
  }>
  readonly ports?: ReadonlyArray<{ readonly name: string; readonly containerPort: number }>
  readonly livenessProbe?: Probe
  readonly readinessProbe?: Probe
  readonly volumeMounts: ReadonlyArray<{
    readonly name: string
    readonly mountPath: string
    readonly readOnly?: boolean
  }>
}

export interface PodSpec {
  readonly containers: readonly [PodContainer]
  readonly terminationGracePeriodSeconds?: number
  readonly volumes: ReadonlyArray<{
    readonly name: string
    readonly secret?: { readonly secretName: string }
    readonly configMap?: { readonly name: string }
  }>
}

export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly data?: Readonly<Record<string, string>>
  readonly stringData?: Readonly<Record<string, string>>
  readonly spec?: { readonly template?: { readonly spec: PodSpec } }
}

export const files = ["privx-kit.yaml", "secrets.example.yaml"]

export const manifests = (file: string): ReadonlyArray<Manifest> =>
  parseAllDocuments(fs.readFileSync(path.join(Container.deployDirectory, "kubernetes", file), "utf8")).map((document) =>
    document.toJS()
  )

export const podOf = (kind: string, name: string): PodSpec => {
  const found = manifests("privx-kit.yaml").find((one) => one.kind === kind && one.metadata.name === name)
  if (found?.spec?.template === undefined) throw new Error(`there is no ${kind} ${name}`)
  return found.spec.template.spec
}

/** What Secrets and ConfigMaps hold, by their name. */
export type Data = Readonly<Record<string, Readonly<Record<string, string>>>>

export interface Options {
  readonly name: string
  readonly data: Data
  readonly hosts: Readonly<Record<string, string>>
  /** Another spelling of an argument, where this machine needs one. */
  readonly argument?: (argument: string) => string
}

/** Starts a pod, with its volumes and its environment. */
export const start = Effect.fnUntraced(function* (
  image: Effect.Success<typeof Container.build>,
  { containers: [container], volumes }: PodSpec,
  { argument = (text) => text, data, hosts, name }: Options
) {
  const mounts = yield* Effect.forEach(container.volumeMounts, ({ mountPath, name, readOnly = false }) =>
    Effect.gen(function* () {
      const volume = volumes.find((one) => one.name === name)
      const source = volume?.secret?.secretName ?? volume?.configMap?.name
      const from = yield* Container.volume(image.user)
      for (const [file, text] of Object.entries(source === undefined ? {} : (data[source] ?? {}))) {
        fs.writeFileSync(path.join(from, file), text)
        fs.chownSync(path.join(from, file), 0, image.user)
        fs.chmodSync(path.join(from, file), 0o440)
      }
      return { from, to: mountPath, readOnly }
    })
  )
  const env = Object.fromEntries(
    (container.env ?? []).map(({ name: variable, valueFrom: { secretKeyRef } }) => [
      variable,
      secretKeyRef === undefined ? name : (data[secretKeyRef.name]?.[secretKeyRef.key] ?? "")
    ])
  )
  return yield* Container.start(image, {
    args: container.args.map((text) => argument(text.replaceAll(/\$\((\w+)\)/g, (_, variable) => env[variable] ?? ""))),
    env,
    mounts,
    hosts
  })
})
