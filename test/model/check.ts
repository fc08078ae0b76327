import fc from 'fast-check';
import { Reference } from './reference.js';
import { compareAll, firstRules, settleIn, steps } from './steps.js';
import { type Processes, System } from './system.js';

const { MODEL_PATH, MODEL_REPLAY } = process.env;

export interface Sequences {
  readonly runs: number;
  readonly seed: number;
  /** Where the next sequence takes place. */
  readonly world: () => Promise<Processes>;
  /** Counts what came about. */
  readonly seen: Map<string, number>;
}

/** Has the app and the model go through random sequences; rejects with the seed and the shortest that fails. */
export async function check({ runs, seed, world, seen }: Sequences): Promise<void> {
  const note = (what: string) => void seen.set(what, (seen.get(what) ?? 0) + 1);
  const property = fc.asyncProperty(
    firstRules,
    fc.nat(3).map((n) => n > 0),
    // Without fast-check's liking for small values, of which three commands are the middle.
    fc.noBias(
      fc.commands(steps, {
        size: 'max',
        maxCommands: 10,
        ...(MODEL_REPLAY ? { replayPath: MODEL_REPLAY } : {}),
      }),
    ),
    async ({ grace, ...rules }, inside, commands) => {
      const system = new System(await world());
      const graceUntil = grace === null ? null : system.now + grace;
      const model = new Reference(system.now, { ...rules, graceUntil }, note);
      for (const user of ['one', 'two'] as const) system.setRules(user, model.rules[user]);
      if (inside) await settleIn(model, system);
      await fc.asyncModelRun(() => ({ model, real: system }), commands);
      await compareAll(model, system);
    },
  );
  await fc.assert(property, {
    seed,
    numRuns: runs,
    ...(MODEL_PATH ? { path: MODEL_PATH } : {}),
  });
}
