import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import type { Door } from 'sallyport';
import { authenticator, bypassChecks } from 'sallyport/testing';
import { AppModule } from './app.module';
import { useSecondFactor } from './second-factor';

process.env.SALLYPORT_KEY = Buffer.alloc(32, 1).toString('base64');
const credentials = { username: 'ann@example.com', password: 'correct horse' };
const apps: { app: NestExpressApplication; door: Door }[] = [];

async function createApp() {
  const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
  const app = module.createNestApplication<NestExpressApplication>({ logger: false });
  apps.push({ app, door: await useSecondFactor(app) });
  await app.init();
  return app;
}

afterAll(async () => {
  for (const { app, door } of apps) {
    await app.close();
    await door.close();
  }
});

test('nobody gets in with a password only, and everybody with a code', async () => {
  const app = await createApp();
  await app.listen(0);
  const url = (await app.getUrl()).replace('[::1]', 'localhost');
  let cookie = '';
  const ask = async (path: string, body?: object) => {
    const response = await fetch(url + path, {
      method: body ? 'POST' : 'GET',
      headers: { accept: 'application/json', 'content-type': 'application/json', cookie },
      ...(body && { body: JSON.stringify(body) }),
    });
    for (const line of response.headers.getSetCookie()) cookie = line.split(';')[0] ?? '';
    return { status: response.status, body: await response.json() };
  };

  await ask('/auth/login', credentials);
  const denied = await ask('/reports');
  expect(denied).toMatchObject({ status: 401, body: { next: 'enroll' } });

  const { body } = await ask('/two-factor/activate/totp');
  const code = authenticator(body.uri).code();
  await ask('/two-factor/activate/totp', {
    enrollment: body.enrollment,
    code,
    _csrf: body.csrfToken,
  });
  expect(await ask('/reports')).toEqual({ status: 200, body: ['January', 'February'] });
});

bypassChecks(async () => (await createApp()).getHttpServer(), {
  login: async ({ fetch }) => {
    await fetch('/auth/login', { method: 'POST', body: new URLSearchParams(credentials) });
  },
  protectedPaths: ['/reports'],
  public: ['GET /auth/login', 'POST /auth/login'],
  report: () => {},
});
