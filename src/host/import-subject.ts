import { z } from 'zod';
import type { Audit } from '../audit/events.js';
import type {
  EnrollmentImport,
  ImportResult,
  Keyring,
  Method,
  MethodImport,
  SecondFactorStore,
  Subject,
} from '../contracts.js';
import { SallyportError } from '../errors.js';
import { sealingContext } from '../methods/sealing-context.js';

/** Whose factors they are. */
type Ref = Pick<Subject, 'id' | 'tenantId'>;

export interface Importing {
  readonly store: Pick<SecondFactorStore, 'importEnrollments'>;
  readonly keyring: Pick<Keyring, 'seal' | 'digests'>;
  readonly audit: Audit;
  readonly methods: readonly Pick<Method, 'name' | 'title' | 'atMost' | 'imports'>[];
}

/** Reads what was enrolled elsewhere, and takes it over. */
export interface Importer {
  /** Throws ERR_IMPORT, which names the field and no secret. */
  read(subject: Ref, factors: unknown): readonly EnrollmentImport[];
  /** Takes them over, each once. Nothing is removed, and nobody is signed out. */
  add(
    subject: Ref,
    factors: readonly EnrollmentImport[],
    by?: { readonly actorId: string | null },
  ): Promise<ImportResult>;
}

const ID_BYTES = 16;

export function importer({ store, keyring, audit, methods }: Importing): Importer {
  const taking = methods.flatMap(({ imports, ...method }) =>
    imports ? [{ ...method, imports }] : [],
  );
  const most = (atMost = 1) => Math.max(atMost, 20);
  const schema = z.strictObject(
    Object.fromEntries(
      taking.map(({ name, atMost, imports }) => [
        name,
        z.array(imports.item).max(most(atMost)).default([]),
      ]),
    ),
  );

  function readOne(
    { id }: Ref,
    { name, title, atMost = 1, imports }: (typeof taking)[number],
    item: unknown,
    at: number,
  ): EnrollmentImport {
    let factor: ReturnType<MethodImport['read']>;
    try {
      factor = imports.read(item);
    } catch (cause) {
      throw refused(`${name}[${at}]: ${(cause as Error).message}`);
    }
    const { secret, parameters, label = title, createdAt } = factor;
    // The same secret is the same factor, however often it comes; who reads the id learns nothing of it.
    const text = Buffer.from(secret).toString('base64');
    const ids = keyring
      .digests(text, JSON.stringify(['import', name, id]), ID_BYTES)
      .map(({ bytes }) => Buffer.from(bytes).toString('base64url'));
    const own = String(ids[0]);
    const sealed = keyring.seal(secret, sealingContext(name, id, own));
    return { id: own, ids, method: name, label, sealed, parameters, createdAt, atMost };
  }

  return {
    read(subject, factors) {
      const parsed = schema.safeParse(factors);
      if (!parsed.success) throw refused(wordsOf(parsed.error));
      return taking.flatMap((method) => {
        const items = parsed.data[method.name] ?? [];
        return items.map((item, at) => readOne(subject, method, item, at));
      });
    },

    async add(subject, factors, by) {
      const outcomes = await store.importEnrollments(subject.id, factors);
      // Whatever was taken from somebody here does not come back by a file: a lost phone.
      if (outcomes === null) return { kind: 'removed', factors: [] };
      const results = factors.map(({ method, label }, at) => ({
        ...{ method, label, outcome: outcomes[at] ?? ('present' as const) },
      }));
      const added = factors.filter((_, at) => outcomes[at] === 'added');
      if (added.length > 0) {
        const enrollments = added.map(({ id, method, label }) => ({ id, method, label }));
        audit.record('enrollment.imported', { subject, ...by, enrollments });
      }
      return { kind: 'imported', factors: results };
    },
  };
}

/** What a field is called, rather than a secret in the place of a name. */
const FIELD = /^[a-z][a-zA-Z]{0,15}$/;

/** Paths and what would be right; never a value, which may be a secret. */
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
