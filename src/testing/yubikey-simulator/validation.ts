import { readOtp } from '../../methods/yubikey-otp/otp.js';
import { isSigned, type Parameters, signatureOf } from '../../methods/yubikey-otp/signature.js';
import type { YubikeyStatus } from './faults.js';
import type { YubikeySecrets } from './key.js';
import { decrypted, type Touch } from './otp.js';

/** Who may ask, as YubiCloud gives it out. */
export interface YubikeyClient {
  /** A number. */
  readonly clientId: string;
  /** In base64. */
  readonly clientSecret: string;
}

export interface Outcome {
  readonly status: YubikeyStatus | 'OK';
  /** Signs the answer; empty where it is not known who asks. */
  readonly secret: Uint8Array;
  /** What the key has typed, where it is one; also of a code that was used before. */
  readonly touch: Touch | null;
}

export interface Validation {
  /** From now on codes of this key are known. */
  know(key: YubikeySecrets): void;
  /** `remember`: a code that is good is used up by it. */
  outcomeOf(parameters: Parameters, options: { readonly remember: boolean }): Outcome;
  reset(): void;
}

/** What is kept of a key: the last code that was good, and with which nonce it came. */
interface Last {
  readonly place: number;
  readonly nonce: string;
}

/** The validation protocol 2.0, of the server's side: its checks in their order. */
export function validation(clients: readonly YubikeyClient[]): Validation {
  const keys = new Map<string, YubikeySecrets>();
  const last = new Map<string, Last>();
  const known = new Map(clients.map((one) => [one.clientId, one]));

  function judge(
    parameters: Parameters,
    secret: Uint8Array,
    remember: boolean,
  ): Omit<Outcome, 'secret'> {
    const { h, otp = '', nonce = '' } = parameters;
    const no = (status: YubikeyStatus, touch: Touch | null = null) => ({ status, touch });
    if (h !== undefined && !isSigned(parameters, secret)) return no('BAD_SIGNATURE');
    if (!/^[A-Za-z0-9]{16,40}$/.test(nonce) || otp === '') return no('MISSING_PARAMETER');
    const read = readOtp(otp);
    const key = read && keys.get(read.publicId);
    const touch = read && key ? decrypted(key.aesKey, read.otp.slice(12)) : null;
    if (!key || !touch?.privateId.every((byte, at) => byte === key.privateId[at])) {
      return no('BAD_OTP');
    }
    const place = touch.counter * 0x100 + touch.use;
    const before = last.get(key.publicId);
    // Several servers share what they know, so that the second of two asked at once has heard of it.
    if (before?.place === place && before.nonce === nonce) {
      return no('REPLAYED_REQUEST', touch);
    }
    if (before && place <= before.place) return no('REPLAYED_OTP', touch);
    if (remember) last.set(key.publicId, { place, nonce });
    return { status: 'OK', touch };
  }

  return {
    know: (key) => void keys.set(key.publicId, key),
    outcomeOf(parameters, { remember }) {
      const client = known.get(parameters.id ?? '');
      if (!client) return { status: 'NO_SUCH_CLIENT', secret: new Uint8Array(), touch: null };
      const secret = Buffer.from(client.clientSecret, 'base64');
      const outcome = judge(parameters, secret, remember);
      // As the real server: who signs wrongly is told so without a signature that they could check.
      const signs = outcome.status === 'BAD_SIGNATURE' ? new Uint8Array() : secret;
      return { ...outcome, secret: signs };
    },
    reset: () => last.clear(),
  };
}

/** An answer as it is sent: `name=value`, one a line. */
export function written(fields: Parameters, secret: Uint8Array): string {
  const lines = Object.entries({ h: signatureOf(fields, secret), ...fields });
  return `${lines.map(([name, value]) => `${name}=${value}\r\n`).join('')}\r\n`;
}
