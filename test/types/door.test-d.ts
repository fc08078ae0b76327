/** Compiled by `npm run types`, never run: mounting the door. */
import express from 'express';
import session, { MemoryStore } from 'express-session';
import passport, { Passport } from 'passport';
import { createClient } from 'redis';
import { type Door, memoryStore, type SallyportOptions, sallyport } from 'sallyport';
import { redisStore } from 'sallyport/redis';

declare const options: SallyportOptions;
declare const door: Door;

const app = express();
app.use(session({ secret: 'x', store: door.sessions(new MemoryStore()) }));
app.use(passport.initialize(), door.pages(), door.gate());
app.use('/api', door.gate({ exempt: ['GET /healthz'] }));
app.post('/transfer', door.require({ maxAge: '5m', methods: ['totp'] }));
door.passport(passport);
door.passport(new Passport());
sallyport({ ...options, passport: new Passport() });
sallyport({ ...options, passport });

redisStore(createClient({ url: 'redis://127.0.0.1' }));
redisStore(createClient({ RESP: 3 }), { prefix: 'x:' });

app.get('/socket', async (req) => {
  const { onRevoked } = await door.check(req);
  const stop: () => void = onRevoked((decision) => {
    decision?.kind satisfies 'pass' | 'enroll' | 'challenge' | 'deny' | undefined;
  });
  stop();
});

// @ts-expect-error what it returns is mounted, and not the function itself
app.use(door.gate);
// @ts-expect-error
app.use('/api', door.gate);
// @ts-expect-error
app.use(door.pages);
// @ts-expect-error
app.post('/transfer', door.require);
// @ts-expect-error a list of texts
door.gate({ exempt: [/healthz/] });
// @ts-expect-error no other option
door.gate({ except: ['GET /healthz'] });
// @ts-expect-error a duration with its unit
door.require({ maxAge: 300 });
// @ts-expect-error a session store, not one of second factors
door.sessions(memoryStore());
// @ts-expect-error the store of second factors is not a session store
sallyport({ ...options, store: new MemoryStore() });
// @ts-expect-error it is given a client, not its address
redisStore('redis://127.0.0.1');
