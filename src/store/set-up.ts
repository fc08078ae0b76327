/**
 * Whether an empty store is set up when its options do not say: in development and in tests. Anywhere else,
 * also where NODE_ENV is not set, an empty store counts as lost data.
 */
export function setsUpByItself(): boolean {
  return ['development', 'test'].includes(process.env.NODE_ENV ?? '');
}
