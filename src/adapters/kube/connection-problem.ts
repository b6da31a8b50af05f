import { messageOf } from '../../core/text/message-of.ts';

/** As much of a list of names as a message quotes. */
const QUOTED_CHARS = 200;

const UNTRUSTED =
  'its certificate is of no authority that is trusted here; expected certificate-authority (or -data) of its cluster in the kubeconfig';

/** What errors of TLS mean for the owner of a kubeconfig, by their code. */
const MEANINGS: Readonly<Record<string, string>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  CERT_SIGNATURE_FAILURE: UNTRUSTED,
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet, by the clock of this machine',
  EPROTO: 'it does not answer by TLS; expected a server that is reached by https',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not answer by TLS; expected a server that is reached by https',
};

/** Why a server could not be asked, in words that name what of the kubeconfig decides it. */
export function connectionProblem(cause: unknown): string {
  const message = messageOf(cause);
  const { code = '' } = cause as NodeJS.ErrnoException;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `${message.slice(0, QUOTED_CHARS)}; tls-server-name sets another name`;
  if (code === 'ECONNRESET' && message.includes('before secure TLS connection'))
    return 'it closes the connection before TLS is agreed on; expected a server that is reached by https';
  return MEANINGS[code] ?? message;
}
