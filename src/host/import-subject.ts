import { z } from 'zod';
import type { Audit } from '../audit/events.js';
import {
  type CodesImport,
  type EnrollmentImport,
  FOREIGN_CODES,
  type ImportedCodes,
  type ImportedFactor,
  type ImportedFactors,
  type ImportResult,
  type Keyring,
  type Method,
  type SecondFactorStore,
  type Subject,
  type SubjectRecord,
} from '../contracts.js';
import { SallyportError } from '../errors.js';
import { asking } from '../methods/ask.js';
import { foundByOf } from '../methods/found-by.js';
import { sealingContext } from '../methods/sealing-context.js';

/** The subject of the factors. */
type Ref = Pick<Subject, 'id' | 'tenantId'>;

export interface Importing {
  readonly store: Pick<SecondFactorStore, 'importEnrollments' | 'importOnce'>;
  readonly keyring: Pick<Keyring, 'seal' | 'digests'>;
  readonly audit: Audit;
  readonly methods: readonly Pick<Method, 'name' | 'title' | 'atMost' | 'imports' | 'lookup'>[];
}

/** The factors that a subject had elsewhere, read and sealed. */
export interface ReadFactors {
  readonly enrollments: readonly EnrollmentImport[];
  readonly codes: (ImportedCodes & Pick<Method, 'name' | 'title'>) | null;
}

/** Reads and imports factors that were enrolled elsewhere. */
export interface Importer {
  /** Throws ERR_IMPORT, which names the field and no secret. */
  read(subject: Ref, factors: unknown): ReadFactors;
  /** Imports them, each once. Nothing is removed, and nobody is signed out. */
  add(
    subject: Ref,
    factors: ReadFactors,
    by?: { readonly actorId: string | null },
  ): Promise<ImportResult>;
  /** The same, once per subject; resolves to the record afterwards. */
  addOnce(subject: Ref, factors: ReadFactors): Promise<SubjectRecord>;
}

const ID_BYTES = 16;
const MOST_ITEMS = 20;
/** Methods are called synchronously here. */
const NO_WAIT = 0;

export function importer({ store, keyring, audit, methods }: Importing): Importer {
  const taking = methods.flatMap(({ imports, name, title, atMost = 1, lookup }) =>
    imports ? [{ name, title, atMost, imports, lookup, field: imports.field ?? name }] : [],
  );
  const schema = z.strictObject(
    Object.fromEntries(
      taking.map(({ field, atMost, imports }) => [
        field,
        z.array(imports.item).max(Math.max(atMost, MOST_ITEMS)).default([]),
      ]),
    ),
  );

  function enrollmentOf(
    { id, tenantId }: Ref,
    method: Pick<(typeof taking)[number], 'name' | 'title' | 'atMost' | 'lookup'>,
    factor: ImportedFactor,
  ): EnrollmentImport {
    const { name, title, atMost } = method;
    const { secret, identity = secret, parameters, label = title, createdAt, step } = factor;
    // The same secret always gives the same id, which reveals nothing of it.
    const text = Buffer.from(identity).toString('base64');
    const ids = keyring
      .digests(text, JSON.stringify(['import', name, id]), ID_BYTES)
      .map(({ bytes }) => Buffer.from(bytes).toString('base64url'));
    const own = String(ids[0]);
    const sealed = keyring.seal(secret, sealingContext(name, id, own));
    const { askNow } = asking(name, NO_WAIT);
    const found = foundByOf(method, () => ({ secret, parameters }), askNow);
    return {
      ...{ id: own, ids, method: name, label, sealed, parameters, createdAt, step, atMost },
      ...{ foundBy: found, tenantId },
    };
  }

  function codesOf(
    { id }: Ref,
    { name, title }: Pick<(typeof taking)[number], 'name' | 'title'>,
    { digests, foreign }: ReturnType<CodesImport['read']>,
  ): ReadFactors['codes'] {
    const sealed = foreign?.length
      ? keyring.seal(foreign, sealingContext(name, id, FOREIGN_CODES))
      : foreign;
    return { name, title, digests, foreign: sealed };
  }

  return {
    read(subject, factors) {
      const parsed = schema.safeParse(factors);
      if (!parsed.success) throw refused(wordsOf(parsed.error));
      const enrollments: EnrollmentImport[] = [];
      let codes: ReadFactors['codes'] = null;
      for (const { imports, ...method } of taking) {
        const items = parsed.data[method.field] ?? [];
        if (imports.kind === 'codes') {
          if (items.length === 0) continue;
          const read = reading(method.field, () => imports.read(items, keyring, subject.id));
          codes = codesOf(subject, method, read);
          continue;
        }
        for (const [at, item] of items.entries()) {
          const read = reading(`${method.field}[${at}]`, () => imports.read(item));
          enrollments.push(enrollmentOf(subject, method, read));
        }
      }
      return { enrollments, codes };
    },

    async add(subject, factors, by) {
      const outcomes = await store.importEnrollments(
        subject.id,
        factors.enrollments,
        factors.codes,
      );
      // A factor that was removed here, such as a lost phone, must not come back by an import.
      if (outcomes === null) return { kind: 'removed', factors: [] };
      return { kind: 'imported', factors: tell(subject, factors, outcomes, by) };
    },

    async addOnce(subject, factors) {
      const { enrollments, codes } = factors;
      const { outcomes, record } = await store.importOnce(subject.id, enrollments, codes);
      if (outcomes) tell(subject, factors, outcomes);
      return record;
    },
  };

  function tell(
    subject: Ref,
    { enrollments, codes }: ReadFactors,
    outcomes: ImportedFactors,
    by?: { readonly actorId: string | null },
  ): ImportResult['factors'] {
    const given = [
      ...enrollments.map((one, at) => ({ ...one, outcome: outcomes.enrollments[at] })),
      ...(codes
        ? [{ id: codes.name, method: codes.name, label: codes.title, outcome: outcomes.codes }]
        : []),
    ];
    const added = given.filter(({ outcome }) => outcome === 'added');
    if (added.length > 0) {
      const told = added.map(({ id, method, label }) => ({ id, method, label }));
      audit.record('enrollment.imported', { subject, ...by, enrollments: told });
    }
    return given.map(({ method, label, outcome }) => ({
      ...{ method, label, outcome: outcome ?? ('present' as const) },
    }));
  }
}

function reading<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw refused(`${where}: ${(cause as Error).message}`);
  }
}

/** A field's name for messages, unless it may be a secret in its place. */
const FIELD = /^[a-z][a-zA-Z]{0,15}$/;

/** Names paths and what would be right, never a value, which may be a secret. */
function wordsOf({ issues }: z.ZodError): string {
  return issues
    .map((issue) => {
      const where = issue.path.join('.') || 'it';
      if (issue.code !== 'unrecognized_keys') return `${where}: ${issue.message}`;
      const named = issue.keys.filter((key) => FIELD.test(key)).join(', ');
      return `${where}: there is no such field${named === '' ? '' : ` as ${named}`}`;
    })
    .join('; ');
}

function refused(what: string): SallyportError {
  return new SallyportError('ERR_IMPORT', `what is to be taken over is not right: ${what}`);
}
