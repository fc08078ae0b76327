import { Body, Controller, Get, Module, Post, Req, UnauthorizedException } from '@nestjs/common';
import type { Request } from 'express';

@Controller('auth')
export class AuthController {
  @Get('login')
  page() {
    return '<form method="post">…</form>';
  }

  @Post('login')
  async login(@Req() req: Request, @Body() body: { username?: string; password?: string }) {
    // In the place of this: your own check, as before.
    if (body.username !== 'ann@example.com' || body.password !== 'correct horse') {
      throw new UnauthorizedException();
    }
    const user = { id: '1', email: body.username };
    await new Promise<void>((resolve, reject) =>
      req.logIn(user, (error: unknown) => (error ? reject(error) : resolve())),
    );
    return { signedIn: true };
  }
}

@Controller()
export class ReportsController {
  @Get('reports')
  reports() {
    return ['January', 'February'];
  }
}

@Module({ controllers: [AuthController, ReportsController] })
export class AppModule {}
