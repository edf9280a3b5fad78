/** The program that manifests name as their creator. */
import pkg from "../../package.json" with { type: "json" }

export const kit = { name: pkg.name, version: pkg.version }
