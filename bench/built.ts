import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * The environment of an app under load: as a host has it, in production, on what is published. What tsx makes of the
 * sources costs more, and only for us.
 */
export function builtEnvironment(): NodeJS.ProcessEnv {
  const built = fileURLToPath(new URL('../dist/index.js', import.meta.url));
  if (!existsSync(built)) throw new Error('dist/ is missing: npm run build');
  const config = fileURLToPath(new URL('./built.tsconfig.json', import.meta.url));
  return { ...process.env, NODE_ENV: 'production', TSX_TSCONFIG_PATH: config };
}
