import { randomUUID } from 'node:crypto';
import type { Request } from 'express';
import { z } from 'zod';
import type { Audit } from '../audit/events.js';
import { isThenable, together } from '../awaitable.js';
import { checkOptions, durationOption, optionsObject, shown } from '../check-options.js';
import type { Awaitable, Keyring, Policy, SecondFactorStore, Subject } from '../contracts.js';
import { withDeadline } from '../deadline.js';
import { RequestError, SallyportError, UnavailableError } from '../errors.js';
import { type Assurance, type CheckConfig, provenBy } from '../gate/check.js';
import { type Decision, decide, freshFactors, isProof } from '../gate/decide.js';
import type { Facts } from '../gate/facts.js';
import { readSubject } from '../gate/identify.js';
import { type RecordReaderConfig, recordReader } from '../gate/record-reader.js';
import type { Inspector } from '../gate/situation.js';
import { message } from '../messages/english.js';
import type { ResolvePolicy } from '../policy/resolve.js';
import type { Duration } from '../time.js';

export interface IssueOptions {
  /** The token's lifetime; by default that of a proof (`maxAge` of the door). */
  readonly maxAge?: Duration;
}

/** A new token, which is stored nowhere. */
export interface IssuedToken {
  /** The text for `Authorization: Bearer`, about 500 characters of base64url. */
  readonly token: string;
  /** Identifies the token in a list of yours, to revoke single tokens. */
  readonly id: string;
  readonly expiresAt: Date;
}

/** The result of checking a token. `subject` is there only while it is valid. */
export type TokenCheck<S extends Subject = Subject> =
  | {
      readonly valid: true;
      readonly why: Extract<Decision, { kind: 'pass' }>['why'];
      readonly id: string;
      readonly subject: S;
      readonly policy: Policy;
      /** The proofs of the token that still count. */
      readonly assurance: Assurance;
      /** When it ends, by its lifetime or by the policy. */
      readonly expiresAt: Date;
    }
  | {
      readonly valid: false;
      /**
       * `unreadable`: this door has not made it, or no longer has the key. `expired`. `unknown-subject`: `find` gave
       * nobody. `moved`: it was made in another organization. Otherwise what a decision says: `session-ended` after a
       * reset, a changed password and whatever else ends sessions; `not-proven`, `required`, `method-not-accepted`
       * where the policy asks for more than was proven.
       */
      readonly why:
        | ('unreadable' | 'expired' | 'unknown-subject' | 'moved')
        | Exclude<Decision, { kind: 'pass' }>['why'];
      readonly subject: null;
    };

/** For programs that use a bearer token instead of a session. */
export interface Tokens<S extends Subject = Subject> {
  /**
   * Makes a token from what this session has proven: call it behind `door.require()`. It is sealed with the door's
   * keys, and holds the subject, the organization, the proofs and the epoch. Rejects with `RequestError` 401 without
   * a proof that a token can carry (a remembered device is none), with ERR_OPTION, and like `check`.
   * @example const { token } = await door.token.issue(req, { maxAge: '90d' });
   */
  issue(req: Request, options?: IssueOptions): Promise<IssuedToken>;
  /**
   * Whether a token would pass the gate now like a session: sealed by this door, in time, of a subject whose sessions
   * have not been ended since, and with proofs that the present policy accepts. `find` gives the subject of an id, or
   * null for a removed or disabled one. A token may be any value. Rejects with `UnavailableError` when it cannot be
   * told: answer 503, and let nobody in.
   * @example const { valid, subject } = await door.token.check(bearer, (id) => users.subjectOf(id));
   */
  check(
    token: unknown,
    find: (id: string, tenantId: string) => Awaitable<S | null>,
  ): Promise<TokenCheck<S>>;
}

export interface TokensConfig extends Pick<RecordReaderConfig, 'takeOver'> {
  readonly inspector: Pick<Inspector, 'inspectFurther'>;
  readonly store: Pick<SecondFactorStore, 'readSubject' | 'refreshSubject' | 'now'>;
  readonly resolvePolicy: ResolvePolicy;
  readonly keyring: Keyring;
  readonly audit: Audit;
  /** The door's address: tokens of another door are not valid here. */
  readonly origin: string;
  readonly path: string;
  readonly backups: Facts['backups'];
  readonly maxAgeMs: number;
  /** Deadline of `find`. */
  readonly findTimeoutMs: number;
  readonly isPhishingResistant: CheckConfig['isPhishingResistant'];
}

/** Longer than any token that we make; longer values are refused unread. */
const MAX_LENGTH = 8192;

const sealedFactor = z.strictObject({
  method: z.string(),
  enrollmentId: z.string(),
  at: z.number(),
  via: z.string().optional(),
});

const sealedToken = z.strictObject({
  id: z.string(),
  subject: z.string(),
  tenant: z.string(),
  epoch: z.number(),
  factors: z.array(sealedFactor),
  postponedUntil: z.number().nullable(),
  expiresAt: z.number(),
});

type SealedToken = z.infer<typeof sealedToken>;

