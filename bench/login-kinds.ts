/** How people log in; each kind has an app of its own, at a port of its own. */
export const LOGIN_KINDS = [
  'passport-totp',
  'sallyport',
  'postgres',
  'security-key',
  'control',
  'password',
] as const;

export type LoginKind = (typeof LOGIN_KINDS)[number];
export type LoginPorts = Readonly<Record<LoginKind, number>>;
