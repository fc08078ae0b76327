import { parts } from './test/mutation/parts.ts';

const part = process.env.MUTATION_PART;
const { mutate, spec, grep, concurrency = 2 } = parts[part];

/** For one part of the sources; `npm run mutation` goes through all of them. */
export default {
  mutate: process.env.MUTATION_FILES?.split(' ') ?? mutate,
  testRunner: 'mocha',
  // Required by Mocha and not on the command line, so that `sallyport` means the sandbox's sources.
  mochaOptions: {
    config: '.mocharc.json',
    require: ['tsx', './test/mutation/time-limit.ts'],
    spec,
    ...(grep && { grep }),
  },
  plugins: ['@stryker-mutator/mocha-runner', './test/mutation/sample.ts'],
  ...(process.env.MUTATION_SAMPLE && { checkers: ['sample'] }),
  coverageAnalysis: 'perTest',
  // Mutants in what runs only while a module loads would need a process each.
  ignoreStatic: true,
  concurrency,
  // A busy machine must not look like a mutant that never ends.
  timeoutMS: 20_000,
  timeoutFactor: 3,
  reporters: ['json', 'progress-append-only'],
  jsonReporter: { fileName: `reports/mutation/${part}.json` },
  tempDirName: `.stryker-tmp/${part}`,
  ignorePatterns: ['docs/screenshots', 'dist', 'bench', '.ci', 'reports', '.stryker-tmp'],
  // TypeScript 7 has no JavaScript API, with which Stryker would read it.
  tsconfigFile: 'none.json',
};
