import {
  type AuthenticationResponseJSON,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { decodeClientDataJSON, verifySignature } from '@simplewebauthn/server/helpers';
import { type Credential, isTransport, type KeyFacts } from './credential.js';
import type { Party } from './options.js';

/** COSE: ES256 for nearly all, EdDSA, and RS256 for TPMs. */
export const ALGORITHMS = [-7, -8, -257] as const;

/** Well-formed, of nothing: an ECDSA signature in DER, and for the others bytes as good as any. */
const NO_SIGNATURE = {
  signature: Uint8Array.of(0x30, 6, 2, 1, 1, 2, 1, 1),
  data: new Uint8Array(),
} as const;

/** An answer that holds, or why it does not: a few words for the event. */
export type Checked<T> =
  | ({ readonly kind: 'holds' } & T)
  | { readonly kind: 'fails'; readonly detail: string };

/** WebAuthn §7.1, by the library: a new key. */
export async function checkAttestation(
  response: RegistrationResponseJSON,
  challenge: string,
  { rpId, origins }: Party,
): Promise<
  Checked<{
    readonly credential: Credential;
    readonly facts: KeyFacts;
    readonly count: number;
    /** As it came, for whoever vouches for the model. */
    readonly attestation: Uint8Array;
  }>
> {
  try {
    refuseFramed(response.response.clientDataJSON);
    const { verified, registrationInfo: made } = await verifyRegistrationResponse({
      response,
      ...{ expectedChallenge: challenge, expectedOrigin: [...origins], expectedRPID: rpId },
      ...{ requireUserVerification: false, supportedAlgorithmIDs: [...ALGORITHMS] },
    });
    if (!verified || made.credential.id !== response.id) return fails('attestation');
    const { id, publicKey, counter, transports = [] } = made.credential;
    // Throws for a public key that could check nothing, and would lock its owner out.
    await verifySignature({ ...NO_SIGNATURE, credentialPublicKey: publicKey });
    return {
      kind: 'holds',
      count: counter,
      attestation: made.attestationObject,
      facts: {
        aaguid: made.aaguid,
        userVerified: made.userVerified,
        backupEligible: made.credentialDeviceType === 'multiDevice',
        backedUp: made.credentialBackedUp,
      },
      credential: {
        id: Buffer.from(id, 'base64url'),
        publicKey,
        transports: transports.filter(isTransport),
      },
    };
  } catch (error) {
    return fails(reasonOf(error));
  }
}

/** WebAuthn §7.2: a key that is known. What its count says is for the caller, who knows the last one. */
export async function checkAssertion(
  response: AuthenticationResponseJSON,
  challenge: string,
  { id, publicKey }: Credential,
  { rpId, origins }: Party,
): Promise<Checked<{ readonly facts: Omit<KeyFacts, 'aaguid'>; readonly count: number }>> {
  try {
    refuseFramed(response.response.clientDataJSON);
    const { verified, authenticationInfo: found } = await verifyAuthenticationResponse({
      response,
      ...{ expectedChallenge: challenge, expectedOrigin: [...origins], expectedRPID: rpId },
      requireUserVerification: false,
      // The library would look at the count before the signature: anybody could make a count go back.
      credential: {
        id: Buffer.from(id).toString('base64url'),
        publicKey: Uint8Array.from(publicKey),
        counter: 0,
      },
    });
    if (!verified) return fails('signature');
    return {
      kind: 'holds',
      count: found.newCounter,
      facts: {
        userVerified: found.userVerified,
        backupEligible: found.credentialDeviceType === 'multiDevice',
        backedUp: found.credentialBackedUp,
      },
    };
  } catch (error) {
    return fails(reasonOf(error));
  }
}

/** Our pages are never shown in a frame, so no answer comes from one. */
function refuseFramed(clientDataJSON: string): void {
  if (decodeClientDataJSON(clientDataJSON).crossOrigin) throw new Error('crossOrigin');
}

function fails(detail: string): { readonly kind: 'fails'; readonly detail: string } {
  return { kind: 'fails', detail };
}

const REASONS: readonly (readonly [RegExp, string])[] = [
  [/\((Packed|FIDOU2F|TPM|AndroidKey|Apple|SafetyNet)\b/, 'attestation'],
  [/crossOrigin|top origin/i, 'framed'],
  [/response type/i, 'type'],
  [/response challenge/i, 'challenge'],
  [/response origin/i, 'origin'],
  [/RP ID/i, 'RP ID'],
  [/not present/i, 'user presence'],
  [/public key alg/i, 'algorithm'],
];

/** The library says it in words for its caller, with what was sent in them: an event has a word of ours. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  return REASONS.find(([pattern]) => pattern.test(message))?.[1] ?? 'unreadable';
}
