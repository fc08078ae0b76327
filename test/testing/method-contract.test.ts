import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Method, totp } from 'sallyport';
import { authenticator, methodContract } from 'sallyport/testing';
import { emailCode } from '../journeys/email-code.js';

methodContract('totp()', () => {
  let uri = '';
  return {
    method: totp(),
    answer({ json, now }) {
      uri = typeof json.uri === 'string' ? json.uri : uri;
      return { code: authenticator(uri, { now: () => now }).code() };
    },
  };
});

function mailing() {
  const mails: string[] = [];
  const method = emailCode({
    addressOf: ({ label }) => label,
    send: async (_address, code) => void mails.push(code),
  });
  return { method, answer: () => ({ code: mails.at(-1) ?? '' }) };
}

methodContract('a code by e-mail', mailing);

methodContract('a code by e-mail that an administrator may begin', () => {
  const { method, answer } = mailing();
  const { enrollment } = method;
  assert.ok(enrollment);
  const field = () => ({ label: 'Code that was read out', hint: '8 digits' });
  return { method: { ...method, enrollment: { ...enrollment, handOver: { field } } }, answer };
});

describe('methodContract', () => {
  /** The titles of those tests that a method fails. */
  async function failed(method: Method): Promise<string[]> {
    const failures: string[] = [];
    const tests: Promise<void>[] = [];
    methodContract('one', () => ({ ...mailing(), method }), {
      describe: (_title, suite) => suite(),
      it: (title, test) => {
        tests.push(test().catch(() => void failures.push(title)));
      },
    });
    await Promise.all(tests);
    return failures;
  }
  const good = () => mailing().method;

  it('is run by node:test as well, and tells of failures there', () => {
    const file = fileURLToPath(new URL('method-contract-node-test.ts', import.meta.url));
    const { stdout, status } = spawnSync(
      process.execPath,
      ['--import=tsx', '--test', '--test-reporter=tap', file],
      { encoding: 'utf8' },
    );
    assert.equal(status, 0, stdout);
    assert.match(stdout, /# pass [1-9]/);
  });

  it('fails a method that takes anything for an answer', async () => {
    const failures = await failed({
      ...good(),
      verify: ({ enrollments }) => ({ kind: 'accepted', enrollmentId: enrollments[0]?.id ?? '' }),
    });
    assert.ok(failures.includes('takes nothing else at a challenge, and throws for none of it'));
  });

  it('fails a method that throws for nonsense', async () => {
    const failures = await failed({
      ...good(),
      verify: (_context, { code }) => {
        throw new TypeError(`no code: ${String(code)}`);
      },
    });
    assert.ok(failures.includes('takes nothing else at a challenge, and throws for none of it'));
  });

  it('fails a method whose words say nothing', async () => {
    const { words } = good();
    const failures = await failed({ ...good(), words: { ...words, stopped: 'Stopped' } });
    assert.deepEqual(failures.slice(0, 1), ['is one that a door takes']);
  });

  it('is explained with the very method that is tested', async () => {
    const [doc, method] = await Promise.all(
      ['../../docs/writing-a-method.md', '../journeys/email-code.ts'].map((path) =>
        readFile(new URL(path, import.meta.url), 'utf8'),
      ),
    );
    assert.ok(doc?.includes(`\`\`\`ts\n${method}\`\`\`\n`));
  });

  it('says what is missing where there is no test runner', () => {
    const none = { describe: undefined, it: undefined };
    const { describe: ofMocha, it: itOfMocha } = globalThis;
    Object.assign(globalThis, none);
    try {
      assert.throws(() => methodContract('one', mailing), { code: 'ERR_OPTION' });
    } finally {
      Object.assign(globalThis, { describe: ofMocha, it: itOfMocha });
    }
  });
});
