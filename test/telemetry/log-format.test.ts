import { Logger } from '@aws-lambda-powertools/logger';
import { expect, test, vi } from 'vitest';
import { FollowedRecords } from '../../functions/telemetry/followed-records.ts';
import { RecordFormat } from '../../functions/telemetry/log-format.ts';
import { RecordWriter } from '../../functions/telemetry/record.ts';
import { type Row, rowOf } from '../infra/observability/insights.ts';

const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-a1B2c3';

/** The fields that Logs Insights finds in the one line that is written. */
function rowOfLine(write: (writer: RecordWriter) => void): Row {
  // Otherwise the logger writes to a console of its own.
  vi.stubEnv('POWERTOOLS_DEV', 'true');
  const lines: string[] = [];
  for (const level of ['info', 'warn', 'error'] as const)
    vi.spyOn(console, level).mockImplementation((line: string) => void lines.push(line));
  write(new RecordWriter(new Logger({ logFormatter: new RecordFormat() })));
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  expect(lines).toHaveLength(1);
  return rowOf(lines[0] ?? '');
}

test('a long list in a record leaves the other fields where Logs Insights finds them: it takes 200 of a line', () => {
  const tally = { redeployed: 1, fresh: 2, failed: 3, skipped: 4, left: 5 };
  const waiting = Array.from({ length: 100 }, (_, i) => ({
    service: `s-${i}`,
    cluster: 'c',
    reason: 'cooldown',
  }));
  const row = rowOfLine((writer) => {
    writer.isAbout({ changeId: 'id', kind: 'secret', arn: ARN });
    new FollowedRecords(writer).unsettled('id', tally, waiting, 'final');
  });
  const others = { event: 'change.unsettled', changeId: 'id', ...tally, final: true, waitingTotal: 100 };
  expect(Object.fromEntries(row)).toMatchObject({ ...others, arn: ARN, account: '111122223333' });
  expect(row.get('waiting.0.service')).toBe('s-0');
});

test('a short list is found beside a long one', () => {
  const long = Array.from({ length: 100 }, (_, i) => ({ service: `s-${i}`, cluster: 'c' }));
  const row = rowOfLine((writer) =>
    writer.record('warn', 'sweep.done', { stale: long, left: [{ cluster: 'big' }], refused: [{ arn: ARN }] }),
  );
  expect([row.get('left.0.cluster'), row.get('refused.0.arn')]).toEqual(['big', ARN]);
});
