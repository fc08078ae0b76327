import type { ListView, Page, State } from '../page.js';

/** `admin/clients` */
export interface ClientsLocals extends Page {
  readonly list: ListView;
  readonly rows: readonly {
    readonly name: string;
    readonly id: string;
    readonly href: string;
    readonly state: State;
    readonly from: string;
  }[];
}
