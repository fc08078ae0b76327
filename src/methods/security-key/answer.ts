import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import { z } from 'zod';

/** Room for an attestation with its certificates. */
export const ANSWER_LENGTH = 12_000;

const base64url = z.string().regex(/^[A-Za-z0-9_-]+$/);
// WebAuthn §5.8.3: a credential's id is at most 1023 bytes.
const id = base64url.max(1364);
const shared = { id, rawId: id, type: z.literal('public-key') };
/** We ask for no extensions. */
const NO_EXTENSIONS = { clientExtensionResults: {} } as const;

const assertionSchema = z.object({
  ...shared,
  response: z.object({
    clientDataJSON: base64url,
    authenticatorData: base64url,
    signature: base64url,
    userHandle: base64url.nullish(),
  }),
});

const attestationSchema = z.object({
  ...shared,
  response: z.object({
    clientDataJSON: base64url,
    attestationObject: base64url,
    transports: z.array(z.string().max(32)).max(10).nullish(),
  }),
});

type Parsed<Schema extends z.ZodType> = z.infer<Schema>;

/** What a browser says of a key that is proven; null for what is no such answer. */
export function readAssertion(typed: unknown): AuthenticationResponseJSON | null {
  const found = read(typed, assertionSchema);
  if (!found) return null;
  const { userHandle, ...response } = found.response;
  return {
    ...found,
    ...NO_EXTENSIONS,
    response: { ...response, ...(userHandle && { userHandle }) },
  };
}

/** What it says of a new one. */
export function readAttestation(typed: unknown): RegistrationResponseJSON | null {
  const found = read(typed, attestationSchema);
  if (!found) return null;
  const { transports, ...response } = found.response;
  return {
    ...found,
    ...NO_EXTENSIONS,
    response: { ...response, ...(transports && { transports }) },
  };
}

function read<Schema extends z.ZodType>(typed: unknown, schema: Schema): Parsed<Schema> | null {
  if (typeof typed !== 'string') return null;
  try {
    return schema.safeParse(JSON.parse(typed)).data ?? null;
  } catch {
    return null;
  }
}
