import { memoryStore } from '../../src/store/memory-store.js';
import { storeContract } from './store-contract.js';

storeContract('memoryStore', async (now) => {
  const store = memoryStore({ now });
  return { store, other: store, dispose: () => store.close() };
});
