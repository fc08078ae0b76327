import { SallyportError } from '../../errors.js';

export const userStates = [
  'active',
  'bypass',
  'remembered',
  'remembered-now',
  'unenrolled',
  'locked',
  'disabled',
] as const;

/**
 * How Duo knows a user: `active` has a phone and is asked; `bypass` is let in without a prompt; `remembered` is
 * so too, on the approval of a day ago, unless a fresh prompt was asked for (`remembered-now`: the same, with an
 * `auth_time` of now); `unenrolled` registers a phone first; `locked` (out) and `disabled` are refused.
 */
export type DuoUserState = (typeof userStates)[number];

export interface DuoUser {
  /** The primary name, whichever alias was asked for. */
  readonly username: string;
  readonly state: DuoUserState;
  /** The registered mobile number, digits with an optional leading plus; null where none was given. */
  readonly phone: string | null;
}

export interface UserBook {
  get(username: string): DuoUser;
  set(username: string, state: DuoUserState): void;
  enroll(username: string, phone: string): void;
  list(): readonly DuoUser[];
  reset(): void;
}

export function isUserState(value: unknown): value is DuoUserState {
  return (userStates as readonly unknown[]).includes(value);
}

/**
 * Duo compares user names and aliases without regard to case. Whoever is not listed is new to Duo, thus
 * `unenrolled`.
 */
export function userBook(
  initial: Readonly<Record<string, DuoUserState>>,
  aliases: Readonly<Record<string, string>> = {},
): UserBook {
  const users = new Map<string, DuoUser>();
  const primaryNames = new Map(
    Object.entries(aliases).map(([alias, username]) => [alias.toLowerCase(), username]),
  );
  const put = (user: DuoUser) => users.set(user.username.toLowerCase(), user);

  function get(name: string): DuoUser {
    const username = primaryNames.get(name.toLowerCase()) ?? name;
    return users.get(username.toLowerCase()) ?? { username, state: 'unenrolled', phone: null };
  }
  function set(username: string, state: DuoUserState): void {
    if (!isUserState(state)) {
      throw new SallyportError(
        'ERR_OPTION',
        `users[${JSON.stringify(username)}] must be one of ${userStates.join(', ')}`,
      );
    }
    put({ ...get(username), state, ...(state === 'unenrolled' ? { phone: null } : {}) });
  }
  function reset(): void {
    users.clear();
    for (const [username, state] of Object.entries(initial)) set(username, state);
  }

  reset();
  return {
    get,
    set,
    enroll: (username, phone) => put({ ...get(username), state: 'active', phone }),
    list: () => [...users.values()],
    reset,
  };
}
