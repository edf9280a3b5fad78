/** Texts for the codes of OpenSSL and Node about a TLS handshake: what is wrong, and what to do. */

export interface TlsReason {
  readonly detail: string
  readonly advice: string
}

const unknownCa: TlsReason = {
  detail: "the certificate is signed by an unknown CA",
  advice: "Trust the CA of the server: provide its certificate and those of all intermediate CAs as PEM."
}

const otherName: TlsReason = {
  detail: "the certificate is for another host name",
  advice: "Use a host name in the base URL that the certificate contains, or issue a certificate for this host name."
}

const clientCertificate: TlsReason = {
  detail: "the server requires a client certificate",
  advice: "Provide a client certificate that the server accepts, with its key."
}

const clientRefused: TlsReason = {
  detail: "the server does not accept the client certificate",
  advice: "Check that the client certificate is valid and was issued by a CA that the server trusts."
}

const weak = (what: string): TlsReason => ({
  detail: what,
  advice: "Install a certificate on the server that has a key of at least 2048 bits (RSA) and a SHA-2 signature."
})

const version: TlsReason = {
  detail: "the server does not support TLS 1.2 or 1.3",
  advice: "Enable TLS 1.2 or 1.3 on the server. Older versions are not secure."
}

const noCommonParameters: TlsReason = {
  detail: "the server and this client have no TLS parameters in common",
  advice:
    "Enable TLS 1.2 or 1.3 with current cipher suites on the server, and check whether it requires a client certificate."
}

const reasons: Readonly<Record<string, TlsReason>> = {
  UNABLE_TO_GET_ISSUER_CERT: unknownCa,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownCa,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownCa,
  SELF_SIGNED_CERT_IN_CHAIN: unknownCa,
  CERT_UNTRUSTED: { ...unknownCa, detail: "the certificate is not trusted" },
  DEPTH_ZERO_SELF_SIGNED_CERT: {
    detail: "the certificate is self-signed",
    advice: "If it is the expected certificate, trust it: provide it as PEM."
  },
  CERT_HAS_EXPIRED: {
    detail: "the certificate has expired",
    advice: "Check the clock of this machine. If it is correct, renew the expired certificate."
  },
  CERT_NOT_YET_VALID: {
    detail: "the certificate is not valid yet",
    advice: "Check the clock of this machine and of the machine that issued the certificate."
  },
  ERR_TLS_CERT_ALTNAME_INVALID: otherName,
  HOSTNAME_MISMATCH: otherName,
  IP_ADDRESS_MISMATCH: otherName,
  CERT_REVOKED: { detail: "the certificate is revoked", advice: "Install a new certificate on the server." },
  CERT_REJECTED: { detail: "the certificate is rejected by the settings of this machine", advice: unknownCa.advice },
  INVALID_PURPOSE: {
    detail: "the certificate is not for servers (its extended key usage lacks serverAuth)",
    advice: "Install a certificate with the extended key usage serverAuth on the server."
  },
  INVALID_CA: {
    detail: "a certificate in the chain is used as a CA but is not a CA certificate",
    advice: "Issue the certificate of the server from a CA certificate (basicConstraints CA:TRUE)."
  },
  PATH_LENGTH_EXCEEDED: {
    detail: "the chain is longer than its CA allows",
    advice: "Issue the certificate of the server from a CA that allows intermediate CAs."
  },
  EE_KEY_TOO_SMALL: weak("the key of the certificate is too short"),
  ERR_SSL_EE_KEY_TOO_SMALL: weak("the key of the certificate is too short"),
  CA_KEY_TOO_SMALL: weak("the key of a CA in the chain is too short"),
  ERR_SSL_CA_KEY_TOO_SMALL: weak("the key of a CA in the chain is too short"),
  CA_MD_TOO_WEAK: weak("a certificate in the chain is signed with a weak hash, such as SHA-1"),
  ERR_SSL_CA_MD_TOO_WEAK: weak("a certificate in the chain is signed with a weak hash, such as SHA-1"),
  ERR_SSL_DH_KEY_TOO_SMALL: weak("the Diffie-Hellman parameters of the server are too short"),
  ERR_SSL_WRONG_VERSION_NUMBER: {
    detail: "the server does not use TLS on this port",
    advice: "Check the port, and whether the base URL should start with http."
  },
  ERR_SSL_PACKET_LENGTH_TOO_LONG: {
    detail: "the server does not use TLS on this port",
    advice: "Check the port, and whether the base URL should start with http."
  },
  ERR_SSL_UNSUPPORTED_PROTOCOL: version,
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: version,
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: {
    detail: "the server does not know the host name",
    advice: "Check the host name in the base URL."
  },
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: clientCertificate,
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: clientCertificate,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: noCommonParameters,
  "ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE": noCommonParameters,
  ERR_SSL_TLSV1_ALERT_INSUFFICIENT_SECURITY: noCommonParameters,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: clientRefused,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: clientRefused,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: clientRefused,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED: clientRefused,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: clientRefused,
  ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE: clientRefused,
  ERR_SSL_TLSV1_ALERT_ACCESS_DENIED: clientRefused,
  ERR_TLS_PIN_MISMATCH: {
    detail: "the public key of the server is not pinned",
    advice: "Find out why the key has changed before you pin the new key."
  },
  ERR_OSSL_BAD_DECRYPT: {
    detail: "the key of the client certificate cannot be decrypted",
    advice: "Check the passphrase of the key."
  },
  ERR_OSSL_CRYPTO_INTERRUPTED_OR_CANCELLED: {
    detail: "the key of the client certificate is encrypted, but no passphrase was provided",
    advice: "Provide the passphrase of the key."
  },
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: {
    detail: "the key does not belong to the client certificate",
    advice: "Provide the key that belongs to the client certificate."
  }
}

/** `undefined` for a code that is not about TLS. */
export const ofCode = (code: string): TlsReason | undefined =>
  Object.hasOwn(reasons, code) ? reasons[code] : isTls(code) ? { detail: "", advice: "" } : undefined

const isTls = (code: string): boolean =>
  /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|CRL_|UNABLE_TO_|ERROR_IN_CERT_|INVALID_(CA|PURPOSE|NON_CA|EXTENSION)|PATH_LENGTH|KEYUSAGE_|SUBJECT_ISSUER_|(EE|CA)_(KEY|MD)_|HOSTNAME_MISMATCH|EMAIL_MISMATCH|IP_ADDRESS_MISMATCH|PERMITTED_VIOLATION|EXCLUDED_VIOLATION|UNSUPPORTED_(EXTENSION|CONSTRAINT|NAME)|EPROTO$)/.test(
    code
  )
