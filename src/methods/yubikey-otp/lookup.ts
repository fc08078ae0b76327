import type { MethodLookup, MethodServices } from '../../contracts.js';
import { rejected } from '../ask.js';
import { readOtp } from './otp.js';
import { yubikeyWords } from './words.js';

/**
 * A found key identifies itself by any code that it types. No server is asked whether the code is right, which would
 * tell an administrator no more, since serial numbers are printed on the keys.
 */
export function yubikeyLookup(say: MethodServices['say']): MethodLookup {
  return {
    tokens: ({ secret }) => [Buffer.from(secret).toString()],

    prompt: () => ({
      ...{ kind: 'form', title: say(yubikeyWords('look-up.title')) },
      locals: {
        heading: say(yubikeyWords('look-up.title')),
        text: say(yubikeyWords('look-up.text')),
      },
    }),

    read(_context, { code }) {
      const read = readOtp(code);
      return read ? { kind: 'shown', token: read.publicId } : rejected('malformed');
    },
  };
}
