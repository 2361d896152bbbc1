import { describe, expect, test } from 'vitest';
import type { Decision } from '../../../functions/core/model/decision.ts';
import type { Outcome } from '../../../functions/core/model/outcome.ts';
import { followed } from '../../../functions/core/report/followed.ts';
import { service } from '../../support/build.ts';

const arn = (name: string) => service({ name }).arn;
const about = (name: string) => ({
  service: arn(name),
  cluster: 'main',
  changeIds: ['c'],
  wave: 0,
  references: [],
});
const waits = (name: string): Decision => ({ ...about(name), action: 'wait', reason: 'cooldown' });
const starts = (name: string): Decision => ({ ...about(name), action: 'redeploy', reason: null });
const fresh = (name: string): Decision => ({ ...about(name), action: 'skip', reason: 'already-fresh' });
const ended = (name: string, result: string) => ({ service: arn(name), result }) as Outcome;

describe('a redeploy goes on through the queue', () => {
  test('with the services that wait and those whose deployment was begun, may have been begun or was not begun in time', () => {
    const decisions = [
      waits('a'),
      starts('b'),
      starts('c'),
      starts('d'),
      starts('e'),
      starts('f'),
      fresh('g'),
    ];
    const outcomes = [
      ended('b', 'accepted'),
      ended('c', 'unknown'),
      ended('d', 'not-executed'),
      ended('e', 'failed'),
      ended('f', 'failed'),
    ];
    expect(followed({ decisions, outcomes }, 'change-1', false)).toEqual({
      followed: {
        changeId: 'change-1',
        services: 4,
        unread: false,
        note: '4 services go on through the queue; on-change logs the rest under changeId change-1',
      },
    });
  });

  test('with the part of the fleet that is not read yet, even if no service is known', () => {
    expect(followed({ decisions: [fresh('a')], outcomes: [] }, 'change-1', true)).toEqual({
      followed: {
        changeId: 'change-1',
        services: 0,
        unread: true,
        note: 'the part of the fleet that is not read yet goes on through the queue; on-change logs the rest under changeId change-1',
      },
    });
  });

  test.each([
    [1, false, '1 service goes on through the queue;'],
    [2, false, '2 services go on through the queue;'],
    [1, true, '1 service and the part of the fleet that is not read yet go on through the queue;'],
    [2, true, '2 services and the part of the fleet that is not read yet go on through the queue;'],
  ])('and says so as one says it: %i, unread: %s', (count, unread, said) => {
    const decisions = [waits('a'), waits('b')].slice(0, count);
    expect(followed({ decisions, outcomes: [] }, 'change-1', unread).followed?.note).toContain(said);
  });

  test('but not if every service is done with', () => {
    expect(followed({ decisions: [fresh('a')], outcomes: [] }, 'change-1', false)).toEqual({});
  });

  test('and counts a service once that was started early and waits', () => {
    const { followed: one } = followed(
      { decisions: [waits('a')], outcomes: [ended('a', 'accepted')] },
      'c',
      false,
    );
    expect(one?.services).toBe(1);
  });
});
