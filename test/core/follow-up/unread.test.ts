import { describe, expect, test } from 'vitest';
import {
  asWaiting,
  isUnread,
  joinUnread,
  stillUnread,
  type Unread,
  unreadIn,
} from '../../../functions/core/follow-up/unread.ts';
import { clusterArn } from '../../../functions/core/model/arn.ts';
import type { Change } from '../../../functions/core/model/change.ts';
import type { Fleet } from '../../../functions/core/model/fleet.ts';
import { change, fleet, service } from '../../support/build.ts';

const MAIN = service().cluster;
const EDGE = { ...MAIN, name: 'edge', arn: clusterArn('arn:aws:ecs:eu-west-1:111122223333:cluster/edge') };
const arn = (name: string) => service({ name }).arn;
const inEdge = (name: string) =>
  service({ name, cluster: EDGE, arn: `arn:aws:ecs:eu-west-1:111122223333:service/edge/${name}` });
const one = (name: string, cluster = MAIN): Unread => ({ cluster: cluster.arn, name });
const allBut = (...except: readonly string[]): Unread => ({ cluster: MAIN.arn, except });
const MAIN_REFUSED = { arn: MAIN.arn, cluster: 'main', why: 'x' };
const refused = (name: string) => ({ service: arn(name), cluster: 'main', why: 'x' });

/** A fleet in which `seen` was read of `main` and `far` of `edge`, and these services were refused. */
function world(dark: readonly string[], isMainRefused = true, seen: readonly string[] = ['seen']): Fleet {
  return {
    ...fleet([...seen.map((name) => service({ name })), inEdge('far')]),
    unreadable: dark.map(refused),
    unreadableClusters: isMainRefused ? [MAIN_REFUSED] : [],
  };
}

describe('what a read of the whole fleet did not show', () => {
  const byHand = (name: string) => change({ kind: 'service', arn: arn(name) });
  test.each<[string, readonly Change[], readonly Unread[]]>([
    [
      'is a cluster but for the services of it that were seen, and each service',
      [change()],
      [allBut('seen'), one('a'), one('b')],
    ],
    ['is nothing if every change is opted out', [change({ optedOut: true })], []],
    [
      'is the same if one of the changes is not opted out',
      [change({ optedOut: true }), change()],
      [allBut('seen'), one('a'), one('b')],
    ],
    ['is only a named service if services were named by hand', [byHand('b')], [allBut('seen'), one('b')]],
    [
      'is every service if, besides, something else changed',
      [byHand('b'), change()],
      [allBut('seen'), one('a'), one('b')],
    ],
  ])('%s', (_, changes, expected) => {
    expect(unreadIn(world(['a', 'b']), changes)).toEqual(expected);
  });
});

describe('of what was unread before', () => {
  test('a service is unread as long as ECS refuses it', () => {
    const before = [one('a'), one('b'), one('far', EDGE)];
    expect(stillUnread(before, world(['b', 'c']))).toEqual([one('b')]);
  });

  test('a cluster is unread as long as ECS refuses it, but for what has been seen of it since', () => {
    expect(stillUnread([allBut('old', 'seen')], world([]))).toEqual([allBut('old', 'seen')]);
    expect(stillUnread([allBut('old')], world([]))).toEqual([allBut('old', 'seen')]);
  });

  test('a cluster that is shown again leaves the services that are refused and were not seen before', () => {
    const now = world(['a', 'old'], false);
    expect(stillUnread([allBut('old')], now)).toEqual([one('a')]);
    expect(stillUnread([allBut('old')], world(['a', 'old']))).toEqual([allBut('old', 'seen'), one('a')]);
  });
});

test('a service was unread if it was named, or is in an unread cluster and was not seen there', () => {
  const unread = [allBut('seen'), one('named', EDGE)];
  expect(isUnread(unread, service({ name: 'new' }))).toBe(true);
  expect(isUnread(unread, service({ name: 'seen' }))).toBe(false);
  expect(isUnread(unread, inEdge('named'))).toBe(true);
  expect(isUnread(unread, inEdge('new'))).toBe(false);
  expect(isUnread([], service())).toBe(false);
});

test('two lists are joined: each service once, and of a cluster only what both have seen counts as seen', () => {
  const far: Unread = { cluster: EDGE.arn, except: ['far'] };
  expect(joinUnread([one('a'), allBut('x', 'y')], [allBut('y', 'z'), far, one('a'), one('b')])).toEqual([
    allBut('y'),
    far,
    one('a'),
    one('b'),
  ]);
  expect(joinUnread([one('a')], [one('a', EDGE)])).toHaveLength(2);
});

test('a record names the cluster, and the service if it is known', () => {
  expect(asWaiting(one('a'))).toEqual({ cluster: 'main', service: arn('a'), reason: 'unreadable' });
  expect(asWaiting(allBut('a'))).toEqual({ cluster: 'main', reason: 'unreadable' });
});
