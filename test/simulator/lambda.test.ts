import { describe, expect, it } from 'vitest';
import { RawAnswer } from './http/raw-answer.ts';
import { simulate } from './testing.ts';

const MOST = 6_291_556;

/** A function that answers with so many bytes. */
async function answering(bytes = 2) {
  const { sim } = await simulate();
  sim.world.installed.functions.set('f', {
    name: 'f',
    environment: {},
    version: '1',
    revision: 1,
    role: 'r',
    handle: () => Promise.resolve('x'.repeat(bytes - 2)),
  });
  const invoke = async (payload: string, InvocationType = 'RequestResponse') => {
    const answer = await sim.act('lambda', 'Invoke', { FunctionName: 'f', InvocationType, Payload: payload });
    if (!(answer instanceof RawAnswer)) throw new TypeError('Invoke answers with bytes');
    return answer;
  };
  return { sim, invoke };
}

const textOf = (bytes: number) => `"${'x'.repeat(bytes - 2)}"`;

describe('Lambda', () => {
  it('answers with 6 MB at most, and beyond that with an error of the function', async () => {
    const { body, headers } = await (await answering(MOST)).invoke('{}');
    expect([body.length, headers['x-amz-function-error']]).toEqual([MOST, undefined]);
    const larger = await (await answering(MOST + 1)).invoke('{}');
    expect(larger.headers['x-amz-function-error']).toBe('Unhandled');
    expect(JSON.parse(larger.body.toString())).toMatchObject({ errorType: 'Function.ResponseSizeTooLarge' });
  });

  it('takes 6 MB at most, 1 MiB for later, and nothing but JSON', async () => {
    const { invoke } = await answering();
    await invoke(textOf(MOST));
    const tooLarge = { code: 'RequestEntityTooLargeException', status: 413 };
    await expect(invoke(textOf(MOST + 1))).rejects.toMatchObject(tooLarge);
    await invoke(textOf(1_048_576), 'Event');
    await expect(invoke(textOf(1_048_577), 'Event')).rejects.toMatchObject(tooLarge);
    await expect(invoke('{')).rejects.toMatchObject({ code: 'InvalidRequestContentException' });
  });

  it('takes no more than 4 KB of environment variables', async () => {
    const { sim } = await answering();
    const set = async (A: string) =>
      sim.act('lambda', 'UpdateFunctionConfiguration', {
        FunctionName: 'f',
        Environment: { Variables: { A } },
      });
    await set('x'.repeat(4000));
    await expect(set('x'.repeat(4100))).rejects.toMatchObject({ code: 'InvalidParameterValueException' });
  });
});
