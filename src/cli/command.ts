import type { Agent } from 'node:https';

export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  out(line: string): void;
  err(line: string): void;
  /**
   * Shows the progress of a long run: the part that is done (0 to 1; null hides it) and how many entries. Left out
   * without a terminal.
   */
  progress?(part: number | null, done: number): void;
  /** This machine's clock, in milliseconds since 1970. */
  now(): number;
  /** Resolves when the program is asked to stop. */
  untilStopped(): Promise<void>;
  /** The agent for services of third parties, instead of a method's own. */
  readonly httpsAgent?: Agent;
}

export interface Arguments {
  readonly positionals: readonly string[];
  readonly redis: string | undefined;
  readonly postgres: string | undefined;
  /** `--schema`: of Postgres, which holds the tables. */
  readonly schema: string | undefined;
  readonly prefix: string | undefined;
  /** `--views`: the host's own folder of views. */
  readonly views: string | undefined;
  /** `--fido-metadata`: the file that a door is given. */
  readonly fidoMetadata: string | undefined;
  /** `--print`: print the SQL and run nothing. */
  readonly print: boolean;
  /** `--activation-key`: print a new one. */
  readonly activationKey: boolean;
  /** `--final`: nothing may be written afterwards. */
  readonly final: boolean;
  /** `--resume`: also into a store that is not empty. */
  readonly resume: boolean;
  /** `--dry-run`: read and check, but write nothing. */
  readonly dryRun: boolean;
  /** `--sample`: `USER:CODE` */
  readonly sample: string | undefined;
  /** Only for files of users. */
  readonly users: {
    /** `--from`: the software that wrote the file. */
    readonly from: string | undefined;
    /** `--id`: the field with the subject's id. */
    readonly id: string | undefined;
    /** `--tenant`: the organization of users for whom the file names none. */
    readonly tenant: string | undefined;
    /** `--encoding`: that of secrets, where the file does not say. */
    readonly encoding: string | undefined;
    /** `--after`: how many entries are done already. */
    readonly after: number | undefined;
  };
  /** Only for simulators. */
  readonly more: {
    readonly port: string | undefined;
    readonly promptPort: string | undefined;
    readonly caFile: string | undefined;
    /** `ID:SECRET` */
    readonly app: readonly string[];
    /** `NAME=STATE` */
    readonly user: readonly string[];
  };
}

export const OPTIONS = [
  ...[
    'redis',
    'postgres',
    'schema',
    'prefix',
    'views',
    'fido-metadata',
    'print',
    'activation-key',
    'final',
    'resume',
    'dry-run',
    'sample',
    'from',
    'id',
    'tenant',
    'encoding',
    'after',
  ],
  ...['port', 'prompt-port', 'ca-file', 'app', 'user'],
] as const satisfies readonly string[];

export interface Command {
  /** What follows the command's name, for the help. */
  readonly usage: string;
  readonly summary: string;
  /** Help on options that no other command has. */
  readonly help?: readonly string[];
  /** How many positional arguments it takes. */
  readonly positionals: number;
  /** The options it takes; others are refused, since they would have no effect. */
  readonly options: readonly (typeof OPTIONS)[number][];
  /** Rejects with what went wrong, in one line that holds no secret. */
  run(given: Arguments, terminal: Terminal): Promise<void>;
}

/** The command line is wrong; exit code 2. */
export class UsageError extends Error {}
