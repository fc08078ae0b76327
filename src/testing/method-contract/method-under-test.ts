import type { MethodPlan } from '../../methods/pages.js';

/** A method of a host's, for one test. */
export interface MethodUnderTest {
  /** As `sallyport({ methods })` takes it. */
  readonly method: MethodPlan;
  /** The right answer to what is asked now, by the names of the fields; called once for each prompt. */
  answer(asked: Asked): Readonly<Record<string, string>>;
}

/** What a person is asked for, as a program sees it. */
export interface Asked {
  readonly purpose: 'activation' | 'login';
  readonly json: Readonly<Record<string, unknown>>;
  /** The store's time, in milliseconds since 1970. */
  readonly now: number;
}
