import { describe, expect, test } from 'vitest';
import { startLoop } from '../../support/loop.ts';

describe('a label that holds what SQS takes for no character', () => {
  test.each(['a\uffffb', '\ufffe', 'a\u0001'])(
    'is followed until its change is settled: %j',
    async (label) => {
      const loop = await startLoop();
      const secret = loop.sim.world.secret({ name: 'prod/db' });
      loop.sim.world.service({
        secrets: [`${secret.arn}::${label}:`],
        startedAt: loop.clock.now() - 86_400_000,
      });
      loop.sim.act('secretsmanager', 'PutSecretValue', {
        SecretId: secret.arn,
        SecretString: 'x',
        VersionStages: [label],
      });
      const event = loop.sim.events.find(({ 'detail-type': type }) => type === 'Secret Label Updated');
      expect(event).toBeDefined();
      const body = JSON.stringify(event).replace(
        /[\ufffe\uffff]/g,
        (one) => `\\u${one.charCodeAt(0).toString(16)}`,
      );
      loop.sim.act('sqs', 'SendMessage', { QueueUrl: loop.queueUrl, MessageBody: body });
      await loop.run();
      const sent = loop.sim.ledger.calls.filter(({ operation }) => operation === 'SendMessage');
      expect(sent.map(({ outcome }) => outcome)).toEqual(['ok']);
      expect(loop.told('service.fresh')).toHaveLength(1);
      expect(loop.told('change.settled')).toHaveLength(1);
    },
  );
});
