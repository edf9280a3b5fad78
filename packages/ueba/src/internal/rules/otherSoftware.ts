/**
 * Other software on the host: the places that belong to it, and whether the script installs that software itself. A
 * setup script has a reason to configure only what it installs.
 *
 * Runs in the parser's thread and in the main thread: imports only types.
 */
import type { FactKind } from "../../ScriptFacts.ts"

/** The software that a change concerns. */
export interface Owner {
  /** Names of the software, in lower case and without digits. One of them is a part of the name of its package. */
  readonly names: ReadonlyArray<string>
  /** Whether a script that starts the service owns it as well. */
  readonly ownedByStarting: boolean
}

type Software = readonly [names: string, etc: string, elsewhere?: string]

/** Names, the entries below `/etc`, and other places as regular expressions. */
const software: ReadonlyArray<Software> = [
  ["nginx openresty", "nginx|openresty", "/usr/share/nginx|/var/cache/nginx|/var/lib/nginx"],
  ["apache httpd libapache", "apache2|httpd"],
  ["lighttpd", "lighttpd"],
  ["caddy", "caddy"],
  ["haproxy", "haproxy"],
  ["traefik", "traefik"],
  ["envoy", "envoy"],
  ["squid", "squid\\d?|squid\\.conf"],
  ["varnish", "varnish"],
  ["php", "php\\d*|php\\.(?:ini|d)|php-fpm\\.(?:conf|d)"],
  ["tomcat", "tomcat\\d*", "/var/lib/tomcat\\d*"],
  ["mysql mariadb percona", "mysql|my\\.cnf|my\\.cnf\\.d|mariadb", "/var/lib/mysql"],
  ["postgresql postgres postgis pg", "postgresql|postgresql-common", "/var/lib/(?:postgresql|pgsql)"],
  ["mongodb mongod mongo", "mongod?\\.conf", "/var/lib/mongo(?:db)?"],
  ["redis valkey", "redis\\d?|redis\\.conf|valkey", "/var/lib/(?:redis|valkey)"],
  ["memcached", "memcached\\.conf"],
  ["elasticsearch", "elasticsearch", "/var/lib/elasticsearch"],
  ["opensearch", "opensearch", "/var/lib/opensearch"],
  ["kibana", "kibana"],
  ["logstash", "logstash"],
  ["rabbitmq", "rabbitmq", "/var/lib/rabbitmq"],
  ["kafka", "kafka", "/var/lib/kafka"],
  ["zookeeper", "zookeeper", "/var/lib/zookeeper"],
  ["cassandra", "cassandra", "/var/lib/cassandra"],
  ["couchdb", "couchdb", "/var/lib/couchdb"],
  ["clickhouse", "clickhouse-\\w+", "/var/lib/clickhouse"],
  ["influxdb influx", "influxdb\\d?", "/var/lib/influxdb"],
  ["grafana", "grafana", "/var/lib/grafana"],
  ["prometheus alertmanager", "prometheus|alertmanager", "/var/lib/prometheus"],
  ["zabbix", "zabbix"],
  ["nagios nrpe icinga", "nagios\\d?|nrpe\\.d|icinga\\d?"],
  ["munin", "munin"],
  ["telegraf", "telegraf"],
  ["collectd", "collectd"],
  ["netdata", "netdata"],
  ["datadog", "datadog-agent", "/opt/datadog-agent"],
  ["newrelic", "newrelic\\S*"],
  ["splunk splunkforwarder", "splunk", "/opt/splunk(?:forwarder)?"],
  ["dynatrace oneagent", "dynatrace", "/(?:opt|var/lib)/dynatrace"],
  ["crowdstrike falcon", "crowdstrike", "/opt/CrowdStrike"],
  ["sentinelone", "sentinelone", "/opt/sentinelone"],
  ["carbonblack cbagentd", "carbonblack", "/(?:var/)?opt/carbonblack"],
  ["mdatp", "mdatp", "/(?:opt|etc/opt|var/opt)/microsoft/mdatp"],
  ["sophos", "sophos", "/opt/sophos[\\w-]*"],
  ["mcafee trellix", "mcafee", "/(?:var/)?opt/(?:McAfee|trellix)"],
  ["trend ds deepsecurity", "trend", "/(?:var/)?opt/(?:ds_agent|TrendMicro)"],
  ["wazuh ossec", "wazuh|ossec-init\\.conf", "/var/ossec"],
  ["tanium", "tanium", "/opt/Tanium"],
  ["qualys", "qualys", "/usr/local/qualys"],
  ["rapid", "rapid7", "/opt/rapid7"],
  ["nessus tenable", "nessus", "/opt/nessus(?:_agent)?"],
  ["veeam", "veeam", "/(?:opt|var/lib)/veeam"],
  ["postfix", "postfix", "/var/spool/postfix"],
  ["exim", "exim\\d?"],
  ["sendmail", "mail"],
  ["dovecot", "dovecot"],
  ["opendkim", "opendkim(?:\\.conf)?"],
  ["spamassassin", "spamassassin"],
  ["bind named", "bind|named(?:\\.conf\\S*)?", "/var/lib/bind|/var/named"],
  ["unbound", "unbound"],
  ["dnsmasq", "dnsmasq\\.(?:conf|d)"],
  ["pdns powerdns", "powerdns|pdns"],
  ["chrony", "chrony(?:\\.conf|\\.d)?"],
  ["ntp ntpd ntpsec", "ntp(?:sec)?|ntp\\.conf"],
  ["samba", "samba", "/var/lib/samba"],
  ["nfs", "nfs(?:\\.conf|mount\\.conf)|idmapd\\.conf"],
  ["proftpd", "proftpd"],
  ["vsftpd", "vsftpd(?:\\.conf)?"],
  ["cups", "cups"],
  ["avahi", "avahi"],
  ["snmp snmpd", "snmp"],
  ["openvpn", "openvpn"],
  ["wireguard", "wireguard"],
  ["strongswan libreswan ipsec", "ipsec\\.\\w+|swanctl|strongswan\\S*"],
  ["freeradius radius", "freeradius|raddb"],
  ["openldap slapd", "openldap", "/var/lib/ldap"],
  ["gitlab", "gitlab", "/(?:var/)?opt/gitlab"],
  ["jenkins", "jenkins", "/var/lib/jenkins"],
  ["kubernetes kubelet kubeadm kube", "kubernetes"],
  ["consul", "consul\\S*", "/var/lib/consul"],
  ["vault", "vault\\S*"],
  ["nomad", "nomad\\S*"],
  ["etcd", "etcd", "/var/lib/etcd"],
  ["puppet", "puppet(?:labs)?", "/opt/puppetlabs"],
  ["salt", "salt"],
  ["chef", "chef"],
  ["libvirt qemu", "libvirt", "/var/lib/libvirt"],
  ["lxc lxd incus", "lxc", "/var/lib/(?:lxc|lxd|incus)"],
  ["ceph", "ceph", "/var/lib/ceph"],
  ["glusterfs gluster", "glusterfs"],
  ["lvm", "lvm"],
  ["mdadm", "mdadm(?:\\.conf)?"],
  ["multipath", "multipath(?:\\.conf)?"],
  ["iscsi", "iscsi"],
  ["letsencrypt certbot", "letsencrypt"],
  ["cockpit", "cockpit"],
  ["tor", "tor"],
  ["asterisk", "asterisk"],
  ["mosquitto", "mosquitto"],
  ["wordpress", "wordpress"],
  ["nextcloud", "nextcloud"]
]

