/** What passport-totp's example notes in the session: that a code was right. */
declare module 'express-session' {
  interface SessionData {
    secondFactor?: 'totp';
  }
}

export {};
