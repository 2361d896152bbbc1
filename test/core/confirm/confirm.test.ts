import { describe, expect, test } from 'vitest';
import {
  confirmSecret,
  currentChanges,
  forcedChange,
  isFullArn,
  isUnlabelled,
  type SecretClaim,
} from '../../../functions/core/confirm/confirm.ts';
import { endOfSecond } from '../../../functions/core/model/change.ts';
import type { SecretDescription } from '../../../functions/core/model/secret.ts';
import { SECRET } from '../../support/build.ts';

const AT = Date.UTC(2026, 9, 7, 1, 47, 18);
const YOUNG = AT + 59_000;
const OLD = AT + 61_000;
const origin = { changeId: 'event-1', at: AT, source: 'test' };

function secret(
  different: Partial<SecretDescription> & { labels?: Record<string, string[]> } = {},
): SecretDescription {
  const { labels = { v2: ['AWSCURRENT'], v1: ['AWSPREVIOUS'] }, ...rest } = different;
  return { arn: SECRET, labelsOf: new Map(Object.entries(labels)), ...rest };
}

const moved = (label: string, versionId?: string): SecretClaim => ({
  kind: 'label-moved',
  secret: 'prod/db',
  label,
  versionId,
});
const created = (versionId: string | undefined, ...labelled: string[]): SecretClaim => ({
  kind: 'version-created',
  secret: 'prod/db',
  versionId,
  labelled,
});
const rotated: SecretClaim = { kind: 'rotated', secret: 'prod/db' };
const deleted: SecretClaim = { kind: 'secret-deleted', secret: 'prod/db' };

describe('which version has the current value', () => {
  const version = (...labels: string[]) => ({ versionId: labels.join(), labels, createdAt: AT });
  const bare = (versionId: string) => ({ versionId, labels: [], createdAt: AT });
  const deprecated = { labels: { v2: ['AWSCURRENT'], v0: [] } };
  test.each([
    ['is known by its label', {}, [version('AWSCURRENT'), version('AWSPREVIOUS')], false],
    ['is not known if a version is shown without its labels', {}, [version('AWSCURRENT'), bare('v1')], true],
    ['is known where one without a label is deprecated', {}, [version('AWSCURRENT'), bare('v0')], false],
    ['is known where a deprecated one is described', deprecated, [version('AWSCURRENT'), bare('v0')], false],
    [
      'is not known if the secret is described without labels as well',
      { labels: {} },
      [version('AWSCURRENT'), bare('v0')],
      true,
    ],
    ['is not known if no version has the label that the secret shows', {}, [version('AWSPREVIOUS')], true],
    ['is not known if no version is shown', {}, [], true],
    ['is no question without a value', { labels: {} }, [], false],
    [
      'is no question with a pending value alone',
      { labels: { v1: ['AWSPENDING'] } },
      [version('AWSPENDING')],
      false,
    ],
  ])('%s', (_, different, versions, isUnknown) => {
    expect(isUnlabelled(secret(different), versions)).toBe(isUnknown);
  });
});

type Row = {
  readonly title: string;
  readonly claim: SecretClaim;
  readonly secret?: Parameters<typeof secret>[0] | null;
  readonly now?: number;
  readonly finds: string;
};

test('a secret that looks gone is looked at again in the first minute, unless its deletion was reported', () => {
  const kindOf = (claim: SecretClaim, now: number) => confirmSecret(claim, origin, undefined, now).kind;
  expect(kindOf(rotated, YOUNG)).toBe('look-again');
  expect(kindOf(rotated, OLD)).toBe('notice');
  expect(kindOf(deleted, YOUNG)).toBe('notice');
});

test.each([
  [SECRET, true],
  [SECRET.slice(0, -7), false],
  [SECRET.replace('secretsmanager', 'ssm'), false],
  ['prod/db-a1B2c3', false],
])('%s is the full ARN of a secret: %s', (text, expected) => {
  expect(isFullArn(text)).toBe(expected);
});

