import type { Request, Response } from 'express';

/** A strategy as Passport sees it. Not passport-strategy's own type, which hosts rarely have installed. */
export interface PassportStrategy {
  name?: string;
  authenticate(req: Request, options?: object): unknown;
}

/** Any Passport: what of it is used here. */
export interface PassportLike {
  use(name: string, strategy: PassportStrategy): unknown;
  authenticate(
    strategy: PassportStrategy,
    options: object,
    callback: (error: unknown, user: unknown, info: unknown) => void,
  ): (req: Request, res: Response, next: (error?: unknown) => void) => void;
}
