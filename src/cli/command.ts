import type { Agent } from 'node:https';

export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  out(line: string): void;
  err(line: string): void;
  /** How far a long run is (0 to 1) and what is done, for a person to see; null: no longer. Left out where nobody looks. */
  progress?(part: number | null, done: number): void;
  /** This machine's clock, in milliseconds since 1970. */
  now(): number;
  /** Resolves when whoever started the program wants it to stop. */
  untilStopped(): Promise<void>;
  /** Reaches somebody else's service in the place of an agent that a method has by itself. */
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
  /** `--print`: the SQL, and run nothing. */
  readonly print: boolean;
  /** `--activation-key`: print a new one. */
  readonly activationKey: boolean;
  /** `--final`: nothing may be written any more. */
  readonly final: boolean;
  /** `--resume`: into a store that holds something. */
  readonly resume: boolean;
  /** `--dry-run`: read and judge, and write nothing. */
  readonly dryRun: boolean;
  /** `--sample`: `USER:CODE` */
  readonly sample: string | undefined;
  /** Of files of users alone. */
  readonly users: {
    /** `--from`: what has written the file. */
    readonly from: string | undefined;
    /** `--id`: where it has the subject's id. */
    readonly id: string | undefined;
    /** `--tenant`: whose they are where the file does not say. */
    readonly tenant: string | undefined;
    /** `--encoding`: of secrets, where the file does not say. */
    readonly encoding: string | undefined;
    /** `--after`: so many entries are done. */
    readonly after: number | undefined;
  };
  /** Of simulators alone. */
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
  /** On options that no other command has. */
  readonly help?: readonly string[];
  /** How many positional arguments it takes. */
  readonly positionals: number;
  /** The options it goes by; others are refused, since whoever gives them expects something of them. */
  readonly options: readonly (typeof OPTIONS)[number][];
  /** Rejects with what went wrong, in one line that holds no secret. */
  run(given: Arguments, terminal: Terminal): Promise<void>;
}

/** The command line is wrong; exit code 2. */
export class UsageError extends Error {}
