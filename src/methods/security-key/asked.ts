import { randomBytes } from 'node:crypto';
import type { MethodServices } from '../../contracts.js';
import type { OwnLocals } from './locals.js';
import { SCRIPT_WORDS, securityKeyWords } from './words.js';

const CHALLENGE_BYTES = 32;

/** One challenge, base64url. */
export interface Asked {
  readonly challenge: string;
}

export function newChallenge(): Asked {
  return { challenge: randomBytes(CHALLENGE_BYTES).toString('base64url') };
}

/** What its script says itself. */
export function scriptWords(say: MethodServices['say']): Readonly<Record<string, string>> {
  return Object.fromEntries(
    SCRIPT_WORDS.map((name) => [name, say(securityKeyWords(`script.${name}`))]),
  );
}

/** What the script is given, and a program: the same. Nobody is asked while another request makes the challenge. */
export async function optionsOf(
  { challenge: asked }: { readonly challenge: Asked | null },
  said: Readonly<Record<string, string>>,
  make: (challenge: Uint8Array<ArrayBuffer>) => Promise<object>,
): Promise<{ readonly locals: OwnLocals; readonly json: Readonly<Record<string, unknown>> }> {
  const publicKey =
    asked && (await make(Uint8Array.from(Buffer.from(asked.challenge, 'base64url'))));
  return {
    locals: {
      options: publicKey && JSON.stringify(publicKey),
      said: JSON.stringify(said),
    },
    json: { publicKey },
  };
}
