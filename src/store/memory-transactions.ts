import { LRUCache } from 'lru-cache';
import type { Sealed, TransactionStore } from '../contracts.js';
import { AT_MOST } from './memory-sessions.js';

export function memoryTransactions({ now }: { readonly now: () => number }): TransactionStore {
  const transactions = new LRUCache<string, { value: Sealed; endsAt: number }>(AT_MOST);

  return {
    async putTransaction(id, value, lifetimeMs) {
      const endsAt = now() + lifetimeMs;
      transactions.set(id, { value, endsAt }, { ttl: Math.max(1, lifetimeMs) });
    },

    async takeTransaction(id) {
      const found = transactions.get(id);
      transactions.delete(id);
      return found && now() < found.endsAt ? found.value : null;
    },
  };
}
