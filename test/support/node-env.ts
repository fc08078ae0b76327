/** Runs something as in a process that was started with another NODE_ENV. */
export async function withNodeEnv<T>(
  value: string | undefined,
  run: () => T | Promise<T>,
): Promise<T> {
  const before = process.env.NODE_ENV;
  set(value);
  try {
    return await run();
  } finally {
    set(before);
  }
}

function set(value: string | undefined): void {
  if (value === undefined) delete process.env.NODE_ENV;
  else process.env.NODE_ENV = value;
}
