import { setTimeout as delay } from 'node:timers/promises';
import { UnavailableError } from '../errors.js';
import type { Outcome, Transition, UpdateOptions } from './record-store.js';
import type { State } from './state.js';

/** So many changes of one record may wait: a subject who is attacked must not fill the process. */
const MOST_WAITING = 256;
/** Other processes win so many times before a change is given up. */
const MOST_RACES = 20;
const LONGEST_JITTER_MS = 16;

/** What is to be written in the place of a state. */
export interface Write<R> {
  readonly record: R | null;
  readonly sequence: number;
  readonly durable: boolean;
  readonly keptUntil: number | undefined;
  readonly whenFull: boolean;
}

export interface UpdateSource<R> {
  now(): number;
  /** What was seen last, or else nothing, to begin with: it need not hold. Undefined where nothing can be told. */
  known(id: string): State<R> | undefined;
  /** What there is. `durable`: and it is as safe as a durable write. */
  look(id: string, durable: boolean): Promise<State<R>>;
  /** Writes if there still is `from`; otherwise gives what there is. Never again after it may have applied. */
  swap(id: string, from: State<R>, write: Write<R>): Promise<State<R> | 'written'>;
  /** Whether durable writes wait for anything. */
  readonly waits: boolean;
}

interface Change<R> {
  readonly repairs: boolean;
  readonly until: number;
  run(present: R | null, now: number, lost: number | null): Step<R>;
  reject(error: unknown): void;
}

type Step<R> = Omit<Outcome<R, unknown>, 'result'> & { tell(): void };

/**
 * Changes of the records of one kind by compare-and-set. Those of one record that come while a write is under
 * way wait for it and are then made together, one after the other in one write: so a process never competes with
 * itself, however many ask. Each hears of its result only when that write has won.
 */
export function recordUpdates<R>(source: UpdateSource<R>, { timeoutMs }: { timeoutMs: number }) {
  const lines = new Map<string, Change<R>[]>();

  async function work(id: string, line: Change<R>[]): Promise<void> {
    while (line.length > 0) await settle(id, line.splice(0));
    lines.delete(id);
  }

  async function settle(id: string, all: readonly Change<R>[]): Promise<void> {
    const begun = performance.now();
    const late = all.filter(({ until }) => begun > until);
    for (const { reject } of late) reject(tooMany('waited too long for others'));
    const changes = all.filter((one) => !late.includes(one));
    if (changes.length === 0) return;
    try {
      for (const step of await make(id, changes)) step.tell();
    } catch (error) {
      for (const { reject } of changes) reject(error);
    }
  }

  /** The steps that hold. Rejects when none is known to. */
  async function make(id: string, changes: readonly Change<R>[]): Promise<readonly Step<R>[]> {
    const until = Math.max(...changes.map((one) => one.until));
    const known = source.known(id);
    let state = known ?? (await source.look(id, false));
    let seen: 'once' | 'now' | 'safe' = known ? 'once' : 'now';
    for (let races = 0; races < MOST_RACES && performance.now() < until; ) {
      const { steps, write, durable } = plan(changes, state, source.now());
      if (write) {
        const found = await source.swap(id, state, write);
        if (found === 'written') return steps;
        state = found;
        seen = 'now';
        races += 1;
        // The first one found out only what there is.
        if (races > 1) {
          await delay(Math.random() * Math.min(LONGEST_JITTER_MS, 2 ** races));
        }
        continue;
      }
      const safely = durable && source.waits;
      if (seen === 'safe' || (seen === 'now' && !safely)) return steps;
      state = await source.look(id, safely);
      seen = safely ? 'safe' : 'now';
    }
    throw tooMany('was overtaken by others every time');
  }

  return {
    update<T>(
      id: string,
      transition: Transition<R, T>,
      { repairs = false }: UpdateOptions = {},
    ): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        const line = lines.get(id) ?? [];
        if (line.length >= MOST_WAITING) {
          throw tooMany(`waits behind ${MOST_WAITING} others`);
        }
        line.push({
          repairs,
          until: performance.now() + timeoutMs,
          reject,
          run(present, now, lost) {
            const { result, ...step } = transition(present, now, lost);
            return { ...step, tell: () => resolve(result) };
          },
        });
        if (lines.has(id)) return;
        lines.set(id, line);
        work(id, line).catch((error: unknown) => {
          lines.delete(id);
          for (const left of line) left.reject(error);
        });
      });
    },
  };
}

interface Plan<R> {
  readonly steps: readonly Step<R>[];
  /** null: nothing is changed. */
  readonly write: Write<R> | null;
  readonly durable: boolean;
}

/** All changes, one after the other; one that throws changes nothing. */
function plan<R>(changes: readonly Change<R>[], state: State<R>, now: number): Plan<R> {
  let { record, sequence, lost } = state;
  let durable = false;
  let rises = false;
  const made: Step<R>[] = [];
  const steps: Step<R>[] = [];
  for (const { repairs, run, reject } of changes) {
    const fails = (error: unknown) => steps.push({ next: record, tell: () => reject(error) });
    if (lost && !repairs) {
      fails(lost.error);
      continue;
    }
    try {
      const step = run(record, now, lost?.beyond ?? null);
      steps.push(step);
      durable ||= step.durable === true;
      if (step.next === record) continue;
      if (step.durable || lost) {
        sequence = Math.max(sequence, lost?.beyond ?? 0) + 1;
        rises = true;
      }
      record = step.next;
      lost = null;
      made.push(step);
    } catch (error) {
      fails(error);
    }
  }
  const keptUntil = made.at(-1)?.keptUntil;
  const whenFull = made.some((step) => step.whenFull);
  const write = { record, sequence, keptUntil, durable: rises, whenFull };
  return { steps, write: made.length > 0 ? write : null, durable };
}

function tooMany(what: string): UnavailableError {
  return new UnavailableError(
    'ERR_STORE_UNAVAILABLE',
    `A change of a record ${what}: too many change it at once`,
  );
}
