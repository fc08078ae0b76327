import type { Request } from 'express';
import type { DirectoryPage, DirectoryQuery } from '../contracts.js';
import { FieldsError, readQuery } from './bodies.js';
import { withQuery } from './links.js';
import type { ListView } from './locals.js';

/** Rows of a page, unless a program asks for another number. */
const PAGE = 50;
const MOST = 200;

/** `?search=…&cursor=…&limit=…` */
export function listQuery(req: Request): DirectoryQuery {
  const { search, cursor, limit } = readQuery(req, ['search', 'cursor', 'limit']);
  const rows = limit === '' ? PAGE : Number(limit);
  if (!Number.isInteger(rows) || rows < 1 || rows > MOST) {
    throw new FieldsError(400, 'invalid_request', 'The address was not understood.', {
      limit: `This must be a number from 1 to ${MOST}.`,
    });
  }
  return { search: search.slice(0, 200), cursor: cursor === '' ? null : cursor, limit: rows };
}

/** What a list's page says around its rows. `shown` may be fewer than the directory gave. */
export function listView(
  path: string,
  { search, cursor, limit }: DirectoryQuery,
  { items, next, total }: DirectoryPage<unknown>,
  shown: number,
): ListView {
  const own = limit === PAGE ? null : limit;
  return {
    action: path,
    search,
    // A total over rows that may not be read would tell how many there are of them.
    total: shown < items.length ? null : total,
    first: cursor === null ? null : withQuery(path, { search, limit: own }),
    next: next === null ? null : withQuery(path, { search, cursor: next, limit: own }),
  };
}
