/** As much of it as the bench uses; the package has no types. */
declare module 'passport-totp' {
  import { Strategy as PassportStrategy } from 'passport-strategy';

  type Done = (error: unknown, key?: Buffer, periodSeconds?: number) => void;

  export class Strategy extends PassportStrategy {
    constructor(setup: (user: { readonly id: string }, done: Done) => void);
  }
}
