import { expect, test } from 'vitest';
import { returnedIn } from './queue.ts';

const BATCH = ['a', 'b'].map((MessageId) => ({ MessageId, Body: '{}', ReceiptHandle: MessageId }));
const naming = (...ids: unknown[]) => ({
  batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })),
});

test('an answer that names messages of the batch returns these, each once', () => {
  expect(returnedIn(naming(), BATCH)).toEqual(new Set());
  expect(returnedIn(naming('b', 'b'), BATCH)).toEqual(new Set(['b']));
});

test.each([
  ['names a message that is not in the batch', naming('a', 'c')],
  ['names nothing', naming('')],
  ['names null', naming(null)],
  ['has another key', { batchItemFailures: [{ id: 'a' }] }],
  ['is nothing', undefined],
])('an answer fails for the whole batch if it %s', (_, answer) => {
  expect(() => returnedIn(answer, BATCH)).toThrow();
});
