// For `--import`: a program in which no optional peer dependency is installed.
import { register } from 'node:module';

const hooks = `
export async function resolve(specifier, context, next) {
  if (['selfsigned', 'pg', 'redis'].includes(specifier)) {
    throw Object.assign(new Error('Cannot find package ' + specifier), { code: 'ERR_MODULE_NOT_FOUND' });
  }
  return next(specifier, context);
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
