import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod/mini';
import { compilePattern } from '../infra/event-pattern.ts';
import { readSample, sampleEvents, sampleFiles } from './samples.ts';

const samples = sampleEvents();
const inputs = sampleFiles().filter((file) => !samples.some((sample) => sample.file === file));

test('every file is an event that is in expected.json, or an input of a function', () => {
  expect(inputs.filter((file) => !/^(?:request-.*|sqs-batch)\.json$/.test(file))).toEqual([]);
  expect(samples.length).toBeGreaterThanOrEqual(35);
});

test('no two events share an id', () => {
  expect(new Set(samples.map(({ event }) => event.id)).size).toBe(samples.length);
});

test.each(sampleFiles())('%s names no other account, Region or secret', (file) => {
  const arns = JSON.stringify(readSample(file)).match(/arn:[^"\\ ]+/g) ?? [];
  for (const arn of arns)
    expect(arn).toMatch(
      /^arn:aws:(?:ec2|ecs|sqs|ssm|secretsmanager|sts|iam):(?:eu-west-1)?:111122223333:(?!secret:(?!prod\/db(?:-a1B2c3)?$))/,
    );
});

describe('the table of README.md', () => {
  const rows = readFileSync('events/README.md', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim().replaceAll('`', '')));

  test('has the same meaning for each event as expected.json', () => {
    expect(
      rows.filter((cells) => cells.length === 4).map(([file, , rules, meaning]) => [file, rules, meaning]),
    ).toEqual(
      samples.map(({ file, rules, meaning, confirmed }) => [
        file,
        rules ?? 'held back',
        confirmed === undefined ? meaning : `${meaning}, ${confirmed} once confirmed`,
      ]),
    );
  });

  test('names each input', () => {
    expect(rows.filter((cells) => cells.length === 2).map(([file]) => file)).toEqual(
      expect.arrayContaining(inputs),
    );
  });
});

test('the records of the batch are events of this folder, as SQS delivers them', () => {
  const Batch = z.object({
    Records: z.array(z.object({ messageId: z.string(), body: z.string(), md5OfBody: z.string() })),
  });
  const { Records: records } = Batch.parse(readSample('sqs-batch.json'));
  expect(records.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
    readSample('secret-label-updated.json'),
    readSample('parameter-store-change-update.json'),
  ]);
  for (const { body, md5OfBody } of records)
    expect(createHash('md5').update(body).digest('hex')).toBe(md5OfBody);
});

test('the example of a rule for our own events matches the events that it is meant for', () => {
  const [, example = ''] = /```json\n(.*?)```/s.exec(readFileSync('events/README.md', 'utf8')) ?? [];
  const matches = compilePattern(z.record(z.string(), z.json()).parse(JSON.parse(example)));
  expect(samples.filter(({ event }) => matches(event)).map(({ file }) => file)).toEqual([
    'own-service-failed.json',
    'own-change-unsettled.json',
    'own-resource-deleted.json',
  ]);
});
