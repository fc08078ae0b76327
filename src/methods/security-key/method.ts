import { generateAuthenticationOptions, generateRegistrationOptions } from '@simplewebauthn/server';
import type { Method, Subject } from '../../contracts.js';
import { message } from '../../messages/english.js';
import { packagedFile } from '../../packaged-file.js';
import { rejected } from '../ask.js';
import type { MethodPlan } from '../pages.js';
import { ANSWER_LENGTH, readAssertion, readAttestation } from './answer.js';
import { type Asked, newChallenge, optionsOf, scriptWords } from './asked.js';
import { ALGORITHMS, checkAssertion, checkAttestation } from './ceremony.js';
import { type Credential, formatFacts, type KeyFacts, packCredential } from './credential.js';
import { securityKeyImport } from './imports.js';
import { securityKeyLookup } from './lookup.js';
import { vouching, warnOfOld } from './metadata/vouching.js';
import { MODELS } from './models.js';
import { parseSecurityKeyOptions, type SecurityKeyOptions } from './options.js';
import { descriptorOf, domainsOf, idOf, isNamed, opened, worksAt } from './own-key.js';
import { securityKeySection } from './section.js';
import { securityKeySettings } from './settings.js';
import { askable, lacksVerification, notTaken, refused, taken, verificationOf } from './taken.js';
import { SECURITY_KEY_WORDS, securityKeyWords } from './words.js';

declare module '../../contracts/subject.js' {
  interface MethodNames {
    'security-key': true;
  }
}

export const SECURITY_KEY = {
  name: 'security-key',
  title: 'Passkey or security key',
  atMost: 20,
} as const;
const CHALLENGE_MS = 5 * 60 * 1000;

/**
 * Passkeys and security keys (WebAuthn Level 3), those of the days of U2F too. Nothing can be guessed here, and a
 * page of another domain gets nothing. Throws ERR_OPTION.
 * @example sallyport({ methods: [securityKey({ rpId: 'example.com' }), totp(), recoveryCodes()] })
 */