const owners: ReadonlyArray<readonly [place: RegExp, owner: Owner]> = software.map(([names, etc, elsewhere]) => [
  new RegExp(`^(?:/etc/(?:${etc})${elsewhere === undefined ? "" : `|${elsewhere}`})(?:/|$)`),
  { names: names.split(" "), ownedByStarting: false }
])

/** The software that the place belongs to. */
export const ownerOf = (path: string): Owner | undefined =>
  path.length > 4096 || !/^\/(?:etc|opt|var|usr)\/./.test(path)
    ? undefined
    : owners.find(([place]) => place.test(path))?.[1]

/** The owner of a service. */
export const serviceOwner = (service: string): Owner => ({ names: namesIn(service), ownedByStarting: true })

const namesIn = (text: string): ReadonlyArray<string> =>
  text
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((name) => name.length > 1 && !/^(?:service|socket|timer|target|mount)$/.test(name))

interface Fact {
  readonly kind: FactKind
  readonly subject: string
  readonly by: string
  readonly owner?: Owner | undefined
}

/** Tells which changes concern software of the script itself: it installs, downloads or creates that software. */
export const ownSoftware = (facts: ReadonlyArray<Fact>): ((owner: Owner) => boolean) => {
  const installed = new Set<string>()
  const started = new Set<string>()
  let startsUnknown = false
  for (const { by, kind, owner, subject } of facts) {
    if (kind === "installsPackage" || kind === "downloads" || kind === "changesTrust" || kind === "runsFetchedCode") {
      for (const name of namesIn(subject)) installed.add(name)
    } else if (kind === "changesService" && owner === undefined) {
      startsUnknown ||= subject === "" || /[*?…]/.test(subject)
      for (const name of namesIn(subject)) started.add(name)
    } else if (kind === "writes" || kind === "removes") {
      const unit = /\/([^/]+)\.(?:service|socket|timer)$|^\/etc\/init\.d\/([^/]+)$/.exec(subject)
      for (const name of namesIn(unit?.[1] ?? unit?.[2] ?? "")) started.add(name)
      const [directory] = /^\/(?:etc|opt|usr\/share|usr\/local|var\/lib|srv)\/[^/]+\/?$/.exec(subject) ?? []
      if (directory !== undefined && (by === "mkdir" || by === "install"))
        for (const name of namesIn(directory)) installed.add(name)
      if (owner === undefined) for (const name of namesIn(subject)) started.add(name)
    }
  }
  return ({ names, ownedByStarting }) =>
    ownedByStarting
      ? startsUnknown || names.every((name) => installed.has(name) || started.has(name))
      : names.some((name) => installed.has(name))
}
