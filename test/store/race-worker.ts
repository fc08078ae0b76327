import { raceStore } from './race-store.js';

// One process of races.test.ts: opens the store, says "ready", and when told a race (a line of JSON on the
// channel) runs it and sends back how each call ended.
const [url, prefix] = process.argv.slice(2) as [string, string];
const { store, close } = raceStore(url, prefix);

export interface Race {
  readonly name: keyof typeof races;
  readonly subject: string;
  readonly calls: number;
}

const races = {
  commit: async (subject: string) =>
    (await store.commitAttempt(subject, { enrollmentId: 'abcdefghijkl', step: 5000, epoch: 0 }))
      .kind,
  reserve: async (subject: string) => {
    const limits = { free: 5, waits: [60_000], stop: 100 };
    return (await store.reserveAttempt(subject, limits, { method: 'totp', stoppable: true })).kind;
  },
  judge: async (subject: string) => {
    const limits = { free: 5, waits: [60_000], stop: 100 };
    const judged = await store.judgeAttempt(
      subject,
      limits,
      { method: 'totp', stoppable: true },
      () => 'wrong',
    );
    return judged.kind === 'judged' ? judged.result : judged.kind;
  },
  judgeRight: async (subject: string) => {
    const limits = { free: 1000, waits: [60_000], stop: 1000 };
    const accepted = { enrollmentId: 'abcdefghijkl', step: 5000, epoch: 0 };
    const judged = await store.judgeAttempt(
      subject,
      limits,
      { method: 'totp', stoppable: true },
      (_reserved, on) => on.commitAttempt(accepted).kind,
    );
    return judged.kind === 'judged' ? judged.result : judged.kind;
  },
  confirm: async (subject: string) => {
    const confirmation = { id: 'one', session: 'session', step: 1, replaces: null, epoch: 0 };
    return (await store.confirmEnrollment(subject, confirmation)).kind;
  },
  spend: async (subject: string) => {
    const code = { keyId: Buffer.alloc(4), bytes: Buffer.alloc(10, 7) };
    return (await store.spendRecoveryCode(subject, [code], 0)).kind;
  },
  take: async (subject: string) => ((await store.takeTransaction(subject)) ? 'taken' : 'late'),
  end: async (subject: string) => ((await store.end(subject, 60_000)) ? 'ended' : 'late'),
  proveOrEnd: async (subject: string) => {
    const proof = { subjectId: subject, epoch: 0, login: 'login', factors: [], lifetimeMs: 60_000 };
    const [proven] = await Promise.all([store.prove(subject, proof), store.end(subject, 60_000)]);
    const after = await store.readAssurance(subject);
    return `${proven ? 'proven' : 'refused'}, then ${after?.state}`;
  },
  reset: async (subject: string) => String((await store.reset(subject)).epoch),
};

process.on('message', async ({ name, subject, calls }: Race) => {
  const outcomes = await Promise.all(Array.from({ length: calls }, () => races[name](subject)));
  process.send?.(outcomes);
});
process.on('disconnect', close);

await store.ready();
process.send?.('ready');
