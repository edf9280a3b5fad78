/** Options that switch off verification of the peer, or that give a container power over the host. */
const hostPower =
  /^--(?:privileged|pid=host|net(?:work)?=host|device=\/dev\/(?:sd|nvme|mem|kmsg)|cgroupns=host|uts=host|userns=host|ipc=host|insecure-registry)|^(?:--cap-add=)?(?:CAP_)?(?:ALL|SYS_ADMIN|SYS_MODULE|SYS_PTRACE|SYS_RAWIO|DAC_READ_SEARCH)$|^(?:--security-opt=)?(?:apparmor|seccomp|label)[=:](?:unconfined|disable)$|^(?:-v|--volume=)?\/(?:|etc|root|boot|dev|home|usr|var|(?:var\/)?run\/(?:docker|containerd\/containerd|podman\/podman)\.sock):\/|^(?:--mount=)?(?:[\w-]+=[^,]*,)*(?:source|src)=\/(?:etc|root)?(?:,|$)/

export const insecureOptions: ReadonlyMap<string, RegExp> = new Map([
  ["curl", /^(?:-[a-zA-Z0-9#]*k[a-zA-Z]*|--insecure|--proxy-insecure|--doh-insecure|--ssl-no-revoke)$/],
  ["wget", /^(?:--no-check-certificate|--check-certificate=(?:off|quiet|no)|--no-hsts)$/],
  ["aria2c", /^--check-certificate=false$/],
  ["http", /^--verify=(?:no|false)$/],
  ["https", /^--verify=(?:no|false)$/],
  ["ssh", /^(?:-o)?StrictHostKeyChecking=(?:no|off|accept-new)$|^(?:-o)?UserKnownHostsFile=\/dev\/null$/i],
  ["scp", /^(?:-o)?StrictHostKeyChecking=(?:no|off)$|^(?:-o)?UserKnownHostsFile=\/dev\/null$/i],
  ["sftp", /^(?:-o)?StrictHostKeyChecking=(?:no|off)$|^(?:-o)?UserKnownHostsFile=\/dev\/null$/i],
  ["pip", /^--trusted-host/],
  ["pip3", /^--trusted-host/],
  ["openssl", /^-verify_quiet$/],
  ["lftp", /ssl:verify-certificate\s+(?:no|false)/],
  ["docker", hostPower],
  ["nerdctl", hostPower],
  ["podman", hostPower],
  ["helm", /^--insecure-skip-tls-verify/],
  ["kubectl", /^--insecure-skip-tls-verify/],
  ["npm", /^--(?:no-)?strict-ssl(?:=false)?$/],
  ["ldapsearch", /^LDAPTLS_REQCERT=never$/]
])
