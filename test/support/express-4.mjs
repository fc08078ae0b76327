// Preloaded by `npm run test:express4`: whoever asks for `express`, the library, the host apps and the example,
// gets Express 4 (installed as `express-4`). It brings tsx, since mocha takes one `--import` only.
import 'tsx';
import module, { createRequire } from 'node:module';

const hooks = `
  export function resolve(specifier, context, nextResolve) {
    return nextResolve(specifier.replace(/^express(?=$|\\/)/, 'express-4'), context);
  }
`;
module.register(`data:text/javascript,${encodeURIComponent(hooks)}`);

// Packages in CommonJS ask another way.
const resolveFilename = module._resolveFilename;
module._resolveFilename = function (request, ...rest) {
  return resolveFilename.call(this, request.replace(/^express(?=$|\/)/, 'express-4'), ...rest);
};

const { version } = createRequire(import.meta.url)('express/package.json');
process.env.SALLYPORT_EXPRESS = version;
