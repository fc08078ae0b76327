import assert from 'node:assert/strict';
import { recoveryCodes } from 'sallyport';
import { authenticator } from 'sallyport/testing';
import { keyring } from '../../src/crypto/keyring.js';
import { ATTEMPT_LIMITS } from '../../src/methods/attempt-limits.js';
import { newKey, sallyport } from '../support/cli.js';
import { HEX, importCommand, KEY } from '../support/import-command.js';
import { bound } from '../support/methods.js';
import { parsePolicy } from '../support/policy.js';

describe('npx sallyport import, of users', () => {
  const { key, file, place, save, run, fresh } = importCommand();

  const user = (id: string, totp: unknown[]) => ({ subject: { id, tenantId: 'acme' }, totp });
  const write = (...lines: unknown[]) =>
    save(
      `${lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')}\n`,
    );

  it('takes over each once, also when it is run again, and tells of each line', async () => {
    write(
      ...Array.from({ length: 120 }, (_, at) =>
        user(`user${at}`, [{ secret: KEY, name: 'Phone' }]),
      ),
    );
    const first = await run();
    assert.equal(first.code, 0, first.err);
    assert.match(first.out, /^1: user0: totp added$/m);
    assert.match(
      first.out,
      /Entries: 120\. Added: 120\. There already: 0\. Left out: 0\. Refused: 0\./,
    );
    assert.doesNotMatch(first.out + first.err, new RegExp(KEY));
    const again = await run();
    assert.match(again.out, /Added: 0\. There already: 120\./);
    const record = await fresh().readSubject('user119');
    assert.deepEqual(
      record.enrollments.map(({ label }) => label),
      ['Phone'],
    );
    assert.equal(record.epoch, 0);
    const [event] = await fresh().readEvents('acme', { before: null, limit: 1 });
    assert.deepEqual([event?.type, event?.actorId], ['enrollment.imported', 'cli']);
  });

  it('passes over what is wrong, says which line and why, and ends with 1', async () => {
    write(
      user('one', [{ secret: KEY }]),
      user('two', [{ secret: 'not base32!' }]),
      '{"subject":',
      user('three', [{ secret: KEY, digits: 7 }]),
      user('four', [{ secret: KEY }]),
    );
    const { code, out, err } = await run();
    assert.equal(code, 1);
    assert.match(out, /^2: two: refused: .*totp\[0\]: totp\.secret is not written in base32$/m);
    assert.match(out, /^3: refused: it must be \{"subject"/m);
    assert.match(out, /^4: three: refused: .*totp\.0\.digits/m);
    assert.match(err, /3 of 5 entries are not right/);
    assert.equal((await fresh().readSubject('four')).enrollments.length, 1);
    assert.equal((await fresh().readSubject('two')).enrollments.length, 0);
    assert.doesNotMatch(out + err, /not base32!/);
  });

  it('passes over a wrong first line as well, and takes an organization that is not named', async () => {
    write({ subject: { id: 7, tenantId: 'acme' }, totp: [{ secret: KEY }] }, '', {
      subject: { id: '8' },
      totp: [{ secret: KEY }],
    });
    const { code, out } = await run();
    assert.equal(code, 1);
    assert.match(out, /^1: refused: it must be \{"subject"/m);
    assert.match(out, /^3: 8: totp added$/m);
    const [event] = await fresh().readEvents('default', { before: null, limit: 1 });
    assert.equal(event?.subjectId, '8');
  });

  it('tells whom it concerns so that no line can be forged', async () => {
    write(user('one\n2: two: totp added', [{ secret: KEY }]));
    const { out } = await run();
    assert.doesNotMatch(out, /^2: two/m);
  });

  it('reads a file in a dry run without a store and without keys', async () => {
    write(user('one', [{ secret: KEY }]));
    const { code, out, err } = await sallyport(['import', file, '--dry-run'], { env: {} });
    assert.equal(code, 0, err);
    assert.match(out, /^1: one: totp$/m);
  });

  it('writes nothing in a dry run', async () => {
    write(user('one', [{ secret: KEY }]));
    const { code, out } = await run('--dry-run');
    assert.equal(code, 0);
    assert.match(out, /^1: one: totp$/m);
    assert.match(out, /Nothing was taken over: this was a dry run\./);
    assert.equal((await fresh().readSubject('one')).enrollments.length, 0);
  });

  it('leaves whoever was reset here as they are', async () => {
    write(user('one', [{ secret: KEY }]));
    await run();
    await sallyport(['reset', 'acme', 'one', ...place()], { env: {} });
    assert.match(
      (await run()).out,
      /^1: one: left out, since something was removed or reset here$/m,
    );
    assert.equal((await fresh().readSubject('one')).enrollments.length, 0);
  });

  it('tells by one person’s code which encoding is right', async () => {
    write(user('one', [{ secret: HEX, encoding: 'base64' }]));
    const code = authenticator(KEY).code();
    const right = await run('--sample', `one:${code}`);
    assert.equal(right.code, 0, right.err);
    assert.match(right.out, /^totp\[0\]: this code is right where the secret is read as hex$/m);
    assert.equal((await fresh().readSubject('one')).enrollments.length, 0);
    const wrong = await run('--sample', `one:${authenticator(KEY).wrongCode()}`);
    assert.match(wrong.out, /right in no encoding/);
    assert.equal(wrong.code, 1);
    assert.equal((await run('--sample', 'nobody:123456')).code, 1);
    assert.equal((await run('--sample', 'one')).code, 2);
  });

  it('takes hashes of recovery codes, which a newer key seals again, and no code twice', async () => {
    const hashes = [{ hash: 'sha256$0011223344' }, { hash: 'sha256$5566778899' }];
    write({ ...user('one', [{ secret: KEY }]), recoveryCodes: hashes });
    assert.match((await run('--dry-run')).out, /^1: one: totp, recovery-code$/m);
    assert.match((await run()).out, /^1: one: totp added, recovery-code added$/m);
    assert.match((await run()).out, /^1: one: totp present, recovery-code present$/m);
    const newest = newKey();
    const env = { SALLYPORT_KEYS: `${newest},${key}` };
    const { out } = await sallyport(['reseal', ...place()], { env });
    assert.match(out, /^Sealed again: 2\./);
    assert.match(out, /still holds 2 recovery codes: keep it/);
    const { code, out: healthy } = await sallyport(['doctor', ...place()], { env });
    assert.match(healthy, /everything under these keys opens/, String(code));
    const method = bound(
      recoveryCodes({
        legacyHash: { verify: (typed, { length }) => typed === 'old code' && length > 8 },
      }),
      {
        ...{ store: fresh(), keyring: keyring([newest, key]) },
      },
    );
    const subject = { id: 'one', tenantId: 'acme', label: 'one' };
    const attempt = {
      ...{ subject, policy: parsePolicy({ mode: 'required' }, ['totp']), session: 's', epoch: 0 },
      ...{ issuer: 'Console', input: { code: 'old code' } },
    };
    assert.equal((await method.verify(attempt, ATTEMPT_LIMITS)).kind, 'verified');
    assert.equal((await fresh().readSubject('one')).recoveryCodesLeft, 1);
  });

  it('has doctor count the secrets that are shorter than they should be', async () => {
    const short = 'JBSWY3DPEHPK3PXP';
    const doctor = () => sallyport(['doctor', ...place()], { env: { SALLYPORT_KEYS: key } });
    write(user('one', [{ secret: KEY }]), user('two', [{ secret: KEY.slice(0, 26) }]));
    await run();
    assert.doesNotMatch((await doctor()).out, /shorter than/);
    write(user('three', [{ secret: short }, { secret: KEY }]));
    await run();
    assert.match((await doctor()).out, /WARN.* 1 imported secret is shorter than 16 bytes/);
    write(user('four', [{ secret: KEY.slice(0, 24) }]));
    await run();
    const { out, err } = await doctor();
    assert.match(out, /WARN.* 2 imported secrets are shorter than 16 bytes/);
    assert.doesNotMatch(out + err, new RegExp(`${short}|three|four`));
  });

  it('keeps its options to files of users', async () => {
    write('{"dump":"sallyport"}');
    const { code, err } = await run('--dry-run');
    assert.equal(code, 2);
    assert.match(err, /for files of users, and this is none/);
  });
});
