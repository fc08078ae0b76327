import { acrossCopies, OutageError } from '../../errors.js';

/**
 * The kind of failure of a validation server. `network`, `timeout` and `server` mean that it is unavailable or has an
 * internal error; `rejected` that it refuses our credentials, `tls` that its certificate is not trusted, `invalid`
 * that its answer is not.
 */
export type YubikeyFailure = 'network' | 'timeout' | 'server' | 'rejected' | 'tls' | 'invalid';

/** The fields that an organization enters, by their names in the form. */
export type YubikeyField = 'clientId' | 'clientSecret' | 'servers';

/**
 * A failed call to a validation server: status 503. `onError` gets it; `kind` says whether the server is unavailable
 * or refuses the credentials, and `suspect` which of them.
 * @example if (error instanceof YubikeyError && error.kind === 'rejected') alertOperators(error.suspect);
 */
export class YubikeyError extends OutageError {
  readonly kind: YubikeyFailure;
  /** Which of the values looks wrong, as far as the server's answer shows. */
  readonly suspect: YubikeyField | null;

  constructor(
    kind: YubikeyFailure,
    message: string,
    { detail = kind, suspect = null }: { detail?: string; suspect?: YubikeyField | null } = {},
  ) {
    const passes = kind === 'network' || kind === 'timeout' || kind === 'server';
    super(message, { detail, because: passes ? null : 'not-working' });
    this.kind = kind;
    this.suspect = suspect;
  }

  /** Whether the failure may pass by itself. */
  get outage(): boolean {
    return this.because === null;
  }
}
acrossCopies('YubikeyError', YubikeyError);

const CERTIFICATE = /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_|EPROTO)/;

/** The error of a failed request to `host`; `signal` has aborted it if it took too long. */
export function requestFailure(error: unknown, host: string, signal: AbortSignal): YubikeyError {
  if (error instanceof YubikeyError) return error;
  const { name, code } = Object(error) as { readonly name?: unknown; readonly code?: unknown };
  if (signal.aborted) {
    return new YubikeyError('timeout', `${host} did not answer in time`);
  }
  if (typeof code === 'string' && CERTIFICATE.test(code)) {
    const message = `the certificate of ${host} is not trusted: ${code}`;
    return new YubikeyError('tls', message, { suspect: 'servers' });
  }
  const suspect = code === 'ENOTFOUND' ? 'servers' : null;
  return new YubikeyError('network', `${host} cannot be reached: ${code ?? name}`, { suspect });
}
