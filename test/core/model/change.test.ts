import { describe, expect, test } from 'vitest';
import {
  about,
  endOfSecond,
  IGNORED_REASONS,
  isGone,
  isReportedEnd,
  NOTICES,
  type Notice,
  REQUEST,
  SWEEP,
  subjectsOf,
  UNTRUSTED,
} from '../../../functions/core/model/change.ts';
import { change, NOW, SECRET } from '../../support/build.ts';

const notice: Notice = {
  changeId: 'notice-1',
  kind: 'secret',
  arn: SECRET,
  notice: 'deleted',
  at: NOW,
  source: 'request',
};

describe('an instant', () => {
  test('in whole seconds is taken for the end of its second', () => {
    expect(endOfSecond(5_000)).toBe(5_999);
  });

  test('with milliseconds is taken as it is', () => {
    expect(endOfSecond(5_001)).toBe(5_001);
  });
});

test('changes come before notices, and each keeps its resource and its id', () => {
  const subjects = subjectsOf({ changes: [change()], notices: [notice] });
  expect(subjects.map(({ kind }) => kind)).toEqual(['change', 'notice']);
  expect(subjects.map(about)).toEqual([change(), notice]);
});

test('a resource that expires soon or whose rotation failed is still there', () => {
  const there = NOTICES.filter((one) => !isGone({ ...notice, notice: one }));
  expect(there).toEqual(['expires-soon', 'rotation-failed', 'rotation-abandoned']);
});

test('records name a request, the sweep and an account that is not trusted in the words for which users search', () => {
  expect([REQUEST, SWEEP, UNTRUSTED]).toEqual(['request', 'sweep', 'untrusted-account']);
  expect(IGNORED_REASONS).toContain(UNTRUSTED);
});

describe('the end of a resource is reported', () => {
  test.each(NOTICES)('by an event of the kind %s, or it has not come', (kind) => {
    const event = { ...notice, notice: kind, source: 'an event' };
    expect(isReportedEnd(event)).toBe(isGone(event) || kind === 'expires-soon');
  });

  test('by no request', () => {
    expect(isReportedEnd({ ...notice, source: REQUEST })).toBe(false);
  });
});
