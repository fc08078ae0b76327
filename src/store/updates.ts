import { setTimeout as delay } from 'node:timers/promises';
import { UnavailableError } from '../errors.js';
import type { Outcome, Transition, UpdateOptions } from './record-store.js';
import type { State } from './state.js';

/** How many changes of one record may wait, so that attacks on one subject do not fill the process. */
const MOST_WAITING = 256;
/** How often other processes may win before a change is given up. */
const MOST_RACES = 20;
const LONGEST_JITTER_MS = 16;

/** The next state of a record. */
export interface Write<R> {
  readonly record: R | null;
  readonly sequence: number;
  readonly durable: boolean;
  readonly keptUntil: number | undefined;
  readonly whenFull: boolean;
}

export interface UpdateSource<R> {
  now(): number;
  /**
   * The state to try first: the one seen last, or absence; it may be outdated. Undefined when nothing is
   * known.
   */
  known(id: string): State<R> | undefined;
  /** The present state. With `durable`, once it is as safe as a durable write. */
  look(id: string, durable: boolean): Promise<State<R>>;
  /**
   * Writes if the present state still is `expected`, otherwise resolves to the present state. Not repeated
   * once it may have applied.
   */
  swap(id: string, expected: State<R>, write: Write<R>): Promise<State<R> | 'written'>;
  /** Whether durable writes wait for replicas. */
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
 * Changes the records of one kind by compare-and-set. Changes of a record that arrive during a write of it
 * wait, and are then made one after the other in one write: so a process never competes with itself. Each
 * change learns its result only once that write has won.
 */
export function recordUpdates<R>(source: UpdateSource<R>, { timeoutMs }: { timeoutMs: number }) {
  const queues = new Map<string, Change<R>[]>();

  async function drain(id: string, queue: Change<R>[]): Promise<void> {
    while (queue.length > 0) await settle(id, queue.splice(0));
    queues.delete(id);
  }

  async function settle(id: string, all: readonly Change<R>[]): Promise<void> {
    const begun = performance.now();
    const late = all.filter(({ until }) => begun > until);
    for (const { reject } of late) reject(tooMany('waited too long for others'));
    const changes = all.filter((one) => !late.includes(one));
    if (changes.length === 0) return;
    try {
      for (const step of await apply(id, changes)) step.tell();
    } catch (error) {
      for (const { reject } of changes) reject(error);
    }
  }

  /** The steps of the write that has won. Rejects when no write is known to have. */
  async function apply(id: string, changes: readonly Change<R>[]): Promise<readonly Step<R>[]> {
    const until = Math.max(...changes.map((one) => one.until));
    const known = source.known(id);
    let state = known ?? (await source.look(id, false));
    let seen: 'before' | 'now' | 'safe' = known ? 'before' : 'now';
    for (let races = 0; races < MOST_RACES && performance.now() < until; ) {
      const { steps, write, durable } = plan(changes, state, source.now());
      if (write) {
        const found = await source.swap(id, state, write);
        if (found === 'written') return steps;
        state = found;
        seen = 'now';
        races += 1;
        // The first miss may only mean that the known state was outdated.
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
        const queue = queues.get(id) ?? [];
        if (queue.length >= MOST_WAITING) {
          throw tooMany(`waits behind ${MOST_WAITING} others`);
        }
        queue.push({
          repairs,
          until: performance.now() + timeoutMs,
          reject,
          run(present, now, lost) {
            const { result, ...step } = transition(present, now, lost);
            return { ...step, tell: () => resolve(result) };
          },
        });
        if (queues.has(id)) return;
        queues.set(id, queue);
        drain(id, queue).catch((error: unknown) => {
          queues.delete(id);
          for (const left of queue) left.reject(error);
        });
      });
    },
  };
}

interface Plan<R> {
  readonly steps: readonly Step<R>[];
  /** null when nothing changes. */
  readonly write: Write<R> | null;
  readonly durable: boolean;
}

/** Runs all changes one after the other; a change that throws changes nothing. */
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
