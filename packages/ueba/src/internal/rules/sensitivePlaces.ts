/**
 * The places of a Linux host where a change gives control over it or removes its defences. A script that writes
 * to one of them is reported, even if the policy allows the place.
 */

import { globMatches } from "../values/glob.ts"

/** A pattern over normal absolute paths, and over paths below `~`; and why a change there matters. */
type Place = readonly [pattern: RegExp, concern: string]

const places: ReadonlyArray<Place> = [
  [
    /^\/etc\/(?:sudoers(?:\.d(?:\/|$)|$)|doas\.conf|polkit-1(?:\/|$)|security(?:\/|$))|^\/usr\/share\/polkit-1(?:\/|$)|^\/(?:usr\/local\/)?etc\/(?:sudoers|doas)|^\/var\/lib\/polkit-1(?:\/|$)/,
    "decides who gets root rights"
  ],
  [
    /^\/etc\/pam\.(?:d(?:\/|$)|conf)|^\/(?:usr\/)?lib(?:\/[^/]+)?\/security(?:\/|$)|\/pam_\w+\.so$|^\/usr\/(?:share|lib)\/pam/,
    "decides how people log in (PAM)"
  ],
  [
    /^\/etc\/ld\.so\.(?:preload|conf)|^\/etc\/ld-musl|^\/(?:usr\/)?lib(?:64)?\/(?:ld-|libc\.so)/,
    "loads a library into every program"
  ],
  [
    /^\/etc\/(?:passwd|shadow|group|gshadow|subuid|subgid|login\.defs|shells|nsswitch\.conf|securetty|master\.passwd)[-+~]?$|^\/etc\/(?:default\/useradd|skel(?:\/|$))/,
    "holds the users and their rights"
  ],
  [
    /^\/etc\/(?:(?:in)?cron[^/]*|anacrontab|at\.(?:allow|deny))(?:\/|$)|^\/var\/spool\/(?:(?:in)?cron|at|anacron)|^\/var\/cron\//,
    "runs commands at set times (cron)"
  ],
  [
    /^(?:\/etc|\/run|\/usr\/lib|\/lib|\/usr\/local\/lib|~[^/]*\/\.config|\/usr\/share)\/systemd(?:\/|$)|^~[^/]*\/\.local\/share\/systemd/,
    "starts services (systemd)"
  ],
  [
    /^\/etc\/(?:init\.d|rc\d?\.d|rcS\.d|init|inittab|rc\.local|rc\.conf|runit|sv|s6|xinetd\.d|xinetd\.conf|inetd\.conf|conf\.d|local\.d|supervisor[^/]*|monit[^/]*|event\.d|dbus-1|rc\.common|service|kubernetes\/manifests|acpi|apm|pm|ppp|wpa_supplicant|cloud\/cloud\.cfg[^/]*|X11\/xinit|gdm3?|lightdm|sddm|needrestart\/(?:hook|conf)\.d|kernel\/postinst\.d)(?:\/|$)|^\/(?:usr\/local\/etc\/rc\.d|service|usr\/lib\/pm-utils|var\/service|var\/lib\/(?:cloud|kubelet)|usr\/(?:local\/)?lib\/(?:systemd|networkd-dispatcher))(?:\/|$)|^\/var\/lib\/rancher\/[^/]+\/server\/manifests|^\/usr\/share\/dbus-1(?:\/|$)/,
    "starts services"
  ],
  [
    /(?:^~[^/]*|^\/root|^\/home\/[^/]*|\/)\/\.ssh(?:\/|$)|^\/etc\/(?:ssh|dropbear)(?:\/|$)|authorized_keys|^\/etc\/[^/]+\/sshd?_config$/,
    "decides who logs in with SSH"
  ],
  [
    /^\/etc\/(?:profile|profile\.d|bash\.bashrc|bashrc|bash_completion\.d|zsh[^/]*|zprofile|environment|environment\.d|csh\.[^/]*|fish|update-motd\.d|X11\/Xsession\.d|xdg\/autostart)(?:\/|$)/,
    "runs in every login shell"
  ],
  [
    /(?:^~[^/]*|^\/root|^\/home\/[^/]*)\/\.(?:bash[^/]*|profile|zsh[^/]*|zprofile|zlogin|login|cshrc|tcshrc|kshrc|xinitrc|xprofile|xsession(?:rc)?|inputrc|config\/(?:autostart|fish|environment\.d|plasma-workspace|git|nvim|tmux|hypr|sway|i3)|gitconfig|g?vimrc|vim|exrc|emacs(?:\.d|\.el)?|nanorc|tmux\.conf|screenrc|gdbinit|psqlrc|sqliterc|mailrc|forward|procmailrc|lesskey|npmrc|pypirc|netrc|pam_environment|local\/share\/(?:applications|dbus-1|autostart))(?:\/|$)|^\/etc\/(?:vim|nvim|screenrc|tmux\.conf|inputrc|nanorc|gitconfig|aliases|mailcap|perl\/sitecustomize[^/]*)(?:\/|$)|(?:site|dist)-packages\/(?:[^/]+\.pth|(?:site|user)customize[^/]*)$|^\/[^/]+\.pth$|\/(?:site|user)customize\.py$|(?:^|\/)\.git\/hooks(?:\/|$)|^\/usr\/share\/(?:vim|applications|autostart)(?:\/|$)/,
    "runs when a user logs in or starts a program"
  ],
  [
    /^\/etc\/(?:ssl|pki|ca-certificates[^/]*|crypto-policies)(?:\/|$)|^\/usr\/(?:local\/)?share\/(?:ca-certificates|pki)(?:\/|$)|cacerts$|\/cacert\.pem$/,
    "decides which certificates the host trusts"
  ],
  [
    /^\/etc\/(?:apt|yum|yum\.conf|yum\.repos\.d|dnf|zypp|pacman\.[^/]*|pacman\.d|apk|rpm|dpkg|opkg|pip\.conf|npmrc|containers|docker)(?:\/|$)|^\/usr\/share\/keyrings(?:\/|$)|^\/var\/lib\/(?:dpkg|rpm)(?:\/|$)|trusted\.gpg/,
    "decides which packages the host trusts"
  ],
  [
    /^\/(?:etc|run|usr\/lib|usr\/local\/lib)\/(?:tmpfiles|sysusers|binfmt)\.d(?:\/|$)/,
    "creates files, users or interpreters when the host starts"
  ],
  [
    /^\/etc\/(?:localtime|timezone|adjtime|locale\.(?:gen|conf)|default\/(?:locale|keyboard)|vconsole\.conf|machine-id|hostid|os-release|lsb-release|updatedb\.conf|subversion|wgetrc|curlrc|odbc\S*|ImageMagick\S*|magic|bindresvport\.blacklist|rpc|netgroup|networks|ethers|mke2fs\.conf|logind\.conf|deluser\.conf|adduser\.conf|libaudit\.conf|nsswitch\.conf|request-key\.(?:conf|d)|sensors\S*|dconf|gconf|polkit|PackageKit|fonts|mime\S*|cracklib|pwquality\S*|security|libuser\.conf|login\.access|limits\S*|nslcd\.conf|idmapd\.conf|nscd\.conf|smartd\.conf|hdparm\.conf|watchdog\.conf|cgconfig\.conf|numad\.conf|tuned|oddjobd?\S*|sasl2|gss|krb5\S*|java\S*|jvm\S*|R|maven|default\/(?:ssh|cron|docker|nfs\S*|useradd|grub\S*|rcS|halt|tmpfs|networking|ntp\w*|rsync|keepalived|postgres\S*|mysql\S*|redis\S*|nginx|apache\S*|haproxy|varnish\S*|isc-dhcp\S*|saned|smartmontools|irqbalance|sysstat|atd|dbus|bluetooth|acpid)|sysconfig\/(?:network\S*|sshd|crond|docker|selinux|clock|i18n|kernel|authconfig|init|nfs|rsyslog|auditd))(?:\/|$)/,
    "belongs to the system or to other software"
  ],
  [/^\/(?:etc|lib|usr\/lib|run)\/udev(?:\/|$)/, "runs commands when a device appears (udev)"],
  [
    /^\/etc\/(?:audit|audisp|selinux|apparmor[^/]*|default\/(?:ufw|apparmor)|fail2ban|aide[^/]*|tripwire|rsyslog[^/]*|syslog[^/]*|logrotate[^/]*|ufw|nftables[^/]*|iptables|firewalld|sysconfig\/(?:iptables|ip6tables|selinux|nftables)|crowdsec|ossec|falco|osquery)(?:\/|$)|^\/var\/ossec(?:\/|$)/,
    "belongs to the host's defences or logs"
  ],
  [
    /^\/(?:etc\/(?:modules|modules-load\.d|modprobe\.d|modprobe\.conf|dracut[^/]*|initramfs-tools|mkinitcpio[^/]*|sysctl\.conf|sysctl\.d|kernel|grub\.d|default\/grub|binfmt\.d)|(?:usr\/)?lib\/(?:modules|modprobe\.d|binfmt\.d|sysctl\.d)|boot)(?:\/|$)/,
    "changes the kernel or how the host starts"
  ],
  [
    /^\/proc\/(?:sys|sysrq|kcore|acpi|scsi|mtrr)|^\/proc\/[^/]+\/(?:mem|oom_\w+|coredump_filter|attr|[ug]id_map)$|^\/sys\/(?:class|block|power|bus|devices)\/.*\/(?:delete|remove|state|disksize|authorized|unbind|scaling_governor|scheduler)$|^\/sys\/power\/|^\/sys\/(?:kernel|module|fs\/selinux|firmware)|^\/dev\/(?:mem|kmem|port)$/,
    "changes the running kernel"
  ],
  [
    /^\/etc\/(?:hosts|hosts\.(?:allow|deny|equiv)|resolv\.conf|resolvconf|hostname|nsswitch\.conf|exports|krb5[^/]*|ldap[^/]*|sssd|NetworkManager|network|netplan|wpa_supplicant|services|protocols|host\.conf|gai\.conf|dhcp|systemd\/resolved|proxy)(?:\/|$)/,
    "decides which hosts this host talks to"
  ],
  [
    /^\/var\/log\/(?:wtmp|btmp|lastlog|auth\.log|secure|audit|messages|syslog|journal|faillog)|^\/var\/run\/utmp|^\/run\/utmp|^\/var\/lib\/docker\/containers(?:\/|$)|\.bash_history$|\.(?:zsh|ksh|sh|python|mysql|psql)_history$/,
    "holds the record of what happened"
  ],
  [
    /^\/(?:usr\/)?s?bin\/(?:sudo|su|login|sshd?|passwd|bash|sh|dash|ls|ps|top|cat|cp|mv|rm|find|grep|netstat|ss|lsof|systemctl|curl|wget|id|who|w|last|crontab|init|mount|env|python3?|perl)$/,
    "replaces a command of the system"
  ],
  [
    /^\/(?:(?:usr|lib|lib64|etc|opt|var|var\/(?:tmp|lib|spool|cache)|usr\/(?:lib|s?bin|share|local)|usr\/local\/(?:lib|s?bin|share)|boot|s?bin|srv|run)\/)\.(?!git|etckeeper|pwd\.lock|updated|java|placeholder|keep|\.)[^/]/,
    "hides files among those of the system"
  ],
  [
    /^\/etc\/(?:alternatives|update-alternatives|opt\/chrome|firefox|fstab|crypttab|exports|shells|issue[^/]*|motd)(?:\/|$)/,
    "changes what the system mounts, shows or calls"
  ]
]

