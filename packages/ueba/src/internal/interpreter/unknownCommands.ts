/**
 * Commands that no table lists. Their effect on a file argument is unknown, so a sensitive place or a downloaded file
 * among their arguments is reported. Commands that are known to only read, or to do something else, are not reported.
 *
 * Runs in the parser's thread and in the main thread: imports only types and modules of `internal`.
 */
import { isAdministration } from "../rules/hostChanges.ts"
import { languageOf, launchers, shells } from "../rules/launchers.ts"
import { concernOf } from "../rules/sensitivePlaces.ts"
import { isOpen } from "../values/shellValue.ts"
import { filters, isChecker } from "./textCommands.ts"
import { hasOwnLanguage } from "./toolScripts.ts"

/** Commands that read, compare, show or wait, and commands that other tables describe. */
const known: ReadonlySet<string> = new Set(
  (
    "[ [[ test : true false exit return break continue shift wait sleep kill pkill killall pidof pgrep ps top free uptime " +
    "ls dir vdir stat file du df ncdu tree realpath readlink dirname basename pathchk access getfacl lsattr namei lsof fuser " +
    "diff cmp comm colordiff sdiff vimdiff join look less more most pager zless zgrep zegrep bzgrep xzgrep ack ag wc nl cksum " +
    "sum md5sum sha1sum sha224sum sha256sum sha384sum sha512sum shasum b2sum md5 sha256 sha512 rhash cfv minisign signify " +
    "cosign gpgv gpgconf gpg-agent ssh-add ssh-keyscan openssl getent id groups users who w whoami last lastlog " +
    "which whereis type hash command builtin locale localedef date cal hostname hostnamectl uname arch nproc lscpu lsblk blkid " +
    "findmnt mountpoint mount umount lsmod modinfo lspci lsusb dmidecode ip ss netstat ifconfig route ping traceroute nslookup dig host " +
    "systemd-analyze systemd-detect-virt systemd-escape systemd-path systemd-tmpfiles systemd-sysusers systemd-notify journalctl " +
    "udevadm dmesg sysctl sync logger log echo printf print fold seq yes factor bc expr let read select tput stty clear reset " +
    "dialog whiptail zenity kdialog gettext ngettext envsubst ucf ucfq ucfr ucfl dpkg dpkg-query dpkg-deb dpkg-statoverride " +
    "dpkg-maintscript-helper dpkg-trigger dpkg-architecture deb-systemd-helper deb-systemd-invoke update-rc.d update-grub " +
    "update-initramfs grub-mkconfig grub2-mkconfig dracut mkinitcpio restorecon fixfiles matchpathcon selinuxenabled sestatus " +
    "getenforce aa-status aa-enabled apparmor_parser apparmor_status apt-mark apt-cache apt-config rpm rpmkeys db_get db_set " +
    "db_input db_go db_fset db_reset db_version db_title db_subst db_unregister db_purge db_stop adequate visudo pwck grpck " +
    "nginx apachectl apache2ctl httpd haproxy sshd named-checkconf named-checkzone postconf unbound-checkconf dovecot " +
    "etckeeper run-parts savelog logrotate rotatelogs ldconfig ldd nm objdump readelf strip size ranlib ar objcopy patchelf " +
    "identify convert xmllint xsltproc plutil defaults codesign hdiutil pkgutil lipo install_name_tool xattr sw_vers xcrun " +
    "git hg svn bzr tar bsdtar unzip zip 7z cpio rpm2cpio unsquashfs mksquashfs gzip bzip2 xz zstd jar cabextract innoextract " +
    "adb fastboot mkdir touch tee trap ulimit umask alias unalias export set unset readonly local declare typeset shopt " +
    "chkconfig pkg-config exiftool lsb_release vercomp lockfile lockfile-create lockfile-remove flock inotifywait mktemp tempfile " +
    "compgen add-shell remove-shell jq yq toml dasel htpasswd mkpasswd pwgen uuidgen sed awk grep egrep fgrep find xargs cut sort uniq"
  ).split(" ")
)

/** Whether a table describes what a command does with its arguments. */
export const isKnownCommand = (name: string): boolean =>
  known.has(name) || filters.has(name) || isAdministration(name) || hasOwnLanguage(name)

/** Whether no table describes what a command does with its arguments. */
export const isUnknown = (name: string): boolean =>
  !isKnownCommand(name) && !isChecker(name) && /^[a-zA-Z][\w.+-]*$/.test(name)

/** Whether a table describes the command of this name. */
export const isWellKnown = (name: string): boolean =>
  isKnownCommand(name) || shells.has(name) || launchers.has(name) || languageOf(name) !== undefined || common.test(name)

const common =
  /^(?:rm|cp|mv|ln|dd|curl|wget|nc|ncat|socat|eval|source|chmod|chown|install|shred|base32|xxd|od|scp|rsync)$/

/** The sensitive places among the arguments, or after `=` of an option. */
export const sensitiveOperands = (texts: ReadonlyArray<string>): ReadonlyArray<string> =>
  texts.slice(0, 64).flatMap((text) => {
    const path = /^(?:-[\w-]*=?|[\w.-]+=)?(\/[^\0-\x20'"<>|;&$`(){}]{3,300})$/.exec(text)?.[1]
    return path !== undefined && !isOpen(path) && concernOf(path) !== undefined && !/^\/(?:\w+\/){0,3}\./.test(path)
      ? [path]
      : []
  })
