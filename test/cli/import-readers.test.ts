import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type LegacyHash, recoveryCodes, totp } from 'sallyport';
import { authenticator } from 'sallyport/testing';
import { keyring } from '../../src/crypto/keyring.js';
import { ATTEMPT_LIMITS } from '../../src/methods/attempt-limits.js';
import type { RedisStore } from '../../src/store/redis/store.js';
import { HEX, importCommand, KEY } from '../support/import-command.js';
import { bound } from '../support/methods.js';
import { parsePolicy } from '../support/policy.js';
import { registered } from '../support/registered-key.js';

/** What better-auth and Keycloak keep: a text whose own bytes are the key. */
const TEXT = 'kR4pWcZ0tY7uQ2nB9vXe3LsA6mHd1JfG';
const TEXT_KEY = 'NNJDI4CXMNNDA5CZG52VCMTOII4XMWDFGNGHGQJWNVEGIMKKMZDQ';

describe('npx sallyport import --from', () => {
  let store: RedisStore;
  const command = importCommand((opened) => {
    store = opened;
  });

  const write = (content: unknown) =>
    command.save(typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  const run = async (...args: string[]) => {
    const done = await command.run(...args);
    const secrets = new RegExp([KEY, HEX, TEXT, 'a1b2c3d4', 'e5f6a7b8'].join('|'));
    assert.doesNotMatch(done.out + done.err, secrets);
    return done;
  };
  const labels = async (id: string) =>
    (await store.readSubject(id)).enrollments.map(({ label }) => label);

  async function verifies(
    id: string,
    method: 'totp' | 'recovery-code',
    code: string,
    legacyHash?: LegacyHash,
  ) {
    const made = method === 'totp' ? totp() : recoveryCodes(legacyHash && { legacyHash });
    const attempt = {
      ...{ subject: { id, tenantId: 'acme', label: id }, session: 's', epoch: 0 },
      ...{ policy: parsePolicy({ mode: 'required' }, ['totp']), issuer: 'Console' },
      input: { code },
      foreignCodes: legacyHash ? ('hashed' as const) : ('plain' as const),
    };
    const verdict = await bound(made, { store, keyring: keyring([command.key]) }).verify(
      attempt,
      ATTEMPT_LIMITS,
    );
    return verdict.kind === 'verified';
  }
  const proves = (id: string, secret: string) =>
    verifies(id, 'totp', authenticator(secret, { now: () => store.now() }).code());

  describe('table', () => {
    it('reads the columns of speakeasy, otplib and passport-totp, from CSV', async () => {
      write(
        [
          '\uFEFFid,tenant_id,base32,hex,ascii,secret,encoding,step,recovery_codes,name,note',
          `1,acme,${KEY},${HEX},,,,,"a1b2c3d4,e5f6a7b8",Phone,"with ""quotes"",`,
          'and two lines"',
          `2,acme,,,,${KEY},,,,,`,
          `3,acme,,,,${Buffer.from(HEX, 'hex').toString('base64')},base64,60,,,`,
          '4,acme,,,,,,,,,',
          ',acme,,,,x,,,,,',
          '',
        ].join('\r\n'),
      );
      const { code, out } = await run('--from', 'table');
      assert.equal(code, 1);
      assert.match(out, /^1: 1: totp added, recovery-code added$/m);
      assert.match(out, /^3: 3: totp added$/m);
      assert.match(out, /^4: 4: left out: it has no secret, in none of the columns/m);
      assert.match(
        out,
        /^5: refused: it is no JSON, or has no text or number at user_id or .*, which says whose/m,
      );
      assert.equal(await proves('1', KEY), true);
      assert.equal(await proves('2', KEY), true);
      assert.equal(await verifies('1', 'recovery-code', 'A1B2-C3D4'), true);
      assert.deepEqual(await labels('1'), ['Phone']);
      const [kept] = (await store.readSubject('3')).enrollments;
      assert.equal(kept?.parameters, 'sha1/6/60');
    });

    it('goes on past what is damaged, and says so', async () => {
      write(
        [
          `{"id":1,"secret":${KEY}}`,
          `{"id":2,"secret":"${KEY}","recovery_codes":"[a1b2c3d4"}`,
          `{"id":3,"secret":"${KEY}"}`,
        ].join('\n'),
      );
      const { code, out } = await run('--from', 'table');
      assert.equal(code, 1);
      assert.match(out, /^1: refused: it is no JSON, or has no text/m);
      assert.match(out, /^2: 2: left out: its recovery codes are no list$/m);
      assert.match(out, /^2: 2: totp added$/m);
      assert.match(out, /^3: 3: totp added$/m);
    });

    it('reads lines and lists of JSON, with an id and an encoding of their own', async () => {
      write([
        { email: 'one@acme.example', otpSecret: HEX },
        { email: 'two@acme.example', secret: { base32: KEY } },
      ]);
      const how = ['--from', 'table', '--id', 'email', '--tenant', 'acme', '--encoding', 'hex'];
      assert.equal((await run(...how)).code, 0);
      assert.equal(await proves('one@acme.example', KEY), true);
      assert.equal(await proves('two@acme.example', KEY), true);
      write(`{"id":3,"key":"${KEY}"}\n{"id":4,"key":"${KEY}"}\n`);
      assert.match((await run('--from', 'table')).out, /Entries: 2\. Added: 2\./);
      const [event] = await store.readEvents('acme', { before: null, limit: 1 });
      assert.equal(event?.subjectId, 'two@acme.example');
    });
  });

  it('better-auth: what is decrypted, and says what has to be', async () => {
    const encrypted = 'ab'.repeat(72);
    write([
      { id: 'r1', userId: 'u1', secret: TEXT, backupCodes: '["a1b2c-3d4e5","e5f6a-7b8c9"]' },
      { id: 'r2', userId: 'u2', secret: encrypted, backupCodes: encrypted },
      { id: 'r3', userId: 'u3', secret: TEXT, backupCodes: `$ba$2$${encrypted}` },
      { id: 'r4', userId: 'u4', secret: TEXT, verified: false },
    ]);
    const { code, out } = await run('--from', 'better-auth');
    assert.equal(code, 0);
    assert.match(out, /^1: u1: totp added, recovery-code added$/m);
    assert.match(
      out,
      /^2: u2: left out: its secret is encrypted with BETTER_AUTH_SECRET, which is not set/m,
    );
    assert.match(out, /^3: u3: left out: its recovery codes are encrypted/m);
    assert.match(out, /^3: u3: totp added$/m);
    assert.match(out, /^4: u4: left out: its app was never confirmed$/m);
    assert.equal(await proves('u1', TEXT_KEY), true);
    assert.equal(await verifies('u1', 'recovery-code', 'a1b2c-3d4e5'), true);
  });

  describe('better-auth, as it has encrypted it', () => {
    const made = JSON.parse(
      readFileSync(new URL('exports/better-auth.json', import.meta.url), 'utf8'),
    );
    const [one, two] = made.people;
    afterEach(() => {
      for (const name of Object.keys(command.env)) delete command.env[name];
    });
    const runWith = async (env: object) => {
      Object.assign(command.env, env);
      const done = await run('--from', 'better-auth');
      for (const { key, codes } of [one, two]) {
        for (const secret of [...Object.values(made.env), key, ...codes]) {
          assert.ok(!(done.out + done.err).includes(secret as string), 'a secret was printed');
        }
      }
      return done;
    };

    it('is opened by the secrets of its app, of before and after a change', async () => {
      write(made.rows);
      const { code, out } = await runWith(made.env);
      assert.equal(code, 0, out);
      for (const { userId, key, codes } of [one, two]) {
        assert.equal(await proves(userId, key), true);
        assert.equal(await verifies(userId, 'recovery-code', codes[3]), true);
      }
    });

    it('says which secret is missing, and leaves the rest as it is', async () => {
      write(made.rows);
      const { BETTER_AUTH_SECRET } = made.env;
      const { code, out } = await runWith({ BETTER_AUTH_SECRET });
      assert.equal(code, 0, out);
      assert.match(out, /left out: its secret is encrypted with secret 2 of BETTER_AUTH_SECRETS/);
      assert.equal(await proves(one.userId, one.key), true);
      assert.deepEqual(await labels(two.userId), []);
    });

    it('refuses what another secret has sealed, and what was altered', async () => {
      const [row] = made.rows;
      const { secret } = row;
      const last = secret.at(-1) === '0' ? '1' : '0';
      write([row, { ...row, userId: 'u2', secret: secret.slice(0, -1) + last }]);
      const wrong = await runWith({ BETTER_AUTH_SECRET: 'another-secret-of-the-tests-012345' });
      assert.equal(wrong.code, 1);
      assert.match(wrong.out, /refused: its secret is encrypted with another secret than BETTER_/);
      const { BETTER_AUTH_SECRET } = made.env;
      const altered = await runWith({ BETTER_AUTH_SECRET });
      assert.equal(altered.code, 1);
      assert.match(altered.out, /^2: u2: refused: its secret is encrypted with another secret/m);
      write([{ ...row, userId: 'u3', backupCodes: made.rows[1].backupCodes.slice(6) }]);
      const codes = await runWith({ BETTER_AUTH_SECRET });
      assert.match(
        codes.out,
        /^1: u3: refused: its recovery codes are encrypted with another secret/m,
      );
      assert.equal(await proves('u3', one.key), true);
    });

    it('says of a list of secrets that is none no more than that', async () => {
      write(made.rows);
      const { code, err } = await runWith({ BETTER_AUTH_SECRETS: made.env.BETTER_AUTH_SECRET });
      assert.equal(code, 1);
      assert.match(err, /BETTER_AUTH_SECRETS must be NUMBER:SECRET/);
    });
  });

  it('keycloak: a realm with its users', async () => {
    const { item } = await registered();
    const otp = (more: object, value: string) => ({
      ...{ id: 'c1', type: 'otp', userLabel: 'Phone', createdDate: 1_600_000_000_000 },
      secretData: JSON.stringify({ value }),
      credentialData: JSON.stringify({
        ...{ subType: 'totp', digits: 6, counter: 0, period: 30, algorithm: 'HmacSHA1' },
        ...more,
      }),
    });
    write({
      realm: 'north',
      roles: { realm: [{ name: 'users', users: 'none' }] },
      users: [
        {
          ...{ id: 'k1', username: 'one', attributes: { users: ['[{'] } },
          credentials: [
            { type: 'password', secretData: '{"value":"x"}' },
            otp({}, TEXT),
            {
              ...{ type: 'webauthn', userLabel: 'Key' },
              secretData: '{}',
              credentialData: JSON.stringify({
                ...{ aaguid: item.aaguid, credentialId: item.id, counter: 0 },
                ...{ credentialPublicKey: item.publicKey, transports: ['USB'] },
              }),
            },
            {
              type: 'recovery-authn-codes',
              secretData: JSON.stringify({
                codes: [{ number: 1, encodedHashedValue: 'c2FsbHk=' }],
              }),
              credentialData: JSON.stringify({ algorithm: 'SHA-512', remaining: 1, total: 1 }),
            },
          ],
        },
        { id: 'k2', username: 'two', credentials: [otp({ secretEncoding: 'BASE32' }, KEY)] },
        { id: 'k3', username: 'three', credentials: [otp({ subType: 'hotp' }, TEXT)] },
        { id: 'k4', username: 'four', credentials: [{ type: 'sms' }] },
        { id: 'k5', username: 'five' },
      ],
      clients: [{ id: 'not a user', credentials: [otp({}, TEXT)] }],
    });
    const { code, out } = await run('--from', 'keycloak');
    assert.equal(code, 0, out);
    assert.match(out, /^1: k1: .*totp added.*recovery-code added$/m);
    assert.match(out, /^3: k3: left out: its app is hotp/m);
    assert.match(out, /^4: k4: left out: there is nothing here for its credential sms$/m);
    assert.doesNotMatch(out, /not a user/);
    assert.deepEqual((await labels('k1')).sort(), ['Key', 'Phone']);
    assert.equal((await store.readSubject('k1')).foreignCodes, 'hashed');
    assert.equal(await proves('k1', TEXT_KEY), true);
    assert.equal(await proves('k2', KEY), true);
    const again = await run('--from', 'keycloak', '--id', 'username');
    assert.match(again.out, /^2: two: totp added$/m);
  });

  it('keycloak: as its model classes write it, before 26.2 and since', async () => {
    const { item } = await registered();
    const hash = (code: string) => createHash('sha512').update(code).digest('base64');
    const codes = (...all: string[]) => ({
      codes: all.map((code, at) => ({ number: at + 1, encodedHashedValue: hash(code) })),
    });
    const credential = (type: string, secretData: object, credentialData: object) => ({
      ...{ id: `c-${type}`, type, userLabel: '', createdDate: 1_700_000_000_000, priority: 10 },
      ...{ secretData: JSON.stringify(secretData), credentialData: JSON.stringify(credentialData) },
    });
    const users = [
      { hashIterations: 1, algorithm: 'RS512', remaining: 2 },
      { algorithm: 'SHA-512', remaining: 2, total: 12 },
    ].map((data, at) => ({
      ...{ id: `kc${at}`, username: `person${at}`, enabled: true, createdTimestamp: 1 },
      credentials: [
        credential('password', { value: 'x', salt: 'y' }, { algorithm: 'argon2' }),
        credential(
          'otp',
          { value: TEXT },
          {
            ...{ subType: 'totp', digits: 8, counter: 0, period: 60 },
            algorithm: 'HmacSHA256',
          },
        ),
        credential(
          'webauthn-passwordless',
          {},
          {
            aaguid: '00000000-0000-0000-0000-000000000000',
            // Keycloak has the id in base64, and the key in base64url.
            credentialId: Buffer.from([
              0xfb,
              0xff,
              at,
              ...Buffer.from(item.id, 'base64url'),
            ]).toString('base64'),
            ...{ counter: 3, attestationStatement: null, attestationStatementFormat: 'none' },
            ...{ credentialPublicKey: item.publicKey, transports: ['internal', 'hybrid'] },
          },
        ),
        credential('recovery-authn-codes', codes('ABCDEFGHIJK1', '9ZYXWVUTSRQP'), data),
      ],
    }));
    write({ realm: 'north', users });
    const { code, out } = await run('--from', 'keycloak');
    assert.equal(code, 0, out);
    const given: string[] = [];
    const legacyHash = {
      verify(typed: string, kept: string) {
        given.push(kept);
        return kept === `SHA-512$${hash(typed.replaceAll('-', '').toUpperCase())}`;
      },
    };
    for (const { id } of users) {
      assert.match(out, new RegExp(`: ${id}: .*totp added.*recovery-code added$`, 'm'));
      const { enrollments } = await store.readSubject(id);
      assert.deepEqual(enrollments.map(({ method }) => method).sort(), ['security-key', 'totp']);
      assert.equal(await verifies(id, 'recovery-code', 'abcd-efgh-ijk1', legacyHash), true);
    }
    assert.deepEqual([...new Set(given.map((kept) => kept.split('$')[0]))], ['SHA-512']);
  });

  it('django-otp: what dumpdata writes, codes after apps', async () => {
    const device = (pk: number, user: number, more: object = {}) => ({
      ...{ model: 'otp_totp.totpdevice', pk },
      fields: {
        ...{ user, name: 'default', confirmed: true, key: HEX, step: 30, t0: 0, digits: 6 },
        ...{ tolerance: 1, drift: 0, last_t: 5, ...more },
      },
    });
    const rows = [
      { model: 'otp_static.staticdevice', pk: 9, fields: { user: 1, name: 'x', confirmed: true } },
      { model: 'otp_static.statictoken', pk: 1, fields: { device: 9, token: 'a1b2c3d4' } },
      { model: 'otp_static.statictoken', pk: 2, fields: { device: 9, token: 'e5f6a7b8' } },
      { model: 'otp_static.statictoken', pk: 3, fields: { device: 77, token: 'e5f6a7b8' } },
      device(1, 1),
      device(2, 2, { confirmed: false }),
      device(3, 3, { t0: 100 }),
      { model: 'otp_hotp.hotpdevice', pk: 1, fields: { user: 4, key: HEX } },
      { model: 'auth.user', pk: 1, fields: { username: 'one' } },
    ];
    for (const content of [rows, rows.map((row) => JSON.stringify(row)).join('\n')]) {
      write(content);
      const { code, out } = await run('--from', 'django-otp');
      assert.equal(code, 0, out);
      assert.match(out, /^5: 1: totp (added|present)$/m);
      assert.match(out, /^1: 1: recovery-code (added|present)$/m);
      assert.match(out, /^6: 2: left out: its app was never confirmed$/m);
      assert.match(out, /^7: 3: left out: its app counts from another time/m);
      assert.match(out, /^8: 4: left out: there is nothing here for otp_hotp\.hotpdevice$/m);
      assert.match(out, /left out: 1 codes are of a device that is not in this file/);
    }
    assert.equal(await proves('1', KEY), true);
    assert.equal(await verifies('1', 'recovery-code', 'e5f6a7b8'), true);
  });

  it('kratos: identities with their credentials', async () => {
    const { item } = await registered();
    const base64 = (text: string) => Buffer.from(text, 'base64url').toString('base64');
    write([
      {
        ...{ id: 'i1', traits: { email: 'one@acme.example' } },
        credentials: {
          password: { type: 'password', config: {} },
          totp: {
            config: {
              totp_url: `otpauth://totp/North:one?algorithm=SHA256&digits=8&period=60&secret=${KEY}`,
            },
          },
          lookup_secret: {
            config: {
              recovery_codes: [
                { code: 'a1b2c3d4', used_at: null },
                { code: 'e5f6a7b8', used_at: '2024-02-29T12:00:00Z' },
              ],
            },
          },
          webauthn: {
            config: {
              user_handle: base64(item.userHandle),
              credentials: [
                {
                  ...{ id: base64(item.id), public_key: base64(item.publicKey) },
                  ...{ display_name: 'Key', added_at: '2024-02-29T12:00:00Z' },
                  authenticator: { aaguid: 'AAAAAAAAAAAAAAAAAAAAAA==', sign_count: 3 },
                },
              ],
            },
          },
        },
      },
      { id: 'i2', traits: {}, credentials: { totp: { config: {} }, carrier_pigeon: {} } },
    ]);
    const { out, code } = await run('--from', 'kratos');
    assert.equal(code, 0, out);
    assert.match(out, /^1: i1: .*totp added.*recovery-code added$/m);
    assert.match(out, /^2: i2: left out: its app has no totp_url/m);
    assert.match(
      out,
      /^2: i2: left out: there is nothing here for its credential carrier_pigeon$/m,
    );
    const { enrollments, recoveryCodesLeft } = await store.readSubject('i1');
    assert.equal(recoveryCodesLeft, 1);
    assert.ok(enrollments.some(({ parameters }) => parameters === 'sha256/8/60'));
    assert.ok(enrollments.some(({ label }) => label === 'Key'));
    const dry = await run('--from', 'kratos', '--id', 'traits.email', '--dry-run');
    assert.match(dry.out, /^1: one@acme\.example: .*totp.*recovery-code$/m);
    assert.match(dry.out, /^2: refused: it is no JSON, or has no text or number at traits\.email/m);
  });

  it('tries a code with what another software has kept', async () => {
    write([{ userId: 'u1', secret: TEXT }]);
    const code = authenticator(TEXT_KEY).code();
    const { out } = await run('--from', 'better-auth', '--sample', `u1:${code}`);
    assert.match(out, /^totp\[0\]: this code is right where the secret is read as utf8$/m);
  });

  it('goes on after what is done, and says where it stopped', async () => {
    const rows = Array.from({ length: 120 }, (_, id) => ({ id, secret: KEY }));
    write(`${rows.map((row) => JSON.stringify(row)).join('\n')}\n{"id":7,"secret":"${KEY}`);
    const cut = await run('--from', 'table');
    assert.equal(cut.code, 1);
    assert.match(cut.err, /^100 entries are done: go on with --after 100$/m);
    assert.match(cut.err, /ends in the middle of an entry/);
    write(rows);
    const rest = await run('--from', 'table', '--after', '100');
    assert.match(rest.out, /Entries: 20\. Added: 20\./);
    assert.equal((await store.readSubject('119')).enrollments.length, 1);
  });

  for (const [what, content] of [
    ['an entry that is no JSON', `[{"id":1,"secret":${KEY}}]`],
    ['a text without an end', `[{"id":1,"secret":"${KEY}`],
    ['a table without an end', `id,secret\n1,"${KEY}`],
  ] as const) {
    it(`quotes nothing of a damaged file: ${what}`, async () => {
      write(content);
      const { code, err, out } = await run('--from', 'table');
      assert.equal(code, 1);
      assert.match(out + err, /no JSON|ends in the middle/);
    });
  }

  for (const [what, content] of [
    ['a table', `id,secret\n1,${KEY}\n`],
    ['a list of other software', `[{"id":1,"secret":"${KEY}"}]`],
    ['nothing', ''],
  ] as const) {
    it(`says of ${what} that --from is missing`, async () => {
      write(content);
      for (const args of [['--dry-run'], ['--tenant', 'acme']]) {
        const { code, err } = await run(...args);
        assert.equal(code, 2);
        assert.match(err, /is not in Sallyport's own format/);
        assert.match(err, /--from table.*better-auth, keycloak, django-otp, kratos/);
      }
    });
  }

  it('names the software that there is, and takes its options for files of users only', async () => {
    write('[]');
    const { code, err } = await run('--from', 'auth9');
    assert.equal(code, 2);
    assert.match(err, /--from takes one of table, better-auth, keycloak, django-otp, kratos/);
    write('{"dump":"sallyport"}');
    assert.equal((await run('--id', 'x')).code, 2);
    assert.equal((await run('--from', 'table', '--after', 'x')).code, 2);
  });
});
