import { describe, expect, test } from 'vitest';
import { OWN_SOURCE } from '../../functions/core/report/own-event.ts';
import { type Sample, sampleEvents } from '../events/samples.ts';
import type { JsonObject } from './event-pattern.ts';
import { loadRules } from './template.ts';

const rules = loadRules();
const queuesOf = (event: JsonObject) => rules.filter((rule) => rule.matches(event)).map((rule) => rule.queue);
const samples = sampleEvents();

describe('the rules', () => {
  test.each(samples)('send $file to the queue $rules (null: to none)', ({ event, rules: queue }) => {
    // The event must match one rule only: two rules for one event would send two messages.
    expect(queuesOf(event)).toEqual(queue === null ? [] : [queue]);
  });

  test('each match a sample event', () => {
    for (const rule of rules) expect(samples.map(({ event }) => event).filter(rule.matches)).not.toEqual([]);
  });
});

describe('the rules hold back', () => {
  test('no sample that is a change or a notice', () => {
    const lost = samples.filter(({ meaning, rules: queue }) => meaning !== 'ignored' && queue === null);
    expect(lost.map(({ file }) => file)).toEqual([]);
  });

  test.each(samples.filter(({ rules: queue }) => queue !== null))(
    '$file if another program sends it under a source of its own',
    ({ event }) => {
      // This includes our own source: our own events must never come back to us.
      for (const source of ['orders.app', OWN_SOURCE]) expect(queuesOf({ ...event, source })).toEqual([]);
    },
  );

  test.each(samples.filter(({ rules: queue, event }) => queue === 'cloudtrail' && isCall(event)))(
    '$file if the call failed',
    ({ event }) => {
      expect(queuesOf({ ...event, detail: { ...event.detail, errorCode: 'ThrottlingException' } })).toEqual(
        [],
      );
    },
  );
});

describe('the rule for calls', () => {
  test.each<[string, JsonObject | null, boolean]>([
    ['PutSecretValue', { versionStages: ['AWSPENDING'] }, false],
    ['PutSecretValue', { versionStages: ['AWSPENDING', 'AWSCURRENT'] }, true],
    ['PutSecretValue', { versionStages: ['BLUE'] }, true],
    ['PutSecretValue', { secretId: 'prod/db' }, true],
    ['PutSecretValue', null, true],
    ['UpdateSecretVersionStage', { versionStage: 'AWSPENDING' }, false],
    ['UpdateSecretVersionStage', { versionStage: 'AWSPREVIOUS' }, true],
    ['UpdateSecretVersionStage', { versionStage: 'BLUE' }, true],
    // If CloudTrail does not record the label, the function has to find out which one moved.
    ['UpdateSecretVersionStage', { secretId: 'prod/db' }, true],
    ['UpdateSecretVersionStage', null, true],
  ])('matches %s with the parameters %j: %s', (eventName, requestParameters, passes) => {
    const { event } = sampleOf('cloudtrail-put-secret-value.json');
    expect(queuesOf({ ...event, detail: { ...event.detail, eventName, requestParameters } })).toEqual(
      passes ? ['cloudtrail'] : [],
    );
  });
});

function sampleOf(file: string): Sample {
  const sample = samples.find((candidate) => candidate.file === file);
  if (sample === undefined) throw new Error(`looked for the sample event ${file}, which does not exist`);
  return sample;
}

function isCall(event: Sample['event']): boolean {
  return event['detail-type'] === 'AWS API Call via CloudTrail';
}
