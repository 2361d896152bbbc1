import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod/mini';
import type { Built } from './fleet.ts';
import { PARAMETER_ARN, PARAMETER_NAME, SECRET_ARN, SECRET_NAME } from './resources.ts';
import type { Stage } from './stage.ts';
import type { Sighting } from './watch.ts';

type Say = (line: string) => void;

const STEP_MS = 400;

/** Rotates the secret in four steps and changes the parameter, while CI deploys. */
export async function makeChanges(stage: Stage, say: Say): Promise<void> {
  const rotation = stage.sim.prepareRotation(SECRET_ARN);
  const step = async (run: () => void, line: string): Promise<void> => {
    run();
    say(line);
    await sleep(STEP_MS);
  };
  await step(rotation.begin, `rotation of ${SECRET_NAME} begins`);
  await step(rotation.createSecret, '1 createSecret: the new value is stored under AWSPENDING');
  await step(rotation.setSecret, '2 setSecret: the database gets the new password');
  deployByCi(stage, 'before', say);
  await step(rotation.testSecret, '3 testSecret: the new password works');
  await halfPastTheSecond();
  const rotatedAt = Date.now();
  stage.watch.changed(SECRET_ARN, rotatedAt);
  rotation.finishSecret();
  say(
    '4 finishSecret: AWSCURRENT moves. From now on every running task that uses the secret holds an old value',
  );
  await sleep(STEP_MS / 2);
  changeParameter(stage, say);
  rotation.succeed();
  await sleep(Math.floor(rotatedAt / 1000) * 1000 + 1050 - Date.now());
  deployByCi(stage, 'after', say);
}

/**
 * Events carry whole seconds, and a change counts from the end of its second (functions/README.md, Events). A change in
 * the middle of a second shows average reaction times.
 */
async function halfPastTheSecond(): Promise<void> {
  await sleep((1500 - (Date.now() % 1000)) % 1000);
}

function changeParameter({ sim, watch }: Stage, say: Say): void {
  const put = (): void =>
    void sim.act('ssm', 'PutParameter', { Name: PARAMETER_NAME, Value: 'a new value', Overwrite: true });
  sim.world.failParameterUpdate(PARAMETER_NAME);
  watch.changed(PARAMETER_ARN, Date.now());
  put();
  say(`the parameter ${PARAMETER_NAME} changes (at the second attempt: the first one fails)`);
}

function deployByCi({ sim, fleet }: Stage, when: Built['ci'], say: Say): void {
  for (const member of fleet.filter(({ ci }) => ci === when)) {
    sim.world.deploy(member, { by: 'CI' });
    say(`CI deploys ${member.name}`);
  }
}

/** Waits until no message is left and every service has reached its expected end; false if that takes too long. */
export async function settled(stage: Stage, deadline: number): Promise<boolean> {
  while (Date.now() < deadline) {
    if (stage.messagesLeft() === 0 && stage.watch.look().every(isAtRest)) return true;
    await sleep(100);
  }
  return false;
}

function isAtRest({ member, stale, rolling, deployments }: Sighting): boolean {
  if (member.expect === 'left-alone') return true;
  return stale === 0 && !rolling && (member.expect !== 'redeployed' || deployments.length > 0);
}

const Report = z.object({
  summary: z.object({ redeploy: z.number(), wait: z.number(), skip: z.number() }),
});
export type RequestReport = z.infer<typeof Report>;

/** Repeats the change as a request to redeploy, which has to find nothing to do. */
export async function askAgain({ ask }: Stage): Promise<RequestReport> {
  const answer = await ask('on-request', {
    action: 'redeploy',
    secret: SECRET_NAME,
    parameter: PARAMETER_NAME,
    reason: 'demo: the same once more',
  });
  return Report.parse(answer);
}
