import type { Moment, Page } from '../page.js';

/** `admin/events` */
export interface EventsLocals extends Page {
  readonly action: string;
  readonly types: readonly { readonly name: string; readonly label: string }[];
  readonly filter: {
    readonly type: string;
    readonly user: string;
    readonly from: string;
    readonly to: string;
  };
  readonly rows: readonly {
    readonly at: Moment;
    readonly what: string;
    readonly who: string;
    readonly whom: string;
    readonly method: string;
    readonly from: string;
    readonly detail: string;
    /** Names of the authenticators that it is about. */
    readonly enrollments: readonly string[];
    /** How often the same happened again, and when last. */
    readonly repeats: number;
    readonly lastAt: Moment | null;
  }[];
  readonly next: string | null;
  readonly first: string | null;
}
