import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module';
import { useSecondFactor } from './second-factor';

async function main(): Promise<void> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule);
  await useSecondFactor(app);
  await app.listen(process.env.PORT ?? 3000);
}

void main();
