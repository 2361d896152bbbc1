import { assert, integer, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { confirmSecret, type SecretClaim } from '../../../functions/core/confirm/confirm.ts';
import type { SecretDescription } from '../../../functions/core/model/secret.ts';
import { SECRET } from '../../support/build.ts';

const SECOND = 1_000;
const MINUTE = 60_000;
/** CloudTrail reports a call at this instant; instants of its kind are whole seconds. */
const CALLED_AT = Date.UTC(2026, 9, 7, 1, 47, 18);
/** The last call that changed the secret was ten minutes earlier. */
const CHANGED_AT = CALLED_AT - 10 * MINUTE + 321;
const END_OF_CHANGE = CALLED_AT - 10 * MINUTE + 999;

const byToken = (versionId: string | undefined, ...labelled: string[]): SecretClaim => ({
  kind: 'version-created',
  secret: SECRET,
  versionId,
  labelled,
});

type Scene = {
  readonly claim?: SecretClaim;
  readonly secret?: Partial<SecretDescription>;
  /** The description has no LastChangedDate. */
  readonly undated?: true;
  readonly labels?: Readonly<Record<string, readonly string[]>>;
  /** When DescribeSecret was called; by default two minutes after the event. */
  readonly now?: number;
};

function instantsOf({ claim = byToken('v2', 'AWSCURRENT'), secret = {}, undated, labels, now }: Scene) {
  const labelsOf = new Map(Object.entries(labels ?? { v2: ['AWSCURRENT'], v1: ['AWSPREVIOUS'] }));
  const found = confirmSecret(
    claim,
    { changeId: 'event-1', at: CALLED_AT, source: 'PutSecretValue' },
    { arn: SECRET, labelsOf, ...(undated ? {} : { lastChangedAt: CHANGED_AT }), ...secret },
    now ?? CALLED_AT + 2 * MINUTE,
  );
  return found.kind === 'changes' ? found.changes.map(({ changedAt }) => changedAt) : [found.kind];
}

describe('a call that names the id of its version and is repeated, which moves nothing,', () => {
  test.each<[string, Scene]>([
    ['of PutSecretValue', {}],
    ['of UpdateSecret', { claim: byToken('v2') }],
    ['about a version that has been superseded', { claim: byToken('v1', 'AWSCURRENT') }],
    ['about a label of the user', { labels: { v2: ['BLUE'] }, claim: byToken('v2', 'BLUE') }],
    ['described exactly a minute later', { now: CALLED_AT + MINUTE }],
    ['of a secret that was rotated before', { secret: { lastRotatedAt: CHANGED_AT - 40 } }],
  ])('%s has the instant of the last change of the secret, to the end of its second', (_, scene) => {
    expect(instantsOf(scene)).toEqual([END_OF_CHANGE]);
  });

  test('moves every label that its version carries at that instant', () => {
    expect(instantsOf({ labels: { v2: ['AWSCURRENT', 'BLUE'] } })).toEqual([END_OF_CHANGE, END_OF_CHANGE]);
  });
});

describe('the time of the event stands', () => {
  const END_OF_CALL = CALLED_AT + 999;
  test.each<[string, Scene]>([
    ['if the description may still lag behind the event', { now: CALLED_AT + MINUTE - 1 }],
    ['if the secret has no LastChangedDate', { undated: true }],
    ['if the secret changed in the same second', { secret: { lastChangedAt: CALLED_AT + 12 } }],
    ['if the secret changed later', { secret: { lastChangedAt: CALLED_AT + 5 * SECOND } }],
    ['for a call without a token', { claim: byToken(undefined, 'AWSCURRENT') }],
    [
      'for a native event, and for UpdateSecretVersionStage',
      { claim: { kind: 'label-moved', secret: SECRET, label: 'AWSCURRENT', versionId: 'v2' } },
    ],
  ])('%s', (_, scene) => {
    expect(instantsOf(scene)).toEqual([END_OF_CALL]);
  });
});

test('a version that waited under AWSPENDING moved at the end of its rotation, whatever the time of the call', () => {
  const rotatedAt = CALLED_AT + 5_432;
  expect(instantsOf({ secret: { lastRotatedAt: rotatedAt, lastChangedAt: rotatedAt - 40 } })).toEqual([
    rotatedAt,
  ]);
  expect(instantsOf({ labels: { v2: ['AWSPENDING'] } })).toEqual(['ignored']);
});

test('the instant is never later than the call or than the last change, and never earlier than both', () => {
  const ms = integer({ min: -20 * MINUTE, max: 20 * MINUTE });
  assert(
    property(ms, (offset) => {
      const [instant] = instantsOf({ secret: { lastChangedAt: CALLED_AT + offset } });
      const change = Math.floor((CALLED_AT + offset) / SECOND) * SECOND + 999;
      expect(instant).toBe(Math.min(CALLED_AT + 999, change));
    }),
  );
});
