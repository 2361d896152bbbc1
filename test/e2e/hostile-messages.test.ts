import { describe, expect, test, vi } from 'vitest';
import { BODIES } from '../support/hostile-bodies.ts';
import { currentMoved, type Loop, startLoop } from '../support/loop.ts';

const DAY = 86_400_000;

/** One service that refers to a secret which has just been rotated. */
function rotate(loop: Loop) {
  const secret = loop.sim.world.secret({ name: 'prod/db' });
  loop.sim.world.service({ name: 'api', secrets: [secret.arn], startedAt: loop.clock.now() - DAY });
  const event = currentMoved(loop.sim, 'prod/db');
  loop.send(event);
  return { secret, id: event.id };
}

const put = (loop: Loop, body: string) =>
  void loop.sim.act('sqs', 'SendMessage', { QueueUrl: loop.queueUrl, MessageBody: body });

/** Every line that was written to the log, valid JSON or not, without the warnings of Node itself. */
const linesWritten = (): readonly string[] =>
  [process.stdout, process.stderr]
    .flatMap((stream) => vi.mocked(stream).write.mock.calls.map(([chunk]) => String(chunk)))
    .filter((chunk) => !chunk.startsWith('(node:'))
    .flatMap((chunk) => chunk.split('\n'))
    .filter((line) => line !== '');

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

describe('a valid message is done beside', () => {
  test.each(Object.keys(BODIES))('%s', async (name) => {
    const loop = await startLoop();
    put(loop, BODIES[name] ?? '');
    const { secret, id } = rotate(loop);
    const invocations = await loop.run(4 * 3_600_000);
    expect(loop.sim.staleTasks(secret.arn)).toEqual([]);
    expect(loop.told('change.settled').filter(({ changeId }) => changeId === id)).toMatchObject([
      { redeployed: 1 },
    ]);
    expect(loop.sim.messagesIn(loop.queueUrl)).toEqual([]);
    expect(loop.sim.ledger.calls.filter(({ operation }) => operation === 'UpdateService')).toHaveLength(1);
    expect(invocations).toBeLessThan(100);
    // Every record is one line, and no message has forged a record.
    for (const line of linesWritten()) expect(line).toSatisfy(isJson);
    expect(loop.told('forged')).toEqual([]);
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as { polluted?: true }).polluted).toBeUndefined();
  });
});