export function securityKey(options: SecurityKeyOptions = {}): MethodPlan {
  const parsed = parseSecurityKeyOptions(options);
  return (door) => {
    const { keyring, say } = door;
    const { timeoutMs, partyAt, perAddress, related, metadata } = parsed(door);
    const vouched = vouching(metadata);
    if (metadata) warnOfOld(metadata, door.store.now());

    /** What a passkey knows its person by: says nothing of them, and is the same for all of their keys. */
    const handleOf = ({ id }: Subject) =>
      Uint8Array.from(keyring.digest(id, HANDLE, HANDLE_BYTES).bytes);

    return {
      ...SECURITY_KEY,
      words: SECURITY_KEY_WORDS,
      throttle: 'none',
      phishingResistant: true,
      challengeMs: CHALLENGE_MS,
      challengeUse: 'once',
      answer: { credential: { maxLength: ANSWER_LENGTH } },
      views: ['challenge', 'activate', 'look-up', 'setting', 'floor'].map(
        (view) => `security-key/${view}`,
      ),
      imports: securityKeyImport,
      settings: securityKeySettings(metadata !== null),
      section: securityKeySection(metadata, door.store.now),
      lookup: securityKeyLookup({ partyAt, timeoutMs, say }),
      ...(related.length > 0 && { wellKnown: { webauthn: { origins: related } } }),
      script: packagedFile('security-key/security-key.js'),
      needsBrowser: 'PublicKeyCredential',

      wellFormed: ({ credential }) =>
        readAssertion(credential) !== null || readAttestation(credential) !== null,

      start: newChallenge,

      async prompt(context) {
        const { policy } = context;
        const party = partyAt(context.place);
        const found = askable(await context.openEnrollments(), policy);
        const all = found.map(opened);
        const keys = all.filter((one) => worksAt(one, party));
        // Without one to name, a browser would offer whatever it has for this domain.
        const reachable = keys.length > 0 ? context : { challenge: null };
        const asked = await optionsOf(reachable, scriptWords(say), (challenge) =>
          generateAuthenticationOptions({
            ...{ rpID: party.rpId, challenge, timeout: timeoutMs },
            userVerification: verificationOf(policy, found),
            allowCredentials: keys.map(descriptorOf),
          }),
        );
        return {
          ...{
            kind: 'form',
            view: 'security-key/challenge',
            title: say(securityKeyWords('challenge.title')),
            ...asked,
            locals: { ...asked.locals, elsewhere: keys.length > 0 ? [] : domainsOf(all) },
          },
        };
      },

      async verify(
        { challenge: asked, enrollments, subject, policy, place },
        { credential: typed },
      ) {
        const response = readAssertion(typed);
        if (!response || !asked) return rejected('malformed');
        const { userHandle } = response.response;
        const own = enrollments.map(opened).find((one) => idOf(one.credential) === response.id);
        const counts = askable(enrollments, policy).some(({ id }) => id === own?.id);
        if (own && !counts) return notTaken(own.facts, policy, vouched.ofKnown(own.facts, policy));
        if (!own) return refused('wrong-code', 'not-yours', 'not a key of theirs');
        if (userHandle && !isNamed(own, userHandle, handles(subject))) {
          return refused('wrong-code', 'not-yours', 'user handle');
        }
        const checked = await checkAssertion(
          response,
          asked.challenge,
          own.credential,
          partyAt(place),
        );
        if (checked.kind === 'fails') return rejected('wrong-code', checked.detail);
        const { count, facts } = checked;
        if (lacksVerification(own, facts, policy)) {
          return refused('not-accepted', 'unverified', 'user not verified');
        }
        if (!own.facts.unknown && facts.backupEligible !== own.facts.backupEligible) {
          return rejected('wrong-code', 'backup eligibility');
        }
        if (count <= own.lastCount && (count > 0 || own.lastCount > 0)) {
          const detail = `sign count ${count} after ${own.lastCount}`;
          return { ...refused('denied', 'copied', detail), copied: own.id };
        }
        const { aaguid, attested = false } = own.facts;
        const userVerified = own.facts.userVerified || facts.userVerified;
        const parameters = formatFacts({ ...facts, aaguid, userVerified, attested });
        return {
          ...{ kind: 'accepted', enrollmentId: own.id, detail: presence(facts) },
          ...(count > 0 && { step: count }),
          ...(parameters !== formatFacts(own.facts) && { keep: { parameters } }),
        };
      },

      enrollment: {
        // What is kept is known when it is confirmed.
        begin: () => ({}),

        async prompt(context) {
          const { subject, issuer, account, policy } = context;
          // One that counts no longer may be activated anew, e.g. after it was given a PIN.
          const keys = (await context.openEnrollments()).filter(taken(policy)).map(opened);
          const asked = await optionsOf(context, scriptWords(say), (challenge) =>
            generateRegistrationOptions({
              ...{
                rpID: partyAt(context.place).rpId,
                rpName: issuer,
                challenge,
                timeout: timeoutMs,
              },
              ...{ userID: handleOf(subject), userName: account, userDisplayName: account },
              // Browsers hide the model of a key otherwise, and ask the person about it.
              attestationType: policy['security-key']?.models ? 'direct' : 'none',
              excludeCredentials: keys.map(descriptorOf),
              supportedAlgorithmIDs: [...ALGORITHMS],
              authenticatorSelection: {
                residentKey: 'preferred',
                userVerification: verificationOf(policy, 'new'),
              },
            }),
          );
          return {
            ...{
              kind: 'form',
              view: 'security-key/activate',
              title: say(message('activate.title')),
            },
            ...asked,
          };
        },

        async confirm(
          { challenge: asked, enrollments, policy, place, now },
          { credential: typed },
        ) {
          const response = readAttestation(typed);
          if (!response || !asked) return rejected('malformed');
          const party = partyAt(place);
          const checked = await checkAttestation(response, asked.challenge, party);
          if (checked.kind === 'fails') return rejected('wrong-code', checked.detail);
          const { credential, count } = checked;
          const { attested, fault } = vouched.ofNew(checked, policy, now);
          const facts = { ...checked.facts, attested };
          const parameters = formatFacts(facts);
          if (!taken(policy)({ parameters })) return notTaken(facts, policy, fault);
          const id = idOf(credential);
          if (enrollments.some((one) => idOf(opened(one).credential) === id)) {
            return refused('denied', 'activated', 'activated already');
          }
          return {
            ...{ kind: 'accepted', step: count, detail: presence(facts) },
            suggestedLabel:
              MODELS[facts.aaguid] ?? say(securityKeyWords(`named.${kindOf(credential, facts)}`)),
            keep: {
              secret: packCredential({ ...credential, ...(perAddress && { rpId: party.rpId }) }),
              parameters,
            },
          };
        },
      },
    } satisfies Method<Asked>;

    function handles({ id }: Subject): readonly string[] {
      return keyring
        .digests(id, HANDLE, HANDLE_BYTES)
        .map(({ bytes }) => Buffer.from(bytes).toString('base64url'));
    }
  };
}

const HANDLE = 'security-key user';
const HANDLE_BYTES = 32;

function presence({ userVerified }: Pick<KeyFacts, 'userVerified'>): string {
  return userVerified ? 'user verified' : 'user present';
}

function kindOf({ transports }: Credential, { backupEligible }: KeyFacts): 'passkey' | 'key' {
  return backupEligible || transports.includes('internal') ? 'passkey' : 'key';
}