const TABLE: readonly Row[] = [
  {
    title: 'the version carries the label',
    claim: moved('AWSCURRENT', 'v2'),
    now: YOUNG,
    finds: 'AWSCURRENT v2',
  },
  {
    title: 'the version is not visible yet',
    claim: moved('AWSCURRENT', 'v3'),
    now: YOUNG,
    finds: 'look-again',
  },
  {
    title: 'the version has been superseded, for the change still counts',
    claim: moved('AWSCURRENT', 'v1'),
    now: OLD,
    finds: 'AWSCURRENT v1',
  },
  {
    title: 'the version carries a custom label',
    claim: moved('BLUE', 'v2'),
    secret: { labels: { v2: ['AWSCURRENT', 'BLUE'] } },
    finds: 'BLUE v2',
  },
  {
    title: 'a custom label was only removed',
    claim: moved('BLUE', 'v1'),
    finds: 'ignored label-removed',
  },
  { title: 'the event does not name the version', claim: moved('AWSCURRENT'), finds: 'AWSCURRENT v2' },
  {
    title: 'PutSecretValue created the current version',
    claim: created('v2', 'AWSCURRENT'),
    finds: 'AWSCURRENT v2',
  },
  {
    title: 'the version that PutSecretValue created has been superseded',
    claim: created('v1', 'AWSCURRENT'),
    finds: 'AWSCURRENT v1',
  },
  {
    title: 'PutSecretValue has no token',
    claim: created(undefined, 'AWSCURRENT'),
    finds: 'AWSCURRENT v2',
  },
  { title: 'UpdateSecret has no token', claim: created(undefined), finds: 'ignored no-new-version' },
  {
    title: 'only the description was edited',
    claim: created('no-such-version'),
    finds: 'ignored no-new-version',
  },
  { title: 'the new version is not visible yet', claim: created('v9'), now: YOUNG, finds: 'look-again' },
  {
    title: 'the new version waits for its rotation',
    claim: created('v3', 'AWSCURRENT'),
    secret: { labels: { v2: ['AWSCURRENT'], v3: ['AWSPENDING'] } },
    finds: 'ignored pending-label',
  },
  {
    title: 'the new version carries two labels',
    claim: created('v2'),
    secret: { labels: { v2: ['AWSCURRENT', 'BLUE', 'AWSPENDING'] } },
    finds: 'AWSCURRENT v2, BLUE v2',
  },
  { title: 'a rotation succeeded', claim: rotated, finds: 'AWSCURRENT v2' },
  {
    title: 'a rotation succeeded and is not visible yet',
    claim: rotated,
    secret: { lastRotatedAt: AT - 86_400_000 },
    now: YOUNG,
    finds: 'look-again',
  },
  { title: 'the secret does not exist', claim: rotated, secret: null, finds: 'notice not-found prod/db' },
  {
    title: 'the secret is scheduled for deletion',
    claim: moved('AWSCURRENT', 'v2'),
    secret: { deletedAt: AT },
    finds: `notice scheduled-for-deletion ${SECRET}`,
  },
  {
    title: 'the secret was deleted',
    claim: deleted,
    secret: { deletedAt: AT },
    finds: `notice scheduled-for-deletion ${SECRET}`,
  },
  {
    title: 'the secret was deleted for good',
    claim: deleted,
    secret: null,
    finds: 'notice not-found prod/db',
  },
  { title: 'the deletion is not visible yet', claim: deleted, now: YOUNG, finds: 'look-again' },
  { title: 'the secret was deleted and restored', claim: deleted, finds: 'ignored restored' },
];

describe('a claim that is checked against the secret', () => {
  const rows = TABLE.map((row) => [row.finds, row.title, row] as const);

  test.each(rows)('gives "%s" if %s', (_finds, _title, row) => {
    const found = confirmSecret(
      row.claim,
      origin,
      row.secret === null ? undefined : secret(row.secret),
      row.now ?? OLD,
    );
    expect(told(found)).toBe(row.finds);
  });
});

function told(found: ReturnType<typeof confirmSecret>): string {
  switch (found.kind) {
    case 'changes':
      return found.changes.map(({ label, versionId }) => `${label} ${versionId}`).join(', ');
    case 'notice':
      return `notice ${found.notice.notice} ${found.notice.arn}`;
    case 'ignored':
      return `ignored ${found.reason}`;
    case 'look-again':
      return found.kind;
    default:
      return found satisfies never;
  }
}