export function tokens({
  takeOver,
  inspector,
  store,
  resolvePolicy,
  keyring,
  audit,
  origin,
  path,
  backups,
  maxAgeMs,
  findTimeoutMs,
  isPhishingResistant,
}: TokensConfig): Tokens {
  const sealedFor = JSON.stringify(['token', origin, path]);
  const recordOf = recordReader({ store, takeOver: takeOver ?? null });
  const issueOptions = optionsObject({ maxAge: durationOption('90d').default(maxAgeMs) });

  /** A token counts as a session of its own, limited by its epoch and its end; a logout does not end it. */
  function factsOf(
    { id, subject: subjectId, tenant, epoch, factors, postponedUntil, expiresAt }: SealedToken,
    now: Pick<Facts, 'policy' | 'record'>,
  ): Facts {
    // A subject that this store never had belongs to another door: with a lookup, two doors may have the same
    // address.
    const { enrollments } = now.record;
    const own = factors.filter(
      ({ method, enrollmentId }) =>
        backups.includes(method) || enrollments.some((one) => one.id === enrollmentId),
    );
    const proven = {
      state: 'proven',
      subjectId,
      epoch,
      login: id,
      factors: own,
      expiresAt,
    } as const;
    return {
      ...now,
      ...{ subjectId, tenantId: tenant, backups, postponedUntil },
      // A sign-in proof belongs to the session and is not carried over.
      signIns: undefined,
      assurance: own.length > 0 ? proven : null,
      now: store.now(),
      login: { id, session: '', subject: subjectId, epoch, until: null },
      maxAgeMs: Number.POSITIVE_INFINITY,
      pendingMaxAgeMs: 0,
      stepUp: null,
    };
  }

  function opened(token: unknown): SealedToken | null {
    if (typeof token !== 'string' || token.length > MAX_LENGTH || !/^[\w-]+$/.test(token))
      return null;
    try {
      const plain = keyring.open(Buffer.from(token, 'base64url'), sealedFor);
      return sealedToken.parse(JSON.parse(Buffer.from(plain).toString()));
    } catch {
      return null;
    }
  }

  async function found(
    { subject, tenant }: SealedToken,
    find: (id: string, tenantId: string) => unknown,
  ): Promise<Subject | null> {
    let answer: unknown;
    try {
      const given = find(subject, tenant);
      answer = isThenable(given)
        ? await withDeadline(Promise.resolve(given), findTimeoutMs)
        : given;
    } catch (cause) {
      throw new UnavailableError('ERR_SUBJECT', 'find(id) of token.check failed', { cause });
    }
    const one = readSubject(answer, 'find(id) of token.check');
    if (!one || one.id === subject) return one;
    throw new UnavailableError(
      'ERR_SUBJECT',
      `find(id) of token.check gave another subject than the one asked for: ${shown(one.id)} in the place of ${shown(subject)}`,
    );
  }

  return {
    async issue(req, options = {}) {
      const { maxAge } = checkOptions(options, issueOptions, { name: 'token.issue' });
      const situation = await inspector.inspectFurther(req);
      if (situation.kind === 'anonymous' || situation.decision.kind === 'deny') {
        throw new RequestError(401, 'authentication_required', message('gate.sign-in-first'));
      }
      const { subject, facts } = situation;
      const made: SealedToken = {
        ...{ id: randomUUID(), subject: subject.id, tenant: subject.tenantId },
        epoch: facts.record.epoch,
        factors: freshFactors(facts)
          .filter(isProof)
          .map(({ method, enrollmentId, at, via }) => ({
            ...{ method, enrollmentId, at },
            ...(via !== undefined && { via }),
          })),
        postponedUntil: facts.postponedUntil,
        expiresAt: facts.now + maxAge,
      };
      if (decide(factsOf(made, facts)).kind !== 'pass') {
        throw new RequestError(401, 'second_factor_required', message('gate.confirm-again'));
      }
      const plain = Buffer.from(JSON.stringify(made));
      const expiresAt = new Date(made.expiresAt);
      audit.record('token.issued', {
        ...{ subject, from: req },
        detail: message('event.detail.token', { id: made.id, until: expiresAt.toISOString() }),
      });
      const token = Buffer.from(keyring.seal(plain, sealedFor)).toString('base64url');
      return { token, id: made.id, expiresAt };
    },

    async check(token, find) {
      if (typeof find !== 'function') {
        throw new SallyportError(
          'ERR_OPTION',
          `token.check takes a function (id) => subject or null, got ${shown(find)}`,
        );
      }
      const read = opened(token);
      if (!read) return refused('unreadable');
      if (read.expiresAt <= store.now()) return refused('expired');
      const subject = await found(read, find);
      if (!subject) return refused('unknown-subject');
      if (subject.tenantId !== read.tenant) return refused('moved');
      const [policy, atHand] = await together(
        () => resolvePolicy(subject),
        () => recordOf(subject),
      );
      // Made on another process, whose changes this one has not read yet.
      const isBehind = atHand.epoch < read.epoch;
      const record = isBehind ? await store.refreshSubject(subject.id) : atHand;
      const facts = factsOf(read, { policy, record });
      const decision = decide(facts);
      if (decision.kind !== 'pass') return refused(decision.why);
      const { factors, expiresAt } = provenBy(facts, isPhishingResistant);
      return {
        ...{ valid: true, why: decision.why, id: read.id, subject, policy },
        assurance: factors,
        expiresAt: expiresAt ?? new Date(read.expiresAt),
      };
    },
  };
}

function refused(why: Extract<TokenCheck, { valid: false }>['why']): TokenCheck {
  return { valid: false, why, subject: null };
}
