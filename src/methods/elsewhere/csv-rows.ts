import type { Entry } from './found.js';

/** More than a row of any table of users has. */
const MOST_CHARACTERS = 100_000;

/** The rows of a table in CSV (RFC 4180) by the names in its first row; a semicolon or a tab separates as well. */
export async function* csvRows(chunks: AsyncIterable<string>): AsyncGenerator<Entry> {
  let names: readonly string[] | null = null;
  for await (const row of rowsOf(chunks)) {
    if (names === null) names = row.map((name) => name.trim());
    else if (row.length > 1 || row[0] !== '') {
      yield Object.fromEntries(names.map((name, at) => [name, row[at] ?? '']));
    }
  }
}

async function* rowsOf(chunks: AsyncIterable<string>): AsyncGenerator<string[]> {
  let row: string[] = [];
  let field = '';
  let state: 'plain' | 'quoted' | 'ending' = 'plain';
  let separator: string | null = null;
  let before = '';

  for await (const chunk of chunks) {
    for (const one of chunk) {
      if (field.length > MOST_CHARACTERS) throw new Error('a field of this table has no end');
      const last = before;
      before = one;
      if (state === 'quoted') {
        if (one === '"') state = 'ending';
        else field += one;
      } else if (one === '"' && (state === 'ending' || field === '')) {
        // Two of them stand for one.
        if (state === 'ending') field += one;
        state = 'quoted';
      } else if (one === '\n' || one === '\r') {
        state = 'plain';
        if (one === '\n' && last === '\r') continue;
        row.push(field);
        field = '';
        yield row;
        row = [];
        separator ??= ',';
      } else if (separator === null ? /[,;\t]/.test(one) : one === separator) {
        separator = one;
        state = 'plain';
        row.push(field);
        field = '';
      } else field += one;
    }
  }
  if (state === 'quoted') throw new Error('this table ends in the middle of a field');
  if (field !== '' || row.length > 0) yield [...row, field];
}
