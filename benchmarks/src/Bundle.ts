/**
 * One file of plain JavaScript from a module and all that it imports, as a program is shipped. Without it, what is measured
 * of memory would be mostly the loading of some hundred TypeScript files.
 */
import * as path from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { rolldown } from "rolldown"

const out = new URL("../dist/", import.meta.url)

/** Bundles the module, the peers with it, and answers where the result is. */
export const bundle = async (entry: URL): Promise<URL> => {
  const file = fileURLToPath(entry)
  const dir = path.join(fileURLToPath(out), path.basename(path.dirname(file)))
  const bundled = await rolldown({
    input: file,
    platform: "node",
    // Its namespace, re-exported by `@effect/platform-node/Undici`, comes out of a bundle empty.
    external: ["undici"],
    resolve: { conditionNames: ["@privx-kit/source", "node", "import", "default"] },
    logLevel: "silent"
  })
  await bundled.write({ dir, format: "esm", cleanDir: true, entryFileNames: "[name].js" })
  await bundled.close()
  return pathToFileURL(path.join(dir, `${path.basename(file, ".ts")}.js`))
}
