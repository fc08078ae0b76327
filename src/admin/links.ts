/** The addresses of the administrator's pages, below the path where the host mounted them. */
export interface Links {
  readonly home: string;
  organization(id: string): OrganizationLinks;
}

export interface OrganizationLinks {
  readonly details: string;
  readonly authentication: string;
  readonly preview: string;
  ofMethod(name: string): MethodSettingLinks;
  readonly clients: string;
  readonly users: string;
  readonly bulk: string;
  readonly bulkConfirm: string;
  readonly events: string;
  readonly lookUp: string;
  /** The same by one method. */
  lookUpBy(method: string): string;
  user(id: string): UserLinks;
}

/** What an organization sets for one method. */
export interface MethodSettingLinks {
  readonly save: string;
  readonly remove: string;
  readonly replace: string;
}

export interface UserLinks {
  readonly details: string;
  readonly activate: string;
  readonly confirm: string;
  readonly issueKey: string;
  readonly revokeKey: string;
  readonly reset: string;
  readonly unlock: string;
}

/** `base` is `req.baseUrl`. */
export function linksAt(base: string): Links {
  return {
    home: `${base}/`,
    organization(id) {
      const details = `${base}/organizations/${encodeURIComponent(id)}`;
      return {
        details,
        authentication: `${details}/authentication`,
        preview: `${details}/authentication/preview`,
        ofMethod(name) {
          const save = `${details}/${name}`;
          return { save, remove: `${save}/remove`, replace: `${save}/replace` };
        },
        clients: `${details}/clients`,
        users: `${details}/users`,
        bulk: `${details}/two-factor`,
        bulkConfirm: `${details}/two-factor/preview`,
        events: `${details}/events`,
        lookUp: `${details}/look-up`,
        lookUpBy: (method) => `${details}/look-up/${method}`,
        user(userId) {
          const user = `${details}/users/${encodeURIComponent(userId)}`;
          return {
            details: user,
            activate: `${user}/activate`,
            confirm: `${user}/activate/confirm`,
            issueKey: `${user}/activation-key`,
            revokeKey: `${user}/activation-key/revoke`,
            reset: `${user}/reset`,
            unlock: `${user}/unlock`,
          };
        },
      };
    },
  };
}

/**
 * Whether links may begin with this path: a request's path can be `/\host/setup` or `//host/setup`, and such a link
 * leads to another host.
 */
export function isSafeBase(base: string): boolean {
  return base === '' || /^(?:\/[^/\\\s][^/\\\s]*)+$/.test(base);
}

/** Values of a query; null and empty ones are left out. */
export type LinkQuery = Readonly<Record<string, string | number | null>>;

/** `path?name=value`, without the empty ones. */
export function withQuery(path: string, query: LinkQuery): string {
  const set = Object.entries(query).filter(([, value]) => value !== null && value !== '');
  const search = new URLSearchParams();
  for (const [name, value] of set) search.set(name, String(value));
  return set.length === 0 ? path : `${path}?${search}`;
}
