import assert from 'node:assert/strict';
import { generateRegistrationOptions, verifyRegistrationResponse } from '@simplewebauthn/server';
import { type SoftwareKeyOptions, softwareKey } from 'sallyport/testing';
import { ORIGIN } from './app.js';

const RP_ID = 'localhost';

/** An app of before that has a key registered with @simplewebauthn, and what it keeps of it. */
export async function registered(
  options: Partial<SoftwareKeyOptions> = {},
  userId = 'handle of before',
) {
  const key = softwareKey({ origin: ORIGIN, ...options });
  const asked = await generateRegistrationOptions({
    ...{ rpName: 'Before', rpID: RP_ID, userName: 'user1', userID: Buffer.from(userId) },
    supportedAlgorithmIDs: [-7, -8, -257],
  });
  const { registrationInfo: kept } = await verifyRegistrationResponse({
    response: JSON.parse(key.create(asked)),
    ...{ expectedChallenge: asked.challenge, expectedOrigin: ORIGIN, expectedRPID: RP_ID },
    requireUserVerification: false,
  });
  assert.ok(kept);
  const { id, publicKey, counter, transports = [] } = kept.credential;
  const item = {
    ...{ id, publicKey: Buffer.from(publicKey).toString('base64url'), counter, transports },
    ...{ deviceType: kept.credentialDeviceType, backedUp: kept.credentialBackedUp },
    ...{ aaguid: kept.aaguid, userHandle: asked.user.id },
  };
  return { key, item };
}