describe('the instant of a change', () => {
  const at = (claim: SecretClaim, different: Parameters<typeof secret>[0]) => {
    const found = confirmSecret(claim, origin, secret(different), OLD);
    return found.kind === 'changes' ? found.changes[0]?.changedAt : undefined;
  };

  test('is the end of the second that the event names', () => {
    expect(at(moved('AWSCURRENT', 'v2'), {})).toBe(AT + 999);
    expect(endOfSecond(AT + 1)).toBe(AT + 1);
  });

  test('by rotation is LastRotatedDate and not the time of the event about its success', () => {
    expect(at(rotated, { lastRotatedAt: AT - 2_345 })).toBe(AT - 2_345);
  });

  test('by rotation without LastRotatedDate is LastChangedDate, and at the latest the time of the event', () => {
    expect(at(rotated, { lastChangedAt: AT - 2_345 })).toBe(AT - 2_345);
    expect(at(rotated, { lastChangedAt: AT + 60_000 })).toBe(AT + 999);
  });

  test('to a version that waited for its rotation is the end of that rotation', () => {
    expect(at(created('v2', 'AWSCURRENT'), { lastRotatedAt: AT + 5_432 })).toBe(AT + 5_432);
    expect(at(created('v2', 'AWSCURRENT'), { lastRotatedAt: AT - 86_400_000 })).toBe(AT + 999);
  });
});

test.each([
  ['false', true],
  ['no', true],
  ['true', false],
  [undefined, false],
])('a secret tagged enabled=%s is opted out: %s', (enabledTag, optedOut) => {
  const found = confirmSecret(
    moved('AWSCURRENT', 'v2'),
    origin,
    secret(enabledTag === undefined ? {} : { enabledTag }),
    OLD,
  );
  expect(found).toMatchObject({ changes: [{ optedOut }] });
});

describe('a claim that names a secret is about the secret of that name in the Region and account of the event', () => {
  const here = { region: 'eu-west-1', account: '111122223333' };
  const find = (asNamed: string, from: object) =>
    told(
      confirmSecret({ ...moved('AWSCURRENT', 'v2'), secret: asNamed }, { ...origin, ...from }, secret(), OLD),
    );

  test.each([
    ['prod/db', {}, 'AWSCURRENT v2'],
    ['prod/db', here, 'AWSCURRENT v2'],
    ['prod/db', { ...here, region: 'eu-west-2' }, 'ignored elsewhere'],
    ['prod/db', { ...here, account: '444455556666' }, 'ignored elsewhere'],
    ['prod/db', { region: 'eu-west-2' }, 'ignored elsewhere'],
    ['x-arn:', { region: 'eu-west-2' }, 'ignored elsewhere'],
    [SECRET, { region: 'eu-west-2' }, 'AWSCURRENT v2'],
  ])('(%s from %o gives %s)', (asNamed, from, finds) => {
    expect(find(asNamed, from)).toBe(finds);
  });

  test('and gives the notice not-found if there is no such secret', () => {
    const nowhere = confirmSecret(rotated, { ...origin, region: 'eu-west-2' }, undefined, OLD);
    expect(nowhere).toEqual({
      kind: 'notice',
      notice: {
        changeId: 'event-1',
        kind: 'secret',
        arn: 'prod/db',
        notice: 'not-found',
        at: AT,
        source: 'test',
      },
    });
  });
});

describe('around the end of the minute in which a change may not be visible yet,', () => {
  test.each<[string, SecretClaim, Parameters<typeof secret>[0], number, string]>([
    [
      'a moved label is looked for again before the minute is over',
      moved('AWSCURRENT', 'v3'),
      {},
      AT + 59_999,
      'look-again',
    ],
    [
      'a moved label counts as superseded when the minute is over',
      moved('AWSCURRENT', 'v3'),
      {},
      AT + 60_000,
      'AWSCURRENT v3',
    ],
    [
      'a moved label without a version is looked for again before the minute is over',
      moved('BLUE'),
      {},
      AT + 59_999,
      'look-again',
    ],
    [
      'a moved label without a version counts as removed when the minute is over',
      moved('BLUE'),
      {},
      AT + 60_000,
      'ignored label-removed',
    ],
    [
      'AWSCURRENT at no version that is shown is looked for again before the minute is over',
      moved('AWSCURRENT', 'v3'),
      { labels: {} },
      AT + 59_999,
      'look-again',
    ],
    [
      'AWSCURRENT at no version that is shown counts when the minute is over, because it cannot be removed',
      moved('AWSCURRENT', 'v3'),
      { labels: {} },
      AT + 60_000,
      'AWSCURRENT v3',
    ],
    [
      'a moved label without a version is found at once if the secret carries it',
      moved('AWSCURRENT'),
      {},
      AT,
      'AWSCURRENT v2',
    ],
    [
      'a rotation more than a minute before the event is not the one that the event reports',
      rotated,
      { lastRotatedAt: AT - 60_001 },
      AT + 59_999,
      'look-again',
    ],
    [
      'a rotation a minute before the event is the one that the event reports',
      rotated,
      { lastRotatedAt: AT - 60_000 },
      AT + 59_999,
      'AWSCURRENT v2',
    ],
    [
      'the last rotation counts when the minute is over, whatever its date',
      rotated,
      { lastRotatedAt: AT - 60_001 },
      AT + 60_000,
      'AWSCURRENT v2',
    ],
    ['a rotation without a date counts at once', rotated, {}, AT, 'AWSCURRENT v2'],
  ])('%s', (_, claim, different, now, finds) => {
    expect(told(confirmSecret(claim, origin, secret(different), now))).toBe(finds);
  });
});

