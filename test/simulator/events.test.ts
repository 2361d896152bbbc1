import { PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { describe, expect, it } from 'vitest';
import { simulate } from './testing.ts';

const entry = (different: Partial<PutEventsRequestEntry> = {}): PutEventsRequestEntry => ({
  Source: 'orders.app',
  DetailType: 'Order Placed',
  Detail: '{"order":1}',
  ...different,
});

async function bus() {
  const { sim, events } = await simulate();
  const put = (...Entries: PutEventsRequestEntry[]) => events.send(new PutEventsCommand({ Entries }));
  return { sim, put };
}

describe('EventBridge', () => {
  it('delivers an event to its listeners, with the fields that EventBridge adds to it', async () => {
    const { sim, put } = await bus();
    const { url } = sim.world.queue();
    sim.pipeEvents(url, ({ source }) => source === 'orders.app');
    const { Entries } = await put(entry({ Resources: ['arn:x'] }));
    const [message] = sim.messagesIn(url);
    expect(JSON.parse(message?.body ?? '')).toMatchObject({
      version: '0',
      id: Entries?.[0]?.EventId,
      source: 'orders.app',
      'detail-type': 'Order Placed',
      account: sim.account,
      region: sim.region,
      resources: ['arn:x'],
      detail: { order: 1 },
    });
  });

  it.each<[string, Partial<PutEventsRequestEntry>]>([
    ['InvalidArgument', { Source: '' }],
    ['InvalidArgument', { DetailType: '' }],
    ['InvalidArgument', { Detail: '' }],
    ['InvalidArgument', { DetailType: 'x'.repeat(129) }],
    ['MalformedDetail', { Detail: 'order 1' }],
    ['MalformedDetail', { Detail: '[1]' }],
    ['NotAuthorizedForSourceException', { Source: 'aws.ecs' }],
  ])('refuses a wrong entry with %s and takes the other one: %j', async (code, wrong) => {
    const { sim, put } = await bus();
    const { FailedEntryCount, Entries } = await put(entry(wrong), entry());
    expect(FailedEntryCount).toBe(1);
    expect(Entries?.map(({ ErrorCode }) => ErrorCode)).toEqual([code, undefined]);
    expect(sim.events).toHaveLength(1);
  });

  it('takes at most ten entries and 256 KiB a call, and only for the default bus', async () => {
    const { sim, put } = await bus();
    const wrong = { name: 'ValidationException' };
    await expect(put()).rejects.toMatchObject(wrong);
    await expect(put(...Array.from({ length: 11 }, () => entry()))).rejects.toMatchObject(wrong);
    const large = entry({ Detail: JSON.stringify({ text: 'x'.repeat(130 * 1024) }) });
    await expect(put(large, large)).rejects.toMatchObject(wrong);
    await expect(put(entry({ EventBusName: 'orders' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    expect(sim.events).toEqual([]);
    await put(large);
    await put(entry({ EventBusName: 'default' }));
    expect(sim.events).toHaveLength(2);
  });
});
