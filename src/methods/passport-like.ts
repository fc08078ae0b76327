import type { Request, Response } from 'express';

/** A strategy as Passport sees it. Not the type of passport-strategy, which hosts rarely install. */
export interface PassportStrategy {
  name?: string;
  authenticate(req: Request, options?: object): unknown;
}

/** The parts of a Passport that we use. */
export interface PassportLike {
  use(name: string, strategy: PassportStrategy): unknown;
  authenticate(
    strategy: PassportStrategy,
    options: object,
    callback: (error: unknown, user: unknown, info: unknown) => void,
  ): (req: Request, res: Response, next: (error?: unknown) => void) => void;
}
