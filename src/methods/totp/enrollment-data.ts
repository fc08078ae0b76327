import { z } from 'zod';
import type { Challenge } from '../../contracts.js';
import { SallyportError } from '../../errors.js';

const schema = z.object({
  enrollment: z.string(),
  basis: z.enum(['first', 'activation-key', 'handover', 'proven']),
  key: z.string(),
  uri: z.string(),
  issuer: z.string(),
  account: z.string(),
  algorithm: z.enum(['sha1', 'sha256', 'sha512']),
  digits: z.literal([6, 8]),
  period: z.number(),
  expiresAt: z.date(),
});

/** What the activation page shows. The only place where the secret leaves the keyring. */
export type TotpEnrollmentData = Readonly<z.output<typeof schema>>;

/** Throws `SallyportError` (ERR_METHOD), without the data, for a challenge that is no enrollment of an app. */
export function totpEnrollment({ method, data }: Challenge): TotpEnrollmentData {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new SallyportError(
    'ERR_METHOD',
    `the method ${method} gave nothing that its activation page can show: ${fields}`,
  );
}
