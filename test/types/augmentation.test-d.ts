/** Compiled by `npm run types`, never run: what importing Sallyport does to a host's own types. */
import type { Request, Response } from 'express';
import type { SessionData } from 'express-session';
import type { Check } from 'sallyport';
import type { Equal, True } from './equal.js';

declare const req: Request;
declare const res: Response;

// One property of the session is ours, and it is optional.
type Ours = SessionData['sallyport'];
export type OneOptionalProperty = True<undefined extends Ours ? true : false>;

// @ts-expect-error the request is the host's
req.sallyport;
// @ts-expect-error
req.subject;
// @ts-expect-error
req.assurance;
// @ts-expect-error
req.secondFactor;
// @ts-expect-error the response is the host's
res.sallyport;
// @ts-expect-error what a session has proven is not in the session
req.session.assurance;
// @ts-expect-error
req.session.verified;
// @ts-expect-error not in our part of it either
req.session.sallyport?.assurance;
// @ts-expect-error
req.session.sallyport?.verified;
// @ts-expect-error no name is added to the global scope
export type NoGlobal = Sallyport;

// What `door.check()` tells can be read and not written.
declare const check: Check;
export type Dates = True<Equal<Check['expiresAt'], Date | null>>;
// @ts-expect-error
check.decision = { kind: 'pass', why: 'proven' };
// @ts-expect-error
check.assurance.push({ method: 'totp', enrollmentId: 'x', at: new Date() });
if (check.decision.kind === 'enroll') check.decision.graceEndsAt satisfies Date | null;
// @ts-expect-error only an enrollment can be postponed
if (check.decision.kind === 'challenge') check.decision.graceEndsAt;
