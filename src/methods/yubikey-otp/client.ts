import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Agent, request } from 'node:https';
import { broken } from '../../errors.js';
import type { YubikeyCredentials } from './credentials.js';
import { requestFailure, YubikeyError, type YubikeyFailure } from './failure.js';
import { readReply, type Said } from './reply.js';
import { serversOf } from './servers.js';
import { type Parameters, signatureOf } from './signature.js';

/** Answers are about 200 bytes. */
const MAX_ANSWER_BYTES = 8 * 1024;

export interface ClientConfig {
  /** The deadline of all requests about one code. */
  readonly timeoutMs: number;
  /** Replaces Node's agent: for a proxy, a private authority, or a simulator. */
  readonly httpsAgent: Agent | undefined;
}

/** Asks about a code, once per server. `now` in ms. */
export type ValidateOtp = (
  otp: string,
  credentials: YubikeyCredentials,
  now: number,
) => Promise<Said>;

/**
 * Asks all servers at once whether a key has typed this code, by the validation protocol 2.0: the first yes wins.
 * Without one, the most specific no. Rejects, only with `YubikeyError`, if no server says either.
 */
export function otpValidation({ timeoutMs, httpsAgent }: ClientConfig): ValidateOtp {
  return async function validate(otp, { clientId, clientSecret, servers }, now) {
    const nonce = randomBytes(16).toString('hex');
    const secret = Buffer.from(clientSecret, 'base64');
    const parameters = { id: clientId, nonce, otp, timestamp: '1' };
    const query = { ...parameters, h: signatureOf(parameters, secret) };
    const decided = new AbortController();
    const signal = AbortSignal.any([decided.signal, AbortSignal.timeout(timeoutMs)]);

    async function ask(server: string): Promise<Said> {
      const { host } = new URL(server);
      try {
        const text = await get(server, query, { httpsAgent, signal });
        return readReply(text, { otp, nonce, secret, host, now });
      } catch (error) {
        throw requestFailure(error, host, signal);
      }
    }

    const answers = serversOf(servers).map(ask);
    try {
      return await firstYes(answers);
    } catch {
      return plainest(await Promise.allSettled(answers));
    } finally {
      decided.abort();
    }
  };
}

function firstYes(answers: readonly Promise<Said>[]): Promise<Said> {
  return Promise.any(
    answers.map((answer) =>
      answer.then((said) => (said.kind === 'ok' ? said : Promise.reject(said))),
    ),
  );
}

/** Of several failures, the one that somebody has to fix. */
const FAILURES: readonly YubikeyFailure[] = [
  ...(['rejected', 'tls', 'invalid', 'server', 'timeout', 'network'] as const),
];

/** Prefers a no to a failure, and a used code to another no. */
function plainest(answers: readonly PromiseSettledResult<Said>[]): Said {
  const said = answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const no = said.find(({ kind }) => kind === 'replayed') ?? said[0];
  if (no) return no;
  const failures = answers.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  const known = failures.filter((one) => one instanceof YubikeyError);
  const rank = ({ kind }: YubikeyError) => FAILURES.indexOf(kind);
  throw known.sort((one, other) => rank(one) - rank(other))[0] ?? broken('no server was asked');
}

/** The body of a 200. Redirects are not followed: they could send the code anywhere. */
async function get(
  server: string,
  query: Parameters,
  {
    httpsAgent: agent,
    signal,
  }: Pick<ClientConfig, 'httpsAgent'> & { readonly signal: AbortSignal },
): Promise<string> {
  const url = new URL(server);
  url.search = new URLSearchParams(query).toString();
  const res = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { agent, signal }, resolve).on('error', reject).end();
  });
  const { statusCode = 0 } = res;
  if (statusCode !== 200) {
    res.destroy();
    const kind = statusCode >= 500 ? 'server' : 'invalid';
    const message = `${url.host} answered with status ${statusCode}`;
    throw new YubikeyError(kind, message, { detail: `${kind} ${statusCode}` });
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of res as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) {
      throw new YubikeyError('invalid', `${url.host} answered with too much`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
