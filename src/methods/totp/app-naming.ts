import { boundedMap } from '../../bounded-map.js';
import type { Place, Subject } from '../../contracts.js';
import { SallyportError } from '../../errors.js';
import { type AppNames, appNames } from './app-names.js';

/** How many recent people are compared to find two with the same names. */
const REMEMBERED = 5000;

/** The address at which somebody acts. */
type Origin = Pick<Place, 'origin'>;
type Named = (subject: Subject, place: Origin) => string;

export interface AppNamingConfig {
  /** A text for everybody, or by the organization in whose name a subject acts; the brand's name by default. */
  readonly issuer: string | Named | undefined;
  /** The subject's label by default. */
  readonly account: ((subject: Subject) => string) | undefined;
  readonly brandName: (subject: Subject, place: Origin) => string;
  /** Called when a function of the host fails, and once for each pair of names that two people would share. */
  readonly report: (error: unknown) => void;
}

import { ignored } from '../../awaitable.js';
export interface AppNaming {
  /** The names in the app, which the pages show as well. */
  of(subject: Subject, place: Origin): AppNames;
  /** To be called before an app is given these names. */
  given(subject: Subject, names: AppNames): void;
}

/**
 * How apps list a person's entry. A function that fails must not break the page: the default is used, and `report` is
 * called.
 */
export function appNaming({ issuer, account, brandName, report }: AppNamingConfig): AppNaming {
  const owners = boundedMap<string, string>(REMEMBERED);
  const reported = boundedMap<string, true>(REMEMBERED);

  function ask(
    option: 'issuer' | 'account',
    of: ((subject: Subject, place: Origin) => unknown) | undefined,
    subject: Subject,
    place: Origin,
    fallback: () => string,
  ): string {
    if (of === undefined) return fallback();
    try {
      const given = of(subject, place);
      if (typeof given === 'string' && given.trim() !== '') return given;
      // A promise that rejects later would otherwise end the process.
      ignored(given);
      report(
        new SallyportError(
          'ERR_OPTION',
          `${option}(subject) must give a text, got ${typeof given}`,
        ),
      );
    } catch (error) {
      report(error);
    }
    return fallback();
  }

  return {
    of(subject, place) {
      return appNames({
        issuer:
          typeof issuer === 'string'
            ? issuer
            : ask('issuer', issuer, subject, place, () => brandName(subject, place)),
        account: ask('account', account, subject, place, () => subject.label),
      });
    },

    given({ id }, names) {
      const entry = JSON.stringify([names.issuer, names.account]);
      const owner = owners.get(entry);
      owners.set(entry, id);
      if (owner === undefined || owner === id || reported.has(entry)) return;
      reported.set(entry, true);
      report(
        new SallyportError(
          'ERR_APP_NAMES',
          `two subjects are ${names.account} of ${names.issuer} in their authenticator apps, some of which would overwrite the one with the other: have issuer(subject) or account(subject) differ by organization`,
        ),
      );
    },
  };
}
