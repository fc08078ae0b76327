import express, { type Request, type RequestHandler } from 'express';

/** RFC 9110 §9.3: content in any other request has no meaning, whatever a client sends. */
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/**
 * Parses forms and JSON for the HTTP methods that have a body. For the others it removes any body that a parser of
 * the host has made.
 */
export function requestBodies({
  limit,
  parameterLimit,
}: {
  /** Bytes. */
  readonly limit: number | string;
  readonly parameterLimit: number;
}): RequestHandler {
  const form = express.urlencoded({ extended: false, limit, parameterLimit });
  const json = express.json({ limit });
  return function requestBody(req, res, next) {
    if (WITH_BODY.has(req.method)) {
      form(req, res, (error?: unknown) => (error ? next(error) : json(req, res, next)));
      return;
    }
    // A property that a request has not costs more than all the rest here.
    if (req.body !== undefined) req.body = undefined;
    next();
  };
}

/** The fields that an answer was sent with; none where the method has no body. */
export function bodyOf(req: Request): Readonly<Record<string, unknown>> {
  return WITH_BODY.has(req.method) ? (req.body ?? {}) : {};
}
