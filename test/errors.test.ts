import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RequestError, SallyportError, UnavailableError } from 'sallyport';
import {
  AdminBrowser,
  type AdministrationOptions,
  adminHost,
  testDirectory,
} from './support/admin.js';
import { testClock } from './support/app.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

const sources = readdirSync(join(ROOT, 'src/methods'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => read(`src/methods/${name}`));
const declared = [
  ...read('src/errors.ts').matchAll(/^ {2}\| '(ERR_\w+)'/gm),
  ...sources.flatMap((source) => [...source.matchAll(/^ {4}(ERR_\w+): true;/gm)]),
].map(([, code]) => code);
const rows = read('docs/errors.md')
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));

describe('the errors', () => {
  it('have a row each in docs/errors.md, in the same order, and no row is of another', () => {
    assert.ok(declared.length >= 10);
    assert.deepEqual(
      rows.map(([, code]) => code),
      declared.map((code) => `\`${code}\``),
    );
  });

  it('are told when they come and what to do', () => {
    for (const [, code, when, advice, ...rest] of rows) {
      assert.ok(when && when.length > 20, `${code}: when`);
      assert.ok(advice && advice.length > 20, `${code}: what to do`);
      assert.deepEqual(rest, [''], `${code}: three cells`);
    }
  });

  it('use no code that is not declared', () => {
    const used = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => [...read(join('src', name)).matchAll(/Error\(\s*'(ERR_\w+)'/g)])
      .map(([, code]) => code);
    assert.ok(used.length > declared.length);
    assert.deepEqual(
      used.filter((code) => !declared.includes(code)),
      [],
    );
  });

  it('use every code that is declared: none says what never happens', () => {
    const source = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => read(join('src', name)).replace(/^ {2}\| 'ERR_\w+';?$/gm, ''))
      .join('\n');
    assert.deepEqual(
      declared.filter((code) => !source.includes(`'${code}'`)),
      [],
    );
  });

  it('name the host’s function that failed, and not the policy for all of them', async () => {
    const failing = () => Promise.reject(new Error('down'));
    for (const [code, more] of [
      ['ERR_DIRECTORY', { directory: { ...testDirectory(), users: failing } }],
      ['ERR_DIRECTORY', { directory: { ...testDirectory(), users: () => ({ items: 'none' }) } }],
      ['ERR_AUTHORIZE', { admin: { authorize: failing } }],
    ] as [string, AdministrationOptions][]) {
      const host = await adminHost({
        ...more,
        admin: { secondFactor: 'policy', ...more.admin },
        clock: testClock(),
      });
      const admin = await AdminBrowser.signedIn(host, 'admin@acme');
      assert.equal((await admin.get('/setup/organizations/acme/users')).status, 503);
      const event = host.events.find(({ type }) => type === 'unavailable');
      assert.equal(event?.detail, code);
      assert.equal((host.errors[0] as SallyportError).code, code);
    }
  });

  it('carry their code and their cause', () => {
    const cause = new Error('below');
    const error = new SallyportError('ERR_KEYS', 'keys', { cause });
    assert.equal(error.name, 'SallyportError');
    assert.equal(error.code, 'ERR_KEYS');
    assert.equal(error.cause, cause);
    assert.ok(error instanceof Error);
  });

  it('are answered with a 503 by Express itself when the host has no error page', () => {
    const error = new UnavailableError('ERR_POLICY', 'late');
    assert.equal(error.name, 'UnavailableError');
    assert.ok(error instanceof SallyportError);
    assert.equal(error.status, 503);
    assert.deepEqual(error.headers, { 'Retry-After': '5' });
  });

  it('of a request carry their status and a stable word for programs', () => {
    const error = new RequestError(403, 'csrf_token_invalid', 'Please try again.');
    assert.deepEqual(
      [error.name, error.status, error.error],
      ['RequestError', 403, 'csrf_token_invalid'],
    );
    assert.equal(error instanceof SallyportError, false);
  });
});
