import { acrossCopies, UnavailableError } from '../../errors.js';

declare module '../../errors.js' {
  interface MethodErrorCodes {
    ERR_DUO: true;
  }
}

/**
 * The kind of failure of a call to Duo. `network`, `timeout` and `server` (5xx) mean that Duo is unavailable;
 * `rejected` is a 4xx, `tls` a certificate that is not Duo's, `invalid` a malformed answer.
 */
export type DuoFailure = 'network' | 'timeout' | 'server' | 'rejected' | 'tls' | 'invalid';

/** The three values of a Duo application, by the names of their form fields. */
export type DuoField = 'clientId' | 'clientSecret' | 'apiHost';

/**
 * A failed call to Duo: code `ERR_DUO`, status 503. `onError` gets it; `kind` says whether Duo is unavailable or
 * refuses the keys, and `suspect` which of them.
 * @example if (error instanceof DuoError && error.kind === 'rejected') alertOperators(error.duoCode);
 */
export class DuoError extends UnavailableError {
  readonly kind: DuoFailure;
  /** Duo's own code, e.g. `40002` or `invalid_grant`. */
  readonly duoCode: string | null;
  /** Which of the three looks wrong, as far as Duo's answer shows. */
  readonly suspect: DuoField | null;

  constructor(
    kind: DuoFailure,
    message: string,
    { duoCode = null, suspect = null }: { duoCode?: string | null; suspect?: DuoField | null } = {},
  ) {
    super('ERR_DUO', message);
    this.kind = kind;
    this.duoCode = duoCode;
    this.suspect = suspect;
  }

  /** Whether Duo is unavailable, the only failure for which a tenant's fallback applies. */
  get outage(): boolean {
    return this.kind === 'network' || this.kind === 'timeout' || this.kind === 'server';
  }

  /** For an event: `rejected 40002`. */
  get summary(): string {
    return this.duoCode === null ? this.kind : `${this.kind} ${this.duoCode}`;
  }
}
acrossCopies('DuoError', DuoError);

export const INVALID_CLIENT = '40002';
/** Duo answers the same for all three. */
export const INVALID_CLIENT_CAUSES =
  'when it does not know the integration key, when the secret key belongs to another one, or when the application is not switched to the Universal Prompt yet (in Duo: open the application, then Universal Prompt)';

const NETWORK = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL'],
  ...['EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ENETDOWN', 'EADDRNOTAVAIL'],
]);
const LATE = new Set(['ECONNABORTED', 'ERR_CANCELED', 'ETIMEDOUT']);
const CERTIFICATE = /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_|EPROTO)/;

/**
 * Converts an error of the SDK. It is not kept, not even as the cause, since its request holds the client assertion.
 */
export function duoFailure(error: unknown, apiHost: string): DuoError {
  if (error instanceof DuoError) return error;
  const { code, status, body } = read(error);
  if (status !== null && status >= 500) {
    return new DuoError('server', `Duo (${apiHost}) answered with status ${status}`);
  }
  if (status !== null && status >= 400) {
    const duoCode = codeOf(body);
    const code = duoCode === null ? '' : `, code ${duoCode}`;
    const causes = duoCode === INVALID_CLIENT ? `; it does so ${INVALID_CLIENT_CAUSES}` : '';
    return new DuoError(
      'rejected',
      `Duo (${apiHost}) refused with status ${status}${code}${causes}`,
      { duoCode, suspect: suspectOf(body) },
    );
  }
  if (code !== null && status === null) {
    if (LATE.has(code)) return new DuoError('timeout', `Duo (${apiHost}) did not answer in time`);
    if (NETWORK.has(code)) {
      const suspect = code === 'ENOTFOUND' ? 'apiHost' : null;
      return new DuoError('network', `Duo (${apiHost}) cannot be reached: ${code}`, { suspect });
    }
    if (CERTIFICATE.test(code)) {
      return new DuoError('tls', `the certificate of ${apiHost} is not trusted: ${code}`, {
        suspect: 'apiHost',
      });
    }
  }
  return new DuoError('invalid', `Duo (${apiHost}) gave an answer that is not to be trusted`);
}

interface Read {
  readonly code: string | null;
  readonly status: number | null;
  readonly body: Readonly<Record<string, unknown>>;
}

function read(error: unknown): Read {
  const { inner } = (error ?? {}) as { inner?: unknown };
  const { code, response } = (inner ?? {}) as { code?: unknown; response?: unknown };
  const { status, data } = (response ?? {}) as { status?: unknown; data?: unknown };
  return {
    code: typeof code === 'string' ? code : null,
    status: typeof status === 'number' ? status : null,
    body: typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {},
  };
}

function codeOf({ code, error }: Read['body']): string | null {
  const found = String(code ?? error ?? '');
  return /^[\w-]{1,40}$/.test(found) ? found : null;
}

function suspectOf({ message_detail, error_description }: Read['body']): DuoField | null {
  const detail = String(message_detail ?? error_description ?? '');
  if (/signature/i.test(detail)) return 'clientSecret';
  return /client[ _]id/i.test(detail) ? 'clientId' : null;
}
