import { describe, expect, test } from 'vitest';
import { match } from '../../../functions/core/match/match.ts';
import { tagWarningsIn } from '../../../functions/core/report/tag-warnings.ts';
import { asSubject, change, fleet, notice, revisionArn, SECRET, service } from '../../support/build.ts';

describe('the warnings about tags in a plan', () => {
  const tagged = (name: string, tags: Record<string, string>, revision = 'other:1') =>
    service({
      name,
      tags: new Map(Object.entries(tags)),
      taskDefinition: revisionArn(revision),
      deployments: [],
    });
  const warnedOf = (subjects = [asSubject(change())]) => {
    const all = { also: 'rds=20db', wave: 'canary', enabled: 'off' };
    const world = fleet([tagged('api', all, 'api:1'), tagged('other', all)], {
      'api:1': [SECRET],
      'other:1': [],
    });
    const matches = match(world, subjects, 'ignore');
    return tagWarningsIn(world, subjects, matches).map(({ arn, tag }) => `${arn.split('/').at(-1)} ${tag}`);
  };

  test('are about every tag of a service that matched, and about what names nothing in any other', () => {
    expect(warnedOf()).toEqual(['api enabled', 'api wave', 'api also', 'other also']);
  });

  test('tell of a service once, however many changes it matched, and of the tag of the secret', () => {
    const invalid = { ...change({ changeId: 'b' }), invalidTag: true as const };
    expect(warnedOf([change(), invalid, notice()].map(asSubject))).toEqual([
      'api enabled',
      'api wave',
      'api also',
      'other also',
      'db-a1B2c3 enabled',
    ]);
  });
});
