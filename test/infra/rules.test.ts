import { describe, expect, test } from 'vitest';
import { OWN_SOURCE } from '../../functions/core/report/own-event.ts';
import { type Sample, sampleEvents } from '../events/samples.ts';
import type { JsonObject } from './event-pattern.ts';
import { loadRules } from './template.ts';

const rules = loadRules();
const queuesOf = (event: JsonObject) => rules.filter((rule) => rule.matches(event)).map((rule) => rule.queue);
const samples = sampleEvents();

describe('the rules send', () => {
  test.each(samples)('$file to $rules', ({ event, rules: queue }) => {
    // Exactly once, too: two rules for one event would be two messages.
    expect(queuesOf(event)).toEqual(queue === null ? [] : [queue]);
  });

  test('nothing to a rule that no sample shows', () => {
    for (const rule of rules) expect(samples.map(({ event }) => event).filter(rule.matches)).not.toEqual([]);
  });
});

describe('the rules hold back', () => {
  test('nothing that is a change or a notice', () => {
    const lost = samples.filter(({ meaning, rules: queue }) => meaning !== 'ignored' && queue === null);
    expect(lost.map(({ file }) => file)).toEqual([]);
  });

  test.each(samples.filter(({ rules: queue }) => queue !== null))(
    '$file, if another account program sends it under a name of its own',
    ({ event }) => {
      // Our own name too: what we tell others must never come back to us.
      for (const source of ['orders.app', OWN_SOURCE]) expect(queuesOf({ ...event, source })).toEqual([]);
    },
  );

  test.each(samples.filter(({ rules: queue, event }) => queue === 'cloudtrail' && isCall(event)))(
    '$file, if the call failed',
    ({ event }) => {
      expect(queuesOf({ ...event, detail: { ...event.detail, errorCode: 'ThrottlingException' } })).toEqual(
        [],
      );
    },
  );
});

describe('PutSecretValue and UpdateSecretVersionStage', () => {
  test.each<[string, JsonObject | null, boolean]>([
    ['PutSecretValue', { versionStages: ['AWSPENDING'] }, false],
    ['PutSecretValue', { versionStages: ['AWSPENDING', 'AWSCURRENT'] }, true],
    ['PutSecretValue', { versionStages: ['BLUE'] }, true],
    ['PutSecretValue', { secretId: 'prod/db' }, true],
    ['PutSecretValue', null, true],
    ['UpdateSecretVersionStage', { versionStage: 'AWSPENDING' }, false],
    ['UpdateSecretVersionStage', { versionStage: 'AWSPREVIOUS' }, true],
    ['UpdateSecretVersionStage', { versionStage: 'BLUE' }, true],
    // Where CloudTrail does not record the label the function has to find out.
    ['UpdateSecretVersionStage', { secretId: 'prod/db' }, true],
    ['UpdateSecretVersionStage', null, true],
  ])('%s with %j: let through %s', (eventName, requestParameters, passes) => {
    const { event } = sampleOf('cloudtrail-put-secret-value.json');
    expect(queuesOf({ ...event, detail: { ...event.detail, eventName, requestParameters } })).toEqual(
      passes ? ['cloudtrail'] : [],
    );
  });
});

function sampleOf(file: string): Sample {
  const sample = samples.find((candidate) => candidate.file === file);
  if (sample === undefined) throw new Error(`no such event: ${file}`);
  return sample;
}

function isCall(event: Sample['event']): boolean {
  return event['detail-type'] === 'AWS API Call via CloudTrail';
}
