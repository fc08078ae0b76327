import { RequestError, SallyportError } from '../errors.js';
import { message } from '../messages/english.js';

const TO_DO =
  "the app's own CSRF guard stands above door.pages() and does not know the tokens of our forms; mount it below door.pages(), whose forms are guarded already, or have our forms carry its token: sallyport({ csrf: { token: (req) => req.csrfToken(), protect: (req, res, next) => next() } })";

/** What the host is told of it. */
export function unknownGuard(cause: unknown): SallyportError {
  return new SallyportError('ERR_OPTION', `csrf: ${TO_DO}`, { cause });
}

/** What whoever sent the form is told. */
export function refusedForm({ verbose }: { readonly verbose: boolean }): RequestError {
  const sentence = verbose
    ? message('request.refused-form-because', { reason: TO_DO })
    : message('request.refused-form');
  return new RequestError(403, 'csrf_token_invalid', sentence);
}