/** No path on a Linux system is longer. */
const longest = 4096

/** For patterns that match one of these places. */
const samples = [
  "/etc/sudoers",
  "/etc/passwd",
  "/etc/shadow",
  "/etc/group",
  "/etc/ld.so.preload",
  "/etc/crontab",
  "/etc/profile",
  "/etc/hosts",
  "/etc/rc.local",
  "/etc/ssh/sshd_config",
  "/root/.ssh/authorized_keys",
  "/root/.bashrc",
  "/etc/pam.d/sshd",
  "/var/log/auth.log",
  "/var/log/wtmp"
]

/** For patterns that match a directory of these places. */
const directories = [
  "/etc/sudoers.d",
  "/etc/cron.d",
  "/etc/cron.daily",
  "/etc/cron.hourly",
  "/var/spool/cron",
  "/etc/systemd/system",
  "/etc/profile.d",
  "/etc/pam.d",
  "/etc/ssh",
  "/etc/init.d",
  "/etc/apt/sources.list.d",
  "/root/.ssh"
]

/** Why a change at `path` matters to the whole host, if it does. */
export const concernOf = (path: string): string | undefined =>
  path.length > longest
    ? undefined
    : (concernAt(path) ?? (/[?*[]/.test(path) && path.length < 64 ? ofPattern(path) : undefined))

const concernAt = (path: string): string | undefined => places.find(([pattern]) => pattern.test(path))?.[1]

const ofPattern = (path: string): string | undefined => {
  const directory = path.slice(0, path.lastIndexOf("/"))
  const sample = /^\/(?:etc|root|var\/(?:log|spool)|[^/]*[?*[][^/]*)\/./.test(path)
    ? (samples.find((sample) => globMatches(path, sample)) ??
      (/[?*[]/.test(directory) ? directories.find((sample) => globMatches(directory, sample)) : undefined))
    : undefined
  return sample === undefined ? undefined : concernAt(sample)
}
