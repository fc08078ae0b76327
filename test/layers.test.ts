import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const SRC = join(dirname(fileURLToPath(import.meta.url)), '..', 'src');

const BASE = [
  'contracts',
  'errors',
  'time',
  'check-options',
  'awaitable',
  'names',
  'lost',
  'deadline',
  'bounded-map',
  'messages',
  'packaged',
  'packaged-file',
];

/** What each part of src/ may import of ours besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  contracts: [],
  errors: ['contracts'],
  messages: ['contracts', 'errors'],
  time: [],
  names: [],
  packaged: [],
  'packaged-file': ['errors', 'packaged'],
  deadline: [],
  'bounded-map': [],
  lost: ['contracts', 'errors'],
  'check-options': ['errors', 'time'],
  awaitable: ['contracts'],
  crypto: BASE,
  audit: BASE,
  policy: BASE,
  session: BASE,
  store: BASE,
  testing: [...BASE, 'store', 'methods', 'policy', 'crypto', 'cli'],
  methods: [...BASE, 'crypto', 'audit', 'policy', 'session', 'gate', 'web'],
  web: [...BASE, 'session', 'audit'],
  gate: [...BASE, 'policy', 'session', 'web'],
  pages: [...BASE, 'web', 'gate', 'methods', 'policy', 'session', 'audit'],
  host: [...BASE, 'gate', 'methods', 'policy', 'session', 'audit'],
  admin: [...BASE, 'web', 'gate', 'methods', 'policy', 'session', 'audit', 'host'],
};

/** These put the parts together, and may import all of them. */
const COMPOSITION = ['options', 'sallyport', 'door', 'index', 'cli'];

const PARTS_WITH_EXPRESS = [
  'web',
  'gate',
  'pages',
  'admin',
  'host',
  'session',
  'options',
  'sallyport',
  'door',
];
const EXPRESS = ['express', 'express-session', 'passport', 'csrf-sync', 'helmet'];
const STRATEGY = 'methods/strategy.ts';
const PASSPORT_TYPES = 'methods/passport-like.ts';
/** The pages that a method brings; what says whether an answer is right knows nothing of requests. */
const METHOD_PAGES =
  /^methods\/(pages|method-form|[^/]+\/(pages|leading|challenge|callback|unkept-codes|locals|section|accepted-form))\.ts$/;

/** A store's default clock, and that of a program. */
const MAY_HAND_OVER = ['store', 'testing', 'cli'];

interface Import {
  readonly file: string;
  readonly part: string;
  /** The part of ours that is imported, or null for a package. */
  readonly target: string | null;
  readonly specifier: string;
  readonly dynamic: boolean;
}

/** `gate` for `gate/decide.ts`, `options` for `options.ts`. */
function partOf(file: string): string {
  return (file.split('/')[0] as string).replace(/\.ts$/, '');
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map((name) => name.split(sep).join('/'))
  .filter((name) => name.endsWith('.ts'));

function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}

/** Static imports, re-exports (of types too) and side-effect imports; and dynamic imports. */
function specifiersIn(source: string): Pick<Import, 'specifier' | 'dynamic'>[] {
  const code = withoutComments(source);
  const found = (pattern: RegExp, dynamic: boolean) =>
    [...code.matchAll(pattern)].map(([, specifier]) => ({ specifier: specifier!, dynamic }));
  return [
    ...found(/^\s*(?:import|export)\b[^'";]*?\bfrom\s*['"]([^'"]+)['"]/gm, false),
    ...found(/^\s*import\s*['"]([^'"]+)['"]/gm, false),
    ...found(/\bimport\(\s*['"]([^'"]+)['"]/g, true),
  ];
}

const imports: Import[] = files.flatMap((file) =>
  specifiersIn(readFileSync(join(SRC, file), 'utf8')).map(({ specifier, dynamic }) => ({
    file,
    part: partOf(file),
    specifier,
    dynamic,
    target: specifier.startsWith('.')
      ? partOf(posix.join(posix.dirname(file), specifier).replace(/\.js$/, '.ts'))
      : null,
  })),
);

const offenders = (wrong: (one: Import) => boolean): string[] =>
  imports.filter(wrong).map(({ file, specifier }) => `src/${file} imports ${specifier}`);

describe('the layers of src/', () => {
  it('are all known to this test', () => {
    const known = [...Object.keys(MAY_IMPORT), ...COMPOSITION];
    assert.deepEqual(
      [...new Set(files.map(partOf))].filter((part) => !known.includes(part)),
      [],
    );
  });

  it('are read in full: every import resolves to a file of ours', () => {
    // A reader that finds nothing would let everything pass.
    assert.ok(imports.length > 100, `${imports.length} imports found`);
    const lost = imports.filter(({ file, specifier, target }) => {
      if (target === null) return false;
      return !files.includes(posix.join(posix.dirname(file), specifier).replace(/\.js$/, '.ts'));
    });
    assert.deepEqual(lost, []);
  });

  it('import only what lies below them', () => {
    assert.deepEqual(
      offenders(
        ({ part, target }) =>
          target !== null &&
          target !== part &&
          !COMPOSITION.includes(part) &&
          !MAY_IMPORT[part]?.includes(target),
      ),
      [],
    );
  });

  it('see Express only where requests are handled', () => {
    assert.deepEqual(
      offenders(
        ({ file, part, specifier }) =>
          EXPRESS.includes(specifier) &&
          !PARTS_WITH_EXPRESS.includes(part) &&
          file !== STRATEGY &&
          file !== PASSPORT_TYPES &&
          !METHOD_PAGES.test(file),
      ),
      [],
    );
  });

  it('keep requests, pages and the gate away from what verifies an answer', () => {
    assert.deepEqual(
      offenders(
        ({ file, part, target }) =>
          part === 'methods' &&
          (target === 'web' || target === 'gate' || target === 'session') &&
          !METHOD_PAGES.test(file),
      ),
      [],
    );
  });

  it('know passport-strategy in methods/strategy.ts alone', () => {
    const knowing = imports.filter(({ specifier }) => specifier === 'passport-strategy');
    assert.deepEqual(
      knowing.map(({ file }) => file),
      [STRATEGY],
    );
  });

  it('import redis and pg nowhere but when a server is to be reached: they are the host’s to install', () => {
    assert.deepEqual(
      offenders(
        ({ part, specifier, dynamic }) =>
          (specifier === 'redis' || specifier === 'pg' || specifier.startsWith('@redis/')) &&
          part !== 'cli' &&
          !(part === 'store' && dynamic),
      ),
      [],
    );
  });

  it('take the time as an argument: nobody reads the clock, two hand it over', () => {
    const handedOver = /[=:] Date\.now(?=[,;)\s])/;
    const readers = files.flatMap((file) =>
      withoutComments(readFileSync(join(SRC, file), 'utf8'))
        .split('\n')
        .filter((line) => /\bDate\.now\b|\bnew Date\(\)|\bprocess\.hrtime\b/.test(line))
        .filter((line) => !(MAY_HAND_OVER.includes(partOf(file)) && handedOver.test(line)))
        .map((line) => `src/${file}: ${line.trim()}`),
    );
    assert.deepEqual(readers, []);
  });

  it('know a method by its name in its own folder, in the testing tools and in the composition root alone', () => {
    const named = files.filter((file) => {
      if (/^(methods|testing)\//.test(file)) return false;
      return /duo|totp|recovery-code|security-key|yubikey/i.test(
        readFileSync(join(SRC, file), 'utf8'),
      );
    });
    assert.deepEqual(named, ['index.ts', 'sallyport.ts']);
  });
});
