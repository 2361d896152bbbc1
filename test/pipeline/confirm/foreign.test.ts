import { describe, expect, test } from 'vitest';
import {
  deniedElsewhere,
  isDenial,
  isElsewhere,
  isHidden,
  isOfOtherRegion,
  isToBeBelieved,
  toldTooLittle,
} from '../../../functions/pipeline/confirm/foreign.ts';
import { callEvent, denied, labelMoved } from '../../support/asked.ts';
import { ACCOUNT, REGION, SECRET } from '../../support/build.ts';
import { fakeRun } from '../../support/fake-run.ts';

const THEIRS = '999988887777';
const theirs = SECRET.replace(ACCOUNT, THEIRS);
const far = SECRET.replace(REGION, 'us-east-1');
const HERE = { account: ACCOUNT, region: REGION };
const NOWHERE = { account: undefined, region: undefined };

describe('an ARN is of elsewhere', () => {
  test.each([
    ['of this account and Region', SECRET, HERE, false, false],
    ['of another account', theirs, HERE, true, false],
    ['of another Region', far, HERE, true, true],
    ['of another account, if this one is not known', theirs, { ...HERE, account: undefined }, false, false],
    ['of another Region, if this one is not known', far, { ...HERE, region: undefined }, false, false],
    ['of any place, if neither is known', far, NOWHERE, false, false],
    ['that is a name', 'prod/db', HERE, false, false],
  ])('or not: one %s', (_, arn, here, elsewhere, otherRegion) => {
    expect([isElsewhere(arn, here), isOfOtherRegion(arn, here)]).toEqual([elsewhere, otherRegion]);
  });
});

describe('an event that was not forwarded is believed', () => {
  const { run } = fakeRun({});

  test.each([
    ['of this account', labelMoved(), run, true],
    ['of another account', labelMoved({ account: THEIRS }), run, false],
    [
      'of another account, if this one is not known',
      labelMoved({ account: THEIRS }),
      fakeRun({}, NOWHERE).run,
      true,
    ],
    ['that names no account and a secret of this one', labelMoved({ account: undefined }), run, true],
    [
      'that names no account and a secret of another one',
      labelMoved({ account: undefined, arn: theirs }),
      run,
      false,
    ],
    ['of this account about a secret of another one', labelMoved({ arn: theirs }), run, false],
    ['of this account about a secret of another Region', labelMoved({ arn: far }), run, false],
    ['that names no secret', callEvent({ secret: undefined }), run, true],
  ])('or not: one %s', (_, { event }, context, believed) => {
    expect(isToBeBelieved(event, 'own', context)).toBe(believed);
    expect(isToBeBelieved(event, 'forwarded', context)).toBe(true);
    const why = believed ? undefined : expect.stringMatching(/^no; the event of another account is ignored;/);
    expect(deniedElsewhere(denied('no'), event, context)).toEqual(why);
    expect(deniedElsewhere(new Error('no'), event, context)).toBeUndefined();
  });
});

describe('an error', () => {
  const HIDDEN = 'because no resource-based policy allows it';

  test.each([
    ['that says so is a denial', denied(), true],
    ['that says that it is none is none', Object.assign(new Error('x'), { denied: false }), false],
    ['that says nothing about it is no denial', new Error('x'), false],
    ['that is none is no denial', { denied: true }, false],
    ['that is undefined is no denial', undefined, false],
  ])('%s', (_, error, is) => {
    expect(isDenial(error)).toBe(is);
  });

  test.each([
    ['by the policy of the resource hides it', denied(HIDDEN), true, true],
    ['by another policy does not', denied('because no identity-based policy allows it'), false, false],
    ['that only says so is no denial', new Error(HIDDEN), true, false],
    ['must be an error', { message: HIDDEN, denied: true }, false, false],
  ])('%s', (_, error, hidden, tooLittle) => {
    expect(isHidden(error)).toBe(hidden);
    expect(toldTooLittle(error)).toEqual(
      tooLittle ? expect.stringMatching(`^${HIDDEN}; this event names no label with its version`) : undefined,
    );
  });
});
