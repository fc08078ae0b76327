import { parseArgs } from 'node:util';
import { messageOf, SallyportError } from '../errors.js';
import { readers } from '../methods/elsewhere/readers.js';
import { simulatorCommands } from '../testing/simulator-commands.js';
import { type Command, OPTIONS, type Terminal, UsageError } from './command.js';
import { doctor } from './commands/doctor.js';
import { exportStore } from './commands/export.js';
import { importStore } from './commands/import.js';
import { init } from './commands/init.js';
import { keygen } from './commands/keygen.js';
import { reseal } from './commands/reseal.js';
import { reset } from './commands/reset.js';

const commands: Readonly<Record<string, Command>> = {
  ...{ init, keygen, doctor, reseal, reset },
  ...{ export: exportStore, import: importStore },
  ...simulatorCommands,
};

/** Resolves to the exit code: 0 for success, 1 for a failure, 2 for a wrong command line. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        redis: { type: 'string' },
        postgres: { type: 'string' },
        schema: { type: 'string' },
        prefix: { type: 'string' },
        print: { type: 'boolean' },
        views: { type: 'string' },
        'fido-metadata': { type: 'string' },
        'activation-key': { type: 'boolean' },
        final: { type: 'boolean' },
        resume: { type: 'boolean' },
        'dry-run': { type: 'boolean' },
        sample: { type: 'string' },
        from: { type: 'string' },
        id: { type: 'string' },
        tenant: { type: 'string' },
        encoding: { type: 'string' },
        after: { type: 'string' },
        port: { type: 'string' },
        'prompt-port': { type: 'string' },
        'ca-file': { type: 'string' },
        app: { type: 'string', multiple: true },
        user: { type: 'string', multiple: true },
        help: { type: 'boolean', short: 'h' },
      },
    });
    const [name, ...rest] = positionals;
    if (values.help || name === undefined || name === 'help') {
      terminal.out(help());
      return name === undefined && !values.help ? 2 : 0;
    }
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (!command) throw new UsageError(`there is no command ${name}`);
    if (rest.length !== command.positionals) {
      throw new UsageError(`usage: sallyport ${name} ${command.usage}`.trim());
    }
    const unknown = OPTIONS.find(
      (option) => values[option] !== undefined && !command.options.includes(option),
    );
    if (unknown) {
      const known = command.options.map((option) => `--${option}`).join(', ') || 'none';
      throw new UsageError(`${name} has no option --${unknown}; there are: ${known}`);
    }
    const { redis, postgres, schema, prefix, views, 'fido-metadata': fidoMetadata } = values;
    const { print = false, final = false, resume = false } = values;
    const { 'activation-key': activationKey = false, port, app = [], user = [] } = values;
    const more = {
      ...{ port, app, user },
      promptPort: values['prompt-port'],
      caFile: values['ca-file'],
    };
    const store = { redis, postgres, schema, prefix };
    const { 'dry-run': dryRun = false, sample } = values;
    const { from, id, tenant, encoding } = values;
    const users = { from, id, tenant, encoding, after: countOf(values.after) };
    const flags = { print, activationKey, final, resume, dryRun, sample, users };
    await command.run(
      { positionals: rest, ...store, views, fidoMetadata, ...flags, more },
      terminal,
    );
    return 0;
  } catch (error) {
    const usage = error instanceof UsageError || isParseError(error);
    const code = error instanceof SallyportError ? `${error.code}: ` : '';
    terminal.err(`sallyport: ${code}${messageOf(error)}`);
    if (usage) terminal.err('Try: sallyport help');
    return usage ? 2 : 1;
  }
}

function countOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,12}$/.test(text)) throw new UsageError('--after takes a number of entries');
  return Number(text);
}

function help(): string {
  const rows = Object.entries(commands).map(([name, { usage, summary }]) => [
    `${name} ${usage}`.trim(),
    summary,
  ]);
  const width = Math.max(...rows.map(([call = '']) => call.length));
  return [
    'usage: sallyport COMMAND',
    '',
    ...rows.map(([call = '', summary = '']) => `  ${call.padEnd(width)}  ${summary}`),
    '',
    '  --redis URL       the Redis to work on; default: REDIS_URL',
    '  --postgres URL    the Postgres to work on, in the place of a Redis',
    '  --schema SCHEMA   the schema of its tables; default: public',
    '  --prefix PREFIX   what keys or tables begin with; default: sp: or sallyport_',
    '  --print           init: print the SQL for Postgres, and run nothing',
    '  --final           export: take the store out of service first, so that nothing is missing',
    '  --resume          import: into a store that holds something, what is missing there',
    '  --dry-run         import: read a file of users, and take nothing over',
    '  --sample U:CODE   import: which encoding is right, by the code that user U sees now',
    `  --from SOFTWARE   import: what has written the file: ${Object.keys(readers).join(', ')}`,
    '  --id FIELD        import: where it has the id that your `subject` gives, e.g. traits.email',
    '  --tenant ID       import: the organization of users where the file names none; default: default',
    '  --encoding E      import: how secrets are written where the file does not say: base32, hex, base64, utf8',
    '  --after N         import: go on after N entries of the file',
    '  --views FOLDER    doctor: your own views, which are compiled as well',
    '  --fido-metadata FILE',
    '                    doctor: what securityKey({ metadata }) is given, which is checked as well',
    '  --activation-key  reset: print a new activation key, where activating needs one',
    ...Object.values(commands).flatMap(({ help = [] }) => help),
    '',
    '  SALLYPORT_KEYS    the keys of your app, separated by commas, the sealing one first (doctor,',
    '                    reseal, reset --activation-key); SALLYPORT_KEY is read as well',
  ].join('\n');
}

function isParseError(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS');
}
