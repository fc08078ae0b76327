import type { MethodPlan } from '../../methods/pages.js';

/** A method of a host's, for one test. */
export interface MethodUnderTest {
  /** As `sallyport({ methods })` takes it. */
  readonly method: MethodPlan;
  /**
   * What an administrator enters in its section, for a method that organizations have to set something for, by the
   * fields of the section's form.
   */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** The right answer to what is asked now, by the names of the fields; called once for each prompt. */
  answer(asked: Asked): Readonly<Record<string, string>>;
}

/** What a person is asked for, as a program sees it. */
export interface Asked {
  readonly purpose: 'activation' | 'login';
  /** Who is asked, for a method whose authenticator is of one person. */
  readonly subjectId: string;
  readonly json: Readonly<Record<string, unknown>>;
  /** The store's time, in milliseconds since 1970. */
  readonly now: number;
}