test('a forced change has no label and no version, and carries an opt-out of its secret and an invalid tag', () => {
  const whole = { changeId: 'event-1', kind: 'secret', arn: SECRET, changedAt: AT, source: 'test' } as const;
  const forced = (enabledTag?: string) =>
    forcedChange(origin, secret(enabledTag === undefined ? {} : { enabledTag }));
  expect(forced()).toStrictEqual({ ...whole, optedOut: false });
  expect(forced('true')).toStrictEqual({ ...whole, optedOut: false });
  expect(forced('false')).toStrictEqual({ ...whole, optedOut: true });
  expect(forced('off')).toStrictEqual({ ...whole, optedOut: true, invalidTag: true });
});

test('only the label AWSCURRENT of the current version moved at the rotation; other labels moved at the event', () => {
  const found = confirmSecret(
    created('v2'),
    origin,
    secret({ labels: { v2: ['AWSCURRENT', 'BLUE'] }, lastRotatedAt: AT + 5_432 }),
    OLD,
  );
  const instants = found.kind === 'changes' ? found.changes.map(({ changedAt }) => changedAt) : [];
  expect(instants).toEqual([AT + 5_432, AT + 999]);
  const superseded = confirmSecret(created('v1'), origin, secret({ lastRotatedAt: AT + 5_432 }), OLD);
  expect(superseded).toMatchObject({ changes: [{ label: 'AWSCURRENT', changedAt: AT + 999 }] });
});

describe('for a secret that is read without an event,', () => {
  const versions = [
    { versionId: 'v2', labels: ['AWSCURRENT', 'BLUE'], createdAt: AT + 1 },
    { versionId: 'v1', labels: ['AWSPREVIOUS'], createdAt: AT - 86_399_999 },
    { versionId: 'v3', labels: ['AWSPENDING'], createdAt: AT + 2 },
  ];

  test('every label that can move is a change as old as its version', () => {
    expect(currentChanges(origin, secret(), versions)).toMatchObject([
      { label: 'AWSCURRENT', versionId: 'v2', changedAt: AT + 1 },
      { label: 'BLUE', versionId: 'v2', changedAt: AT + 1 },
    ]);
  });

  test('AWSCURRENT is no older than the last rotation', () => {
    expect(currentChanges(origin, secret({ lastRotatedAt: AT + 77 }), versions)).toMatchObject([
      { changedAt: AT + 77 },
      { changedAt: AT + 1 },
    ]);
  });

  test('a LastChangedDate after the version makes a later change possible, not certain, for it may be only a tag', () => {
    const [current] = currentChanges(origin, secret({ lastChangedAt: AT + 999_999 }), versions);
    expect(current).toMatchObject({ changedAt: AT + 1, possiblyUntil: AT + 999_999 });
  });

  test('a LastChangedDate in the second of the rotation means the rotation and no later change', () => {
    const changes = currentChanges(
      origin,
      secret({ lastRotatedAt: AT + 5_000, lastChangedAt: AT + 5_040 }),
      versions,
    );
    expect(changes).toMatchObject([{ changedAt: AT + 5_999 }, { changedAt: AT + 1 }]);
    expect(changes.map(({ possiblyUntil }) => possiblyUntil)).toEqual([undefined, undefined]);
    const later = { lastRotatedAt: AT + 5_000, lastChangedAt: AT + 6_000 };
    expect(currentChanges(origin, secret(later), versions)).toMatchObject([
      { changedAt: AT + 5_999, possiblyUntil: AT + 6_999 },
      { changedAt: AT + 1, possiblyUntil: AT + 6_999 },
    ]);
    const same = currentChanges(origin, secret({ lastChangedAt: AT + 1 }), versions);
    expect(same.map(({ possiblyUntil }) => possiblyUntil)).toEqual([undefined, undefined]);
  });
});
