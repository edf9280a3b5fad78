import { assert, describe, it } from "@effect/vitest"
import { eventually } from "@privx-kit/testing/eventually"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as https from "node:https"
import * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import * as support from "../postgres/support.ts"
import * as privx from "../test/support/privx.ts"
import * as Container from "./container.ts"
import * as Kubernetes from "./kubernetes.ts"

const server = support.server()

/** Addresses of this machine, one for each pod, as a cluster gives them. */
const pods = {
  server: "127.0.0.10",
  "privx-kit-worker-0.privx-kit-worker": "127.0.0.11",
  "privx-kit-worker-1.privx-kit-worker": "127.0.0.12"
}

const certificate = (): Readonly<Record<string, string>> => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "privx-kit-certificate-"))
  const file = (name: string) => path.join(directory, name)
  const made = [
    "-keyout",
    file("tls.key"),
    "-out",
    file("tls.crt"),
    "-subj",
    "/CN=privx-kit",
    "-addext",
    "subjectAltName=DNS:privx-kit"
  ]
  execFileSync("openssl", ["req", "-x509", "-newkey", "ed25519", "-nodes", "-days", "2", ...made], { stdio: "ignore" })
  const pair = {
    "tls.key": fs.readFileSync(file("tls.key"), "utf8"),
    "tls.crt": fs.readFileSync(file("tls.crt"), "utf8")
  }
  fs.rmSync(directory, { recursive: true })
  return pair
}

/** A probe, as the kubelet makes it: the certificate is not checked. */
const probe = (
  address: string,
  { containers: [{ ports = [] }] }: Kubernetes.PodSpec,
  probe: Kubernetes.Probe | undefined
) =>
  Effect.callback<boolean>((resume) => {
    const done = (isWell: boolean) => resume(Effect.succeed(isWell))
    const port = ports[0]?.containerPort ?? 0
    if (probe?.httpGet !== undefined) {
      assert.strictEqual(probe.httpGet.scheme, "HTTPS")
      https
        .get({ host: address, port, path: probe.httpGet.path, rejectUnauthorized: false }, (response) => {
          response.resume()
          done(response.statusCode === 200)
        })
        .on("error", () => done(false))
    } else {
      const socket = net.connect(port, address, () => {
        socket.destroy()
        done(true)
      })
      socket.on("error", () => done(false))
    }
  })

describe("kubernetes/privx-kit.yaml", () => {
  it.live(
    "becomes a cluster: the Job makes the tables, probes find server and workers well, a setup outlives a worker",
    () =>
      Effect.gen(function* () {
        const simulator = yield* privx.start()
        const image = yield* Container.build
        const examples = Kubernetes.manifests("secrets.example.yaml")
        const databaseUrl = yield* Effect.promise(() => server().database())
        const { clientId, clientSecret, oauthClientSecret } = simulator.apiClient
        const fleet = (examples.find(({ kind }) => kind === "ConfigMap")?.data?.["fleet.yaml"] ?? "")
          // The host of the example is the simulator.
          .replace("https://privx-hel-1.example.com", simulator.url.href)
          .replace("client_id: privx-kit", `client_id: ${clientId}`)
        const created = yield* Container.start(image, {
          args: ["serve", "token", "--name", "admin", "--role", "admin"]
        })
        assert.strictEqual(yield* created.exitCode, 0, created.output())
        const data: Kubernetes.Data = {
          "privx-kit-database": { url: databaseUrl },
          "privx-kit-tokens": { "tokens.toml": created.printed() },
          "privx-kit-tls": certificate(),
          "privx-kit-credentials": {
            "hel-1.secret": Redacted.value(clientSecret),
            "hel-1.oauth": Redacted.value(oauthClientSecret)
          },
          "privx-kit-fleet": { "fleet.yaml": fleet }
        }
        // Every Secret and ConfigMap that the manifests name is in the example.
        assert.deepStrictEqual(
          examples.map(({ metadata }) => metadata.name),
          Object.keys(data)
        )
        const hosts = { ...pods, "privx-kit": pods.server }
        const start = (kind: string, object: string, name: string, address: string) =>
          Kubernetes.start(image, Kubernetes.podOf(kind, object), {
            name,
            data,
            hosts,
            // Each pod has its own address; here they share the machine.
            argument: (text) => text.replace("0.0.0.0", address)
          })

        const migrate = yield* start("Job", "privx-kit-migrate", "privx-kit-migrate-x7k2p", "127.0.0.13")
        assert.strictEqual(yield* migrate.exitCode, 0, migrate.output())

        const serving = yield* start("Deployment", "privx-kit-server", "privx-kit-server-6d4cf5", pods.server)
        const workers = yield* Effect.forEach([0, 1], (index) =>
          start("StatefulSet", "privx-kit-worker", `privx-kit-worker-${index}`, `127.0.0.${11 + index}`)
        )
        const serverPod = Kubernetes.podOf("Deployment", "privx-kit-server")
        const workerPod = Kubernetes.podOf("StatefulSet", "privx-kit-worker")
        yield* eventually(
          probe(pods.server, serverPod, serverPod.containers[0].readinessProbe),
          (isWell) => isWell,
          Container.mostToStart
        )
        assert.isTrue(yield* probe(pods.server, serverPod, serverPod.containers[0].livenessProbe))
        for (const address of ["127.0.0.11", "127.0.0.12"]) {
          yield* eventually(
            probe(address, workerPod, workerPod.containers[0].livenessProbe),
            (isWell) => isWell,
            Container.mostToStart
          )
        }

        const person = {
          PRIVX_KIT_SERVER: "https://privx-kit:7443",
          PRIVX_KIT_SERVER_TOKEN: /pxk_[\w-]+/.exec(created.output())?.[0] ?? "",
          PRIVX_API_CA_FILE: "/etc/trust/tls.crt"
        }
        const trust = yield* Container.volume(image.user)
        fs.writeFileSync(path.join(trust, "tls.crt"), data["privx-kit-tls"]?.["tls.crt"] ?? "")
        const ask = (args: ReadonlyArray<string>) =>
          Effect.flatMap(
            Container.start(image, {
              args,
              env: person,
              hosts,
              mounts: [{ from: trust, to: "/etc/trust", readOnly: true }]
            }),
            (container) => Effect.map(container.exitCode, (exitCode) => ({ exitCode, output: container.output() }))
          )
        const target = ["--base-url", simulator.url.href]
        const first = yield* ask(["ueba", "setup", ...target, "--output", "/data/ueba"])
        assert.strictEqual(first.exitCode, 0, first.output)
        yield* workers[0]?.signal("SIGKILL") ?? Effect.void
        const second = yield* ask(["ueba", "setup", ...target, "--new", "--output", "/data/ueba"])
        assert.strictEqual(second.exitCode, 0, second.output)

        for (const container of [serving, workers[1]]) {
          yield* container?.signal("SIGTERM") ?? Effect.void
          assert.strictEqual(yield* container?.exitCode ?? Effect.succeed(1), 0, container?.output())
        }
      })
  )
})
