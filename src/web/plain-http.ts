import { SallyportError } from '../errors.js';

/** Hosts that browsers resolve to this machine and trust without TLS (W3C Secure Contexts §3.1). */
const LOOPBACK = /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/;

/** Whether traffic to this origin can be read and changed on its way. */
function isPlainHttp(origin: string): boolean {
  const { protocol, hostname } = new URL(origin);
  return protocol === 'http:' && !LOOPBACK.test(hostname);
}

const READABLE = 'passwords, codes and session cookies can be read on their way';

/** ERR_OPTION under NODE_ENV `production`; a line on stderr elsewhere. */
export function refusePlainHttp(origin: string): void {
  if (!isPlainHttp(origin)) return;
  if (process.env.NODE_ENV === 'production') {
    throw new SallyportError(
      'ERR_OPTION',
      `origin must be https: under NODE_ENV production, as in the address bar (also where a proxy speaks TLS), or be accepted with allowHttp: true, since ${READABLE}, got '${origin}'`,
    );
  }
  console.error(`sallyport: at ${origin} ${READABLE}; under NODE_ENV production it is refused`);
}
