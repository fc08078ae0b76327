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
}): RequestHandler[] {
  const withBody =
    (parser: RequestHandler): RequestHandler =>
    (req, res, next) =>
      WITH_BODY.has(req.method) ? parser(req, res, next) : next();
  const withoutBody: RequestHandler = (req, _res, next) => {
    if (!WITH_BODY.has(req.method)) req.body = undefined;
    next();
  };
  return [
    withoutBody,
    withBody(express.urlencoded({ extended: false, limit, parameterLimit })),
    withBody(express.json({ limit })),
  ];
}

/** The fields that an answer was sent with; none where the method has no body. */
export function bodyOf(req: Request): Readonly<Record<string, unknown>> {
  return WITH_BODY.has(req.method) ? (req.body ?? {}) : {};
}
