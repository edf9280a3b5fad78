/**
 * What statements for databases do: in SQL, in the commands of Redis and in the methods of MongoDB. By their words: a
 * statement is found wherever it stands in the text.
 */
import { change, type HostChange } from "./hostRules.ts"

export const removesDatabase = "removes a database or what is in it"

const lengthLimit = 64 * 1024

/** Statements that remove databases, tables or all of their rows. */
const removal =
  /\b(?:drop\s+(?:database|schema|tablespace|table|user|role|keyspace|owned|collection|measurement|series|bucket|index\s+\*|materialized|view)|truncate\s+(?:table\s+)?["`\w]|delete\s+from\s+[\w."`]+\s*(?:;|"|'|$|\bwhere\s+(?:1\s*=\s*1|true)\b)|alter\s+table\s+\S+\s+(?:delete|drop)\b|dropDatabase\s*\(|flush(?:all|db)\b|\.drop\s*\(\s*\)|(?:deleteMany|remove)\s*\(\s*\{\s*\}|purge\s+(?:binary|master)\s+logs|reset\s+(?:master|slave|replica)\b|detach\s+database\b|delete\s+(?:(?:force\s+)?noprompt\s+)?(?:expired\s+|obsolete\s+)?(?:backup|archivelog|copy)\b)/i

/** Statements that give rights, or a password, to a user of the database. */
const grant =
  /\b(?:superuser|alter\s+(?:user|role)\s+["'`]?(?:root|postgres|sa|admin)\b|set\s+password\b|update\s+["`]?(?:mysql\.)?(?:user|users|accounts?|wp_users)["`]?\s+set\b|insert\s+into\s+["`]?(?:mysql\.)?(?:user|users|accounts?|wp_users)["`]?[\s(]|grant\s+all\s+(?:privileges\s+)?on\s+\*\.\*|with\s+grant\s+option|grant\s+(?:pg_\w+|dba\b|sysdba\b|sysadmin\b|rds_superuser\b|all\s+privileges\s+to\b|alter\s+any\b)|sp_addsrvrolemember|createUser\s*\(|grantRolesToUser|acl\s+setuser)/i

/** Statements that reach beyond the database: files and programs of the host, and other servers. */
const beyond =
  /\b(?:(?:to|from)\s+program\s|into\s+(?:outfile|dumpfile)\b|xp_cmdshell|lo_export|pg_read_file|load_file\s*\(|load_extension|create\s+function\b[^;]{0,200}\bsoname\b|module\s+load|config\s+set\s+(?:dir|dbfilename)|copy\s+\w+(?:\s*\([^)]{0,200}\))?\s+to\s+'\/)/i

/** Statements that change how the server works. */
const serverSetting =
  /\b(?:alter\s+system\s+set|set\s+(?:global|persist)\s|(?:slave|replica)of\s+(?!no\b)\S+\s+\d|change\s+(?:master|replication\s+source)\s+to|config\s+set\s)/i

/** Statements that change every row of a table. */
const everyRow = /\bupdate\s+[\w."`]+\s+set\s+([^;]{1,2000})(?:;|$)/i

/** What the statements change. */
export const databaseChanges = (source: string): ReadonlyArray<HostChange> => {
  const text = source.slice(0, lengthLimit)
  const excerptAt = (at: number) => text.slice(at, at + 100).split("\n", 1)[0] ?? ""
  const found: Array<HostChange> = []
  const removed = removal.exec(text)
  if (removed !== null) found.push(change("removes", excerptAt(removed.index), removesDatabase))
  const update = everyRow.exec(text)
  if (update !== null && !/\bwhere\b/i.test(update[1] ?? ""))
    found.push(change("removes", excerptAt(update.index), "changes every row of a table"))
  const granted = grant.exec(text)
  if (granted !== null)
    found.push(change("changesUser", excerptAt(granted.index), "changes users of a database or their rights"))
  const reached = beyond.exec(text)
  if (reached !== null)
    found.push(
      change("weakensDefence", excerptAt(reached.index), "makes a database server use files or programs of its host")
    )
  const set = serverSetting.exec(text)
  if (set !== null && reached === null)
    found.push(change("changesService", excerptAt(set.index), "changes the settings of a database server"))
  return found
}

/** Shell code in the text: `\! code` of psql and mysql, `.shell code` of SQLite. */
export const shellCodeIn = (source: string): ReadonlyArray<string> =>
  source
    .slice(0, lengthLimit)
    .split("\n", 1000)
    .flatMap(
      (line) =>
        /^\s{0,20}(?:\\!|\.(?:shell|system)\s|system\s)\s{0,20}(\S.{0,4000})$/.exec(line)?.[1] ??
        /\b(?:from|to)\s+program\s+'([^']{1,4000})'/i.exec(line.slice(0, 8000))?.[1] ??
        []
    )
    .slice(0, 50)
