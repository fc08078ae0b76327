import type { Request } from 'express';

/** Attaches values to objects of others, for as long as these live. */
export interface Attached<Owner extends object, Value> {
  of(owner: Owner | null | undefined): Value | undefined;
  set(owner: Owner, value: Value): void;
}

/**
 * A hidden property instead of a WeakMap: the garbage collector takes about a microsecond for each object in a
 * WeakMap, which counts for several per request. It is not enumerable, so that copies and JSON go without it.
 */
export function attached<Owner extends object, Value>(name: string): Attached<Owner, Value> {
  const key = Symbol(name);
  return {
    of: (owner: (Owner & { readonly [key]?: Value }) | null | undefined) => owner?.[key],
    set(owner: Owner & { [key]?: Value }, value) {
      if (Object.hasOwn(owner, key)) owner[key] = value;
      else Object.defineProperty(owner, key, { value, writable: true, configurable: true });
    },
  };
}

/**
 * The object to attach what is known of a request with its session. Express gives each request another prototype,
 * after which every further property of it takes some 2 µs and as many kilobytes; a session has its own.
 */
export function noteOwner(req: Request): object {
  return req.session ?? req;
}

/** Takes what is attached to a session to the object that replaces it: `req.session.reload()` makes another. */
export function moveAttached(from: object, to: object): void {
  for (const key of Object.getOwnPropertySymbols(from)) {
    if (!key.description?.startsWith('sallyport.')) continue;
    const value: unknown = Reflect.get(from, key);
    Object.defineProperty(to, key, { value, writable: true, configurable: true });
  }
}
