import type { PendingContext, Sentence } from '../../contracts.js';
import { isolated } from '../../names.js';
import { type AppNames, appNames } from './app-names.js';
import { parseParameters } from './code.js';
import { keyUri, manualKey } from './key.js';
import type { Own, TotpActivateLocals } from './locals.js';
import { qrSvg } from './qr.js';
import { keySettings, totpWords } from './words.js';

/**
 * A new key as shown to a person and to a program: the only place where the secret leaves the keyring. The QR code is
 * made only when it is shown, since it costs more than the rest of its page.
 */
export interface ShownKey {
  locals(): Own<TotpActivateLocals>;
  readonly json: Readonly<Record<string, unknown>>;
}

export function shownKey(
  pending: PendingContext,
  names: AppNames,
  say: (sentence: Sentence) => string,
): ShownKey {
  const secret = pending.secret();
  const parameters = parseParameters(pending.parameters);
  const { issuer, account } = appNames(names);
  const key = manualKey(secret);
  const uri = keyUri({ secret, issuer, account, parameters });
  const qr = () => qrSvg(uri, say(totpWords('activate.qr', { account: isolated(account) })));
  const { digits } = parameters;
  return {
    locals: () => ({
      ...{ key, qr: qr(), uri, account, issuer, digits },
      settings: keySettings(parameters, say),
    }),
    json: {
      ...{ enrollment: pending.id, basis: pending.basis, key, uri, issuer, account },
      ...parameters,
      expiresAt: new Date(pending.expiresAt),
      qr,
    },
  };
}
