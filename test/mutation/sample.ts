/**
 * MUTATION_SAMPLE=3/10 has the mutants judged whose number leaves 3 when divided by 10: a tenth, spread over all
 * files of a part. Another remainder is another sample, with no mutant in both.
 */
const sample = /^(\d+)\/([1-9]\d*)$/.exec(process.env.MUTATION_SAMPLE ?? '0/1');
if (!sample)
  throw new Error(`MUTATION_SAMPLE must be like 3/10, got ${process.env.MUTATION_SAMPLE}`);
const [remainder, divisor] = sample.slice(1).map(Number);

type Judged = readonly { readonly id: string }[];

const checker = {
  init: async () => {},
  group: async (mutants: Judged) => [mutants.map(({ id }) => id)],
  check: async (mutants: Judged) =>
    Object.fromEntries(
      mutants.map(({ id }) => [
        id,
        Number(id) % divisor! === remainder
          ? { status: 'passed' }
          : { status: 'compileError', reason: 'not in this sample' },
      ]),
    ),
};

/** Stryker asks a checker which mutants are worth a run. */
export const strykerPlugins = [{ kind: 'Checker', name: 'sample', factory: () => checker }];
