import { generateAuthenticationOptions } from '@simplewebauthn/server';
import type { MethodLookup, MethodServices } from '../../contracts.js';
import { rejected } from '../ask.js';
import { readAssertion } from './answer.js';
import { type Asked, newChallenge, optionsOf, scriptWords } from './asked.js';
import { checkAssertion } from './ceremony.js';
import { unpackCredential } from './credential.js';
import type { ParsedSecurityKeyOptions } from './options.js';
import { idOf } from './own-key.js';
import { securityKeyWords } from './words.js';

type LookupConfig = Pick<ParsedSecurityKeyOptions, 'partyAt' | 'timeoutMs'> &
  Pick<MethodServices, 'say'>;

/**
 * A found key names itself where no key is asked for by name: it offers what it keeps for this website (a discoverable
 * credential), and signs with it. So whoever looks it up has it in hand, and an id alone leads to nobody.
 */
export function securityKeyLookup({ say, timeoutMs, partyAt }: LookupConfig): MethodLookup<Asked> {
  return {
    tokens: ({ secret }) => [idOf(unpackCredential(secret))],

    start: newChallenge,

    async prompt(context) {
      const said = { ...scriptWords(say), cancelled: say(securityKeyWords('look-up.cancelled')) };
      const asked = await optionsOf(context, said, (challenge) =>
        generateAuthenticationOptions({
          ...{
            rpID: partyAt(context.place).rpId,
            challenge,
            timeout: timeoutMs,
            allowCredentials: [],
          },
          // Its finder knows no PIN of it.
          userVerification: 'discouraged',
        }),
      );
      return {
        ...{ kind: 'form', view: 'security-key/look-up' },
        ...{ title: say(securityKeyWords('look-up.title')), ...asked },
      };
    },

    read(_context, { credential }) {
      const response = readAssertion(credential);
      return response ? { kind: 'shown', token: response.id } : rejected('malformed');
    },

    async isFrom({ challenge: asked, enrollment, place }, { credential: typed }) {
      const response = readAssertion(typed);
      const credential = unpackCredential(enrollment.secret());
      if (!response || !asked || response.id !== idOf(credential)) return false;
      const checked = await checkAssertion(response, asked.challenge, credential, partyAt(place));
      return checked.kind === 'holds';
    },
  };
}
