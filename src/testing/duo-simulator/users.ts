import { SallyportError } from '../../errors.js';

export const userStates = ['active', 'bypass', 'unenrolled', 'locked', 'disabled'] as const;

/**
 * How Duo knows a user: `active` has a phone and is asked; `bypass` is let in without a prompt; `unenrolled`
 * registers a phone first; `locked` (out) and `disabled` are refused.
 */
export type DuoUserState = (typeof userStates)[number];

export interface DuoUser {
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

/** Duo compares user names without regard to case. Whoever is not listed is new to Duo, thus `unenrolled`. */
export function userBook(initial: Readonly<Record<string, DuoUserState>>): UserBook {
  const users = new Map<string, DuoUser>();
  const put = (user: DuoUser) => users.set(user.username.toLowerCase(), user);

  function get(username: string): DuoUser {
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
