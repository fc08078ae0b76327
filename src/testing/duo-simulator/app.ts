/** A protected application: the pair of keys that an administrator copies out of Duo's console. */
export interface DuoApp {
  /** Integration key, 20 characters. */
  readonly clientId: string;
  /** Secret key, 40 characters. */
  readonly clientSecret: string;
  /** Shown on the simulator's pages; the client id where it is left out. */
  readonly name?: string | undefined;
}
