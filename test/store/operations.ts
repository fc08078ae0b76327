import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { SecondFactorStore } from '../../src/contracts.js';

export type Step = (store: SecondFactorStore) => unknown;

const LIMITS = { free: 2, waits: [50, 400], stop: 5 };
const subject = fc.constantFrom('user1', 'user2');
const session = fc.constantFrom('s1', 's2');
const id = fc.constantFrom('one', 'two', 'three');
const method = fc.constantFrom('totp', 'other');
const token = fc.constantFrom('t1', 't2', 't3');
const lifetimeMs = fc.constantFrom(100, 300, 100_000);
const login = fc.constantFrom('a', 'b');
// Mostly the one that a subject begins with, so that answers are accepted too.
const epoch = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(3));

// Of a few, so that they meet; and of any.
const sealed = fc.oneof(
  fc.constantFrom(Uint8Array.of(7), Uint8Array.of(0, 255)),
  fc.uint8Array({ minLength: 1, maxLength: 64 }),
);

const digest = fc.constantFrom(1, 2, 3, 4, 5, 6).map((n) => ({
  keyId: Uint8Array.of(n % 2, 0, 0, 200),
  bytes: new Uint8Array(10).fill(n),
}));
const change = fc.record({
  value: fc.option(fc.record({ a: fc.string({ unit: 'binary-ascii', maxLength: 200 }) })),
  changedBy: fc.constantFrom('admin', 'root'),
  expectedVersion: fc.option(fc.nat(4)),
});

