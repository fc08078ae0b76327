import { betterAuth } from './better-auth.js';
import { djangoOtp } from './django-otp.js';
import type { Reader } from './found.js';
import { keycloak } from './keycloak.js';
import { kratos } from './kratos.js';
import { table } from './table.js';

/** By what `--from` calls them. */
export const readers: Readonly<Record<string, Reader>> = {
  table,
  'better-auth': betterAuth,
  keycloak,
  'django-otp': djangoOtp,
  kratos,
};
