import { type Check, notShown, ok, warning, wrong } from './check.ts';
import type { SnapshotFact } from './facts.ts';
import { RESTORE } from './rules.ts';

const DAY_MS = 86_400_000;
/** After 30 days without a write S3 deletes the snapshot (infra/snapshot.yml), and takes a day or two for it. */
const OLD_MS = 33 * DAY_MS;

const SLOWER = 'a function that starts reads the whole fleet first';

type Words = { readonly now: number; readonly age: (ms: number) => string };

/** Whether the snapshot is there; undefined: none is kept. `age` says a length of time in words. */
export function checkSnapshot(
  kept: { readonly bucket: string; readonly fact: SnapshotFact } | undefined,
  words: Words,
): readonly Check[] {
  if (kept === undefined) return [ok('snapshot', 'none is kept, as it was deployed')];
  const { bucket, fact } = kept;
  switch (fact.kind) {
    case 'unanswered':
      return [notShown('snapshot', fact)];
    case 'bucket-gone':
      return [wrong('snapshot', 'bucket-gone', `its bucket ${bucket} does not exist: ${SLOWER}`, RESTORE)];
    case 'none':
      return [warning('snapshot', 'no-snapshot', `bucket ${bucket} holds none: ${SLOWER}`, RENEWED)];
    case 'stored':
      return [ofStored(fact, words)];
    default:
      return fact satisfies never;
  }
}

const RENEWED =
  'nothing if the service is new: the next event or sweep writes it; otherwise look for "snapshot" in the log';

function ofStored(
  { bytes, modifiedAt }: Extract<SnapshotFact, { readonly kind: 'stored' }>,
  { now, age }: Words,
): Check {
  const told = `${bytes.toLocaleString('en-US')} bytes, written ${age(now - modifiedAt)} ago`;
  return now - modifiedAt <= OLD_MS
    ? ok('snapshot', told)
    : warning('snapshot', 'snapshot-old', told, 'look for "snapshot" in the log: no function renews it');
}
