import { describe, it } from 'node:test';
import { storeContract } from 'sallyport/testing';
import { memoryRecords } from '../../src/store/memory.js';

// Run by node:test, as a child of store-contract.test.ts.
storeContract(
  'memory',
  (now) => {
    const store = memoryRecords(now);
    return { store, other: store, dispose: () => store.close() };
  },
  { describe, it },
);
