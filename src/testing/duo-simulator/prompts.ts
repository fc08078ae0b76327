import { randomBytes } from 'node:crypto';
import type { AuthorizeRequest } from './authorize-request.js';

export type PromptEnd = 'approved' | 'denied' | 'fraud' | 'timed-out';

/** One visit to the prompt: what the application asked for and how far the person got. */
export interface Prompt {
  readonly id: string;
  readonly request: AuthorizeRequest;
  readonly openedAt: number;
  /** The number typed in the first step of registration, until the second confirms it. */
  readonly phone: string | null;
  readonly end: PromptEnd | null;
}

export interface PromptBook {
  open(request: AuthorizeRequest, now: number): Prompt;
  find(id: string, now: number): Prompt | null;
  update(prompt: Prompt, change: Partial<Pick<Prompt, 'phone' | 'end'>>): void;
  reset(): void;
}

/** How long a prompt stays open. Duo's own figure is not documented; this one only bounds the memory. */
const PROMPT_LIFETIME_MS = 600_000;

export function promptBook(): PromptBook {
  const prompts = new Map<string, Prompt>();
  const over = (prompt: Prompt, now: number) => now - prompt.openedAt > PROMPT_LIFETIME_MS;

  return {
    open(request, now) {
      for (const old of prompts.values()) {
        if (!over(old, now)) break;
        prompts.delete(old.id);
      }
      const id = randomBytes(16).toString('hex');
      const prompt: Prompt = { id, request, openedAt: now, phone: null, end: null };
      prompts.set(id, prompt);
      return prompt;
    },
    find(id, now) {
      const prompt = prompts.get(id);
      return prompt && !over(prompt, now) ? prompt : null;
    },
    update(prompt, change) {
      prompts.set(prompt.id, { ...prompt, ...change });
    },
    reset: () => prompts.clear(),
  };
}