/** One operation, with the words that fast-check prints when two stores disagree; or a wait, in milliseconds. */
export const step = fc.oneof(
  fc.record({ subject, method, stoppable: fc.boolean() }).map((a) => ({
    words: `reserve ${JSON.stringify(a)}`,
    run: ((store) => store.reserveAttempt(a.subject, LIMITS, a)) as Step,
  })),
  fc
    .record({
      ...{ subject, method, stoppable: fc.boolean(), counted: fc.boolean() },
      accepted: fc.record({ enrollmentId: id, step: fc.integer({ min: -1, max: 5 }), epoch }),
      codes: fc.array(digest, { maxLength: 2 }),
    })
    .map(({ accepted, codes, ...a }) => ({
      words: `judge ${JSON.stringify({ ...a, accepted, codes })}`,
      run: ((store) =>
        store.judgeAttempt(a.subject, LIMITS, a, (reserved, on) => [
          ...[reserved, on.commitAttempt(accepted), on.spendRecoveryCode(codes, accepted.epoch)],
        ])) as Step,
    })),
  fc
    .record({ subject, enrollmentId: id, step: fc.option(fc.integer({ min: -1, max: 5 })), epoch })
    .map((a) => ({
      words: `commit ${JSON.stringify(a)}`,
      run: ((store) => store.commitAttempt(a.subject, a)) as Step,
    })),
  fc
    .record({
      subject,
      id,
      method,
      session,
      lifetimeMs,
      basis: fc.constantFrom(...(['first', 'activation-key', 'handover', 'proven'] as const)),
      activationKey: fc.option(digest),
      label: fc.constantFrom('Phone', 'Authenticator app', ''),
      parameters: fc.constantFrom('sha1/6/30', 'sha512/8/30'),
      sealed,
      restart: fc.boolean(),
      unlessPending: fc.boolean(),
    })
    .map(({ subject: who, restart, activationKey, unlessPending, ...a }) => ({
      words: `begin ${who} ${JSON.stringify({ restart, activationKey, unlessPending, ...a })}`,
      run: ((store) =>
        store.beginEnrollment(who, a, { restart, activationKey, unlessPending })) as Step,
    })),
  fc
    .record({
      ...{ subject, id, session, step: fc.nat(5), replaces: fc.option(id), epoch },
      label: fc.constantFrom('Phone', undefined),
      besides: fc.constantFrom(undefined, ['one'], ['one', 'two']),
      foundBy: fc.constantFrom(undefined, ['AAECAwQFBgc'], ['AAECAwQFBgc', 'x']),
      tenantId: fc.constantFrom('acme', 'globex'),
    })
    .map(({ subject: who, ...a }) => ({
      words: `confirm ${who} ${JSON.stringify(a)}`,
      run: ((store) => store.confirmEnrollment(who, a)) as Step,
    })),
  fc.record({ subject, id, expected: sealed, resealed: sealed }).map(({ subject: who, ...a }) => ({
    words: `reseal ${who} ${JSON.stringify(a)}`,
    run: ((store) => store.reseal(who, a.id, a.expected, a.resealed)) as Step,
  })),
  fc.record({ subject, id, label: fc.constantFrom('Tablet', 'totp') }).map((a) => ({
    words: `rename ${JSON.stringify(a)}`,
    run: ((store) => store.renameEnrollment(a.subject, a.id, a.label)) as Step,
  })),
  fc.record({ subject, id, epoch: fc.nat(3) }).map((a) => ({
    words: `unenroll ${JSON.stringify(a)}`,
    run: ((store) => store.unenroll(a.subject, a.id, a.epoch)) as Step,
  })),
  fc.record({ subject, epoch: fc.option(fc.nat(3), { nil: undefined }) }).map((a) => ({
    words: `raise ${JSON.stringify(a)}`,
    run: ((store) => store.raiseEpoch(a.subject, a.epoch)) as Step,
  })),
  subject.chain((who) =>
    fc
      .constantFrom('unlock' as const, 'deleteSubject' as const, 'voidPending' as const)
      .map((name) => ({
        words: `${name} ${who}`,
        run: ((store) => store[name](who)) as Step,
      })),
  ),
  fc.record({ subject, session }).map((a) => ({
    words: `resume ${JSON.stringify(a)}`,
    run: ((store) => store.resumeEnrollment(a.subject, a.session)) as Step,
  })),
  fc.record({ subject, digest, lifetimeMs }).map((a) => ({
    words: `put key ${JSON.stringify(a)}`,
    run: ((store) => store.putActivationKey(a.subject, a)) as Step,
  })),
  subject.map((who) => ({
    words: `revoke key ${who}`,
    run: ((store) => store.revokeActivationKey(who)) as Step,
  })),
  fc
    .record({
      subject,
      codes: fc.uniqueArray(digest, { maxLength: 6 }),
      epoch: fc.option(fc.nat(3), { nil: undefined }),
    })
    .map((a) => ({
      words: `codes ${JSON.stringify(a)}`,
      run: ((store) => store.replaceRecoveryCodes(a.subject, a.codes, a.epoch)) as Step,
    })),
  fc.record({ subject, codes: fc.array(digest, { maxLength: 2 }), epoch }).map((a) => ({
    words: `spend ${JSON.stringify(a)}`,
    run: ((store) => store.spendRecoveryCode(a.subject, a.codes, a.epoch)) as Step,
  })),
  fc.record({ subject, codes: fc.array(digest, { maxLength: 2 }) }).map((a) => ({
    words: `keep codes ${JSON.stringify(a)}`,
    run: ((store) => store.keepRecoveryCodes(a.subject, a.codes)) as Step,
  })),
  fc.record({ subject, change }).map((a) => ({
    words: `user setting ${JSON.stringify(a)}`,
    run: ((store) => store.writeUserSetting(a.subject, a.change)) as Step,
  })),
  change.map((a) => ({
    words: `setting ${JSON.stringify(a)}`,
    run: ((store) => store.writeSetting('acme', a)) as Step,
  })),
  subject.map((who) => ({
    words: `reset ${who}`,
    run: ((store) => store.reset(who)) as Step,
  })),
  fc.record({ session, subjectId: subject, epoch: fc.nat(9), login, lifetimeMs }).map((a) => ({
    words: `open ${JSON.stringify(a)}`,
    run: ((store) => store.openPending(a.session, { ...a, keepMs: 100_000 })) as Step,
  })),
  fc.record({ session, subjectId: subject, epoch: fc.nat(9), login }).map((a) => ({
    words: `prove ${JSON.stringify(a)}`,
    run: ((store) =>
      store.prove(a.session, {
        ...a,
        factors: [{ method: 'totp', enrollmentId: 'one', at: 7 }],
        lifetimeMs: 100_000,
      })) as Step,
  })),
  fc.record({ session, renewed: fc.boolean() }).map((a) => ({
    words: `end ${JSON.stringify(a)}`,
    run: ((store) => store.end(a.session, 100_000, a)) as Step,
  })),
  fc.record({ subject, id, token, lifetimeMs }).map(({ subject: who, ...a }) => ({
    words: `put device ${who} ${JSON.stringify(a)}`,
    run: ((store) =>
      store.putDevice(who, {
        ...a,
        tenantId: 'acme',
        label: 'é',
        method: 'totp',
        epoch: 1,
      })) as Step,
  })),
  fc.record({ subject, id, token, next: token }).map((a) => ({
    words: `use device ${JSON.stringify(a)}`,
    run: ((store) => store.useDevice(a.subject, { ...a, graceMs: 60 })) as Step,
  })),
  fc.record({ subject, id }).map((a) => ({
    words: `remove device ${JSON.stringify(a)}`,
    run: ((store) => store.removeDevice(a.subject, a.id)) as Step,
  })),
  fc.record({ id, sealed, lifetimeMs }).map((a) => ({
    words: `put transaction ${JSON.stringify(a)}`,
    run: ((store) => store.putTransaction(a.id, a.sealed, a.lifetimeMs)) as Step,
  })),
  fc.constantFrom('AAECAwQFBgc', 'x').map((one) => ({
    words: `holders ${one}`,
    run: ((store) => store.readHolders(one)) as Step,
  })),
  id.map((one) => ({
    words: `read transaction ${one}`,
    run: ((store) => store.readTransaction(one)) as Step,
  })),
  id.map((one) => ({
    words: `take transaction ${one}`,
    run: ((store) => store.takeTransaction(one)) as Step,
  })),
  fc.constantFrom(1, 60, 500).map((ms) => ({ words: `wait ${ms}`, run: ms })),
);

/** Runs the steps on two stores of one clock, which must answer the same and then hold the same. */
export async function assertSame(
  steps: readonly { readonly words: string; readonly run: Step | number }[],
  clock: { time: number },
  one: SecondFactorStore,
  other: SecondFactorStore,
): Promise<void> {
  for (const { words, run } of steps) {
    if (typeof run === 'number') {
      clock.time += run;
      continue;
    }
    assert.deepEqual(plain(await run(one)), plain(await run(other)), words);
    for (const who of ['user1', 'user2']) {
      assert.deepEqual(plain(await one.readSubject(who)), plain(await other.readSubject(who)));
      assert.deepEqual(plain(await one.readDevices(who)), plain(await other.readDevices(who)));
    }
    assert.deepEqual(plain(await one.readSetting('acme')), plain(await other.readSetting('acme')));
    for (const digest of ['s1', 's2']) {
      const there = await one.readAssurance(digest);
      assert.deepEqual(plain(there), plain(await other.readAssurance(digest)));
    }
  }
}

/** What a caller may rely on: bytes as numbers, and of an authenticator only its own fields, in any order. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) {
    const all = value.map(plain) as { id?: string }[];
    return all.sort((a, b) => String(a?.id).localeCompare(String(b?.id)));
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, one]) => [name, plain(one)] as const);
  return Object.fromEntries(entries);
}
