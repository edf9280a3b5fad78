/** Commands that change who has rights in a cloud, a cluster or a service on other hosts. */
import { change, type Rule } from "./hostRules.ts"

const rights =
  (pattern: RegExp): Rule =>
  (args) => {
    const text = args.join(" ").slice(0, 1000)
    return pattern.test(text)
      ? [change("changesTrust", text.slice(0, 200), "changes who has rights on other hosts")]
      : []
  }

const amazon =
  /\b(?:iam (?:create|attach|put|add|update|delete)-|ec2 (?:authorize|modify-instance-attribute|import-key-pair|create-key-pair)|sts assume-role|lambda add-permission|s3api put-(?:bucket-(?:acl|policy)|public-access-block)|cloudtrail (?:stop|delete|update|put)|guardduty (?:delete|update)|logs delete|configservice (?:stop|delete)|kms (?:create-grant|put-key-policy)|organizations leave)/

const google =
  /\b(?:add-iam-policy-binding|set-iam-policy|add-metadata|service-accounts (?:keys )?create|os-login ssh-keys add|firewall-rules (?:create|update)|logging sinks (?:delete|update))/

const azure =
  /\b(?:role assignment create|ad (?:sp|app|user) (?:create|update|credential)|vm (?:user update|access|run-command)|network nsg rule create|monitor diagnostic-settings delete|keyvault set-policy)/

const cluster =
  /(?:^| )(?:create|apply|set|edit|patch) (?:\S+ )?(?:clusterrolebinding|rolebinding|clusterrole|subject|serviceaccount|token|mutatingwebhookconfiguration\S*)\b|--clusterrole=cluster-admin|(?:^| )(?:certificate approve|config set-credentials)\b|--(?:as|anonymous-auth)=|add-scc-to-user/

export const cloudCommands: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ["aws", rights(amazon)],
  ["gcloud", rights(google)],
  ["az", rights(azure)],
  ["kubectl", rights(cluster)],
  ["oc", rights(cluster)],
  ["gh", rights(/^(?:ssh-key|gpg-key|secret|variable|auth) (?:add|set|refresh)\b|^repo deploy-key add/)],
  ["glab", rights(/^(?:ssh-key|deploy-key|variable) (?:add|set|create)\b/)],
  ["vault", rights(/^(?:policy write|token create|auth enable|write auth\/)/)],
  ["consul", rights(/^acl (?:token|policy|role) (?:create|update|delete)/)],
  [
    "samba-tool",
    rights(/^(?:user (?:create|add|setpassword|enable)|group addmembers|domain (?:passwordsettings|join|demote))/)
  ],
  ["ipa", rights(/^(?:user-(?:add|mod)|group-add-member|sudorule-|passwd|hbacrule-)/)],
  ["realm", rights(/^(?:join|leave|permit|deny)\b/)],
  ["net", rights(/^(?:ads|rpc) (?:join|leave|user add|group addmem)/)],
  ["kadmin", rights(/\b(?:addprinc|add_principal|cpw|ktadd|ktrem|delprinc)\b/)],
  ["kadmin.local", rights(/\b(?:addprinc|add_principal|cpw|ktadd|ktrem|delprinc)\b/)],
  ["ldapadd", rights(/./)],
  ["ldapmodify", rights(/./)],
  ["ldappasswd", rights(/./)]
])
