/**
 * Whether an empty store is set up by itself where its options do not say. Anywhere but here what is empty is a loss
 * until somebody says otherwise; also where nobody says where we are.
 */
export function setsUpByItself(): boolean {
  return ['development', 'test'].includes(process.env.NODE_ENV ?? '');
}
