/** What we use of it: the types of Node 20, which Sallyport still runs on, do not have it. */
declare module 'node:sqlite' {
  type Value = string | number | null | Uint8Array;

  interface StatementSync {
    get(...values: Value[]): Record<string, Value> | undefined;
    all(...values: Value[]): Record<string, Value>[];
    run(...values: Value[]): { readonly changes: number | bigint };
  }

  export class DatabaseSync {
    constructor(path: string);
    exec(sql: string): void;
    prepare(sql: string): StatementSync;
    close(): void;
  }
}
