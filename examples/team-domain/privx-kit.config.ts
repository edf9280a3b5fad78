import { defineConfig } from "privx-kit/defineConfig"
import { secretsDomain } from "./src/SecretsDomain.ts"

export default defineConfig({ domains: [secretsDomain] })
