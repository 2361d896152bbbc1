import { expect, test } from 'vitest';
import type { SnapshotFact } from '../../../functions/core/doctor/facts.ts';
import { checkSnapshot } from '../../../functions/core/doctor/snapshot.ts';
import { NOT_KNOWN, RESTORE, type Told, told, UNANSWERED } from './told.ts';

const DAY = 86_400_000;
const NOW = 1_800_000_000_000;
const words = { now: NOW, age: (ms: number) => `${ms / DAY} days` };
const stored = (days: number) => ({ kind: 'stored', modifiedAt: NOW - days * DAY, bytes: 12_345 }) as const;

test.each<[string, SnapshotFact | undefined, Told]>([
  ['is not kept', undefined, ['ok', 'ok', 'none is kept, as it was deployed', '']],
  ['is stored', stored(33), ['ok', 'ok', '12,345 bytes, written 33 days ago', '']],
  [
    'is older than S3 keeps it',

    stored(33.5),
    [
      'warning',
      'snapshot-old',
      '12,345 bytes, written 33.5 days ago',
      'look for "snapshot" in the log: no function renews it',
    ],
  ],
  [
    'is not there yet',

    { kind: 'none' },
    [
      'warning',
      'no-snapshot',
      'bucket snapshots holds none: a function that starts reads the whole fleet first',
      'nothing if the service is new: the next event or sweep writes it; otherwise look for "snapshot" in the log',
    ],
  ],
  [
    'has no bucket',

    { kind: 'bucket-gone' },
    [
      'wrong',
      'bucket-gone',
      'its bucket snapshots does not exist: a function that starts reads the whole fleet first',
      RESTORE,
    ],
  ],
  ['is not shown', UNANSWERED, NOT_KNOWN],
])('a snapshot that %s is told so', (_, fact, wanted) => {
  const checks = checkSnapshot(fact && { bucket: 'snapshots', fact }, words);
  expect(told(checks)).toEqual([wanted]);
  expect(checks[0]?.check).toBe('snapshot');
});
