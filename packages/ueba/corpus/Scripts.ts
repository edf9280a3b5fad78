/**
 * Shell scripts from Debian packages: the packages are downloaded with apt-get into a directory of their own and unpacked
 * there; nothing is installed, and nothing of them is run. Any machine with Debian or Ubuntu will do.
 */
import { execFile, execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { promisify } from "node:util"

/** Packages that hold many shell scripts, small to download, of different authors. */
export const packages: ReadonlyArray<string> = [
  "acpi-support-base",
  "autoconf",
  "autopoint",
  "bash-completion",
  "ca-certificates",
  "certmonger",
  "console-setup",
  "cryptsetup-initramfs",
  "debconf",
  "debhelper",
  "debianutils",
  "devscripts",
  "dkms",
  "dracut-core",
  "easy-rsa",
  "etckeeper",
  "fail2ban",
  "git",
  "grub-common",
  "gzip",
  "ifupdown",
  "init-system-helpers",
  "initramfs-tools-core",
  "initscripts",
  "keyboard-configuration",
  "libtool",
  "live-boot",
  "lsb-release",
  "lvm2",
  "mdadm",
  "menu",
  "mysql-common",
  "needrestart",
  "netbase",
  "openssh-server",
  "pm-utils",
  "postgresql-common",
  "ppp",
  "resolvconf",
  "rkhunter",
  "shunit2",
  "sysv-rc",
  "testssl.sh",
  "tomcat10-common",
  "ucf",
  "unattended-upgrades",
  "wireless-tools",
  "x11-common",
  "xdg-utils",
  "zerofree"
]

export interface Script {
  /** `package: path in it`; `control/postinst` and the like are what dpkg runs. */
  readonly name: string
  readonly bytes: Uint8Array
}

export interface Corpus {
  readonly scripts: ReadonlyArray<Script>
  /** `name_version_architecture.deb`, as downloaded. */
  readonly used: ReadonlyArray<string>
  /** Named above, and not to be had here. */
  readonly missing: ReadonlyArray<string>
  /** What has the name or the first line of a script, and was left out, with the reason. */
  readonly leftOut: ReadonlyArray<string>
}

const run = promisify(execFile)

/** @param directory empty, or what an earlier run left there */
export const collect = async (directory: string): Promise<Corpus> => {
  const archives = path.join(directory, "archives")
  fs.mkdirSync(archives, { recursive: true })
  fs.mkdirSync(path.join(directory, "unpacked"), { recursive: true })
  const missing: Array<string> = []
  for (const name of packages) {
    if (fs.readdirSync(archives).some((file) => file.startsWith(`${name}_`))) continue
    try {
      // apt downloads as its own user where it can, who may not write here.
      await run("apt-get", ["-o", "APT::Sandbox::User=root", "download", name], { cwd: archives })
    } catch {
      missing.push(name)
    }
  }
  const used = fs
    .readdirSync(archives)
    .filter((file) => file.endsWith(".deb"))
    .sort()
  const scripts: Array<Script> = []
  const leftOut: Array<string> = []
  for (const archive of used) {
    const root = path.join(directory, "unpacked", archive)
    if (!fs.existsSync(root)) {
      execFileSync("dpkg-deb", ["-x", path.join(archives, archive), root])
      execFileSync("dpkg-deb", ["-e", path.join(archives, archive), path.join(root, "control")])
    }
    const [name = archive] = archive.split("_", 1)
    for (const entry of fs.readdirSync(root, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const file = path.join(entry.parentPath, entry.name)
      const script = { name: `${name}: ${path.relative(root, file)}`, bytes: fs.readFileSync(file) }
      if (!hasShebang(script.bytes)) continue
      const reason = refused(file, script.bytes)
      if (reason === undefined) scripts.push(script)
      else leftOut.push(`${script.name} (${reason})`)
    }
  }
  return { scripts: unique(scripts), used, missing, leftOut }
}

const hasShebang = (bytes: Uint8Array): boolean =>
  /^#!\s*(?:\/usr)?\/bin\/(?:env\s+)?(?:sh|dash|bash)(?:\s|$)/.test(
    Buffer.from(bytes.subarray(0, 80)).toString("latin1")
  )

/** Why the shell of a script refuses it, or `undefined`. A refused script does not count as sound. */
const refused = (file: string, bytes: Uint8Array): string | undefined => {
  const [line = ""] = Buffer.from(bytes.subarray(0, 80)).toString("latin1").split("\n", 1)
  const shell = line.includes("bash") ? "bash" : "dash"
  try {
    // Reads, and runs nothing.
    execFileSync(shell, ["-n", file], { stdio: ["ignore", "ignore", "pipe"] })
    return undefined
  } catch (error) {
    return `${shell} -n refuses it${error instanceof Error && "stderr" in error ? `: ${String(error.stderr).trim().split("\n")[0]?.replace(file, "")}` : ""}`
  }
}

const unique = (scripts: ReadonlyArray<Script>): ReadonlyArray<Script> => [
  ...new Map(scripts.map((script) => [Buffer.from(script.bytes).toString("latin1"), script])).values()
]
