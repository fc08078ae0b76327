/** What is kept with objects of others, and goes when they go. */
export interface Attached<Owner extends object, Value> {
  of(owner: Owner | null | undefined): Value | undefined;
  set(owner: Owner, value: Value): void;
}

/**
 * A property that nobody else sees, where a WeakMap would do as well: the garbage collector takes about a microsecond
 * for each object in one, which counts where there are several for each request. It is not enumerable, so that copies
 * and JSON go without it.
 */
export function attached<Owner extends object, Value>(name: string): Attached<Owner, Value> {
  const key = Symbol(name);
  return {
    of: (owner: (Owner & { readonly [key]?: Value }) | null | undefined) => owner?.[key],
    set(owner, value) {
      Object.defineProperty(owner, key, { value, configurable: true });
    },
  };
}
