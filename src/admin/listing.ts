import type { Request } from 'express';
import type { DirectoryQuery } from '../contracts.js';
import { message } from '../messages/english.js';
import { FieldsError, readQuery } from './bodies.js';
import { type LinkQuery, withQuery } from './links.js';
import type { ListView } from './page.js';

/** Rows of a page, unless a program asks for another number. */
const PAGE = 50;
const MOST = 200;

/** `?search=…&cursor=…&limit=…` */
export function listQuery(req: Request): DirectoryQuery {
  const { search, cursor, limit } = readQuery(req, ['search', 'cursor', 'limit']);
  const rows = limit === '' ? PAGE : Number(limit);
  if (!Number.isInteger(rows) || rows < 1 || rows > MOST) {
    throw new FieldsError(400, 'invalid_request', message('admin.address'), {
      limit: message('admin.field.limit', { most: MOST }),
    });
  }
  return { search: search.slice(0, 200), cursor: cursor === '' ? null : cursor, limit: rows };
}

/** A page of a list as it may be shown. `total` is null when it would count rows that may not be read. */
export interface ShownPage {
  readonly next: string | null;
  readonly total: number | null;
}

/** The locals around a list's rows. `filter` is kept in all links, `progress` in the link to the next page. */
export function listView(
  path: string,
  { search, cursor, limit }: DirectoryQuery,
  { next, total }: ShownPage,
  filter: LinkQuery = {},
  progress: LinkQuery = {},
): ListView {
  const kept = { search, ...filter, limit: limit === PAGE ? null : limit };
  return {
    action: path,
    search,
    total,
    first: cursor === null ? null : withQuery(path, kept),
    next: next === null ? null : withQuery(path, { ...kept, ...progress, cursor: next }),
  };
}
