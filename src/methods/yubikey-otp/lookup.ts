import type { MethodLookup, MethodServices } from '../../contracts.js';
import { rejected } from '../ask.js';
import { readOtp } from './otp.js';
import { yubikeyWords } from './words.js';

/**
 * A found key says which one it is by whatever it types. Nobody is asked whether the code is right: that says no more,
 * to an administrator who reads the serial numbers of these keys anyway.
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
