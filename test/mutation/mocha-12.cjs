// Stryker's runner asks for parts of Mocha by names without an extension; in Mocha 12 these end in `.cjs`.
const { _extensions: extensions } = require('node:module');

extensions['.cjs'] ??= extensions['.js'];
