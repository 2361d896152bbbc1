import { setTimeout as sleep } from 'node:timers/promises';
import { deployedTimes } from './deployed.ts';
import { frameOf } from './live-table.ts';
import { findLostEvent, LOST, type Swept } from './lost-event.ts';
import { labelOf } from './member.ts';
import { NAMES } from './news.ts';
import { reportLines } from './report.ts';
import { PARAMETER_ARN, PARAMETER_NAME, SECRET_NAME } from './resources.ts';
import { openScreen, painter, type Screen } from './screen.ts';
import {
  CLOUDTRAIL_DELAY_SECONDS,
  COOLDOWN_SECONDS,
  FOLLOW_UP_SECONDS,
  openStage,
  type Stage,
  WINDOW_SECONDS,
} from './stage.ts';
import { askAgain, makeChanges, settled } from './story.ts';
import { judge } from './verdict.ts';
import type { Sighting } from './watch.ts';
import { wavesOf } from './waves.ts';

/** The longest time from the start until the end of the rollouts. */
const PATIENCE_MS = 25_000;
const REDRAW_MS = 100;

// `npm run demo`; `-- --verbose` also prints the output of the functions. Exit code 1 if the end is not as expected.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
process.exitCode = (await play(process.argv.includes('--verbose'))) ? 0 : 1;

async function play(verbose: boolean): Promise<boolean> {
  const startedAt = Date.now();
  const screen = openScreen();
  const time = (): string => `${((Date.now() - startedAt) / 1000).toFixed(1).padStart(5)} s`;
  const tell = (line: string): void => screen.say(`${time()}  ${line}`);
  const stage = await openStage(tell, verbose ? (line) => screen.say(`         | ${line}`) : undefined);
  try {
    introduce(screen, stage);
    const stopShowing = keepShowing(screen, stage, time);
    await makeChanges(stage, tell);
    const inTime = await settled(stage, startedAt + PATIENCE_MS);
    await sleep(2 * REDRAW_MS);
    stopShowing();
    if (inTime) tell('an operator asks on-request for the same redeploy once more');
    const again = inTime ? await askAgain(stage) : undefined;
    tell(`${LOST.secret} changed an hour ago and its event was lost: the sweep looks for stale services`);
    return conclude(screen, stage, again, await findLostEvent(stage));
  } finally {
    await stage.close();
  }
}

function introduce(screen: Screen, { fleet, log }: Stage): void {
  const clusters = new Set(fleet.map(({ cluster }) => cluster)).size;
  const deployed = deployedTimes();
  const lines = [
    `${fleet.length} services in ${clusters} clusters on a simulated AWS: real HTTP, real clock, no account.`,
    `The secret ${SECRET_NAME} is rotated and the parameter ${PARAMETER_NAME} changes; running containers keep the old values.`,
    'Watch the redeploys: every service that uses them, once each, and no other service. No value is read,',
    'and each change is followed until the last old task is gone.',
  ];
  screen.say();
  for (const line of lines) screen.say(painter(screen)('bold', line));
  screen.say();
  screen.say(
    `In the demo CloudTrail's events wait ${CLOUDTRAIL_DELAY_SECONDS} s (deployed: ${deployed.cloudTrailDelaySeconds}), Lambda gathers messages for ${WINDOW_SECONDS} s (${deployed.batchingWindowSeconds}),`,
  );
  screen.say(
    `the first follow-up comes after ${FOLLOW_UP_SECONDS} s (${deployed.followUpSeconds}), and the cooldown after a deployment is ${COOLDOWN_SECONDS} s (${deployed.cooldownSeconds}).`,
  );
  screen.say(`The output of the functions goes to ${log.file}`);
  screen.say();
}

/** Returns a function that stops it. */
function keepShowing(screen: Screen, { watch, log }: Stage, time: () => string): () => void {
  const paint = painter(screen);
  const show = (): void => {
    screen.show(frameOf(watch.look(), log.reasonFor, { paint, columns: screen.columns, time: time() }));
  };
  const timer = setInterval(show, REDRAW_MS);
  return () => {
    clearInterval(timer);
    show();
    screen.release();
  };
}

function conclude(
  screen: Screen,
  stage: Stage,
  again: Parameters<typeof reportLines>[2],
  swept: Swept,
): boolean {
  const paint = painter(screen);
  const sightings = stage.watch.look();
  for (const line of reportLines(stage, sightings, again, swept, { paint, columns: screen.columns }))
    screen.say(line);
  const problems = judge({
    states: sightings.map(endOf),
    valuesRead: stage.sim.ledger.forbidden.length,
    settled: again !== undefined,
    lostEvent: { service: `${LOST.cluster}/${LOST.service}`, isFound: swept.reason === 'report' },
    changes: stage.changes().map(({ resource, source, end }) => ({
      change: `${NAMES.get(resource) ?? resource} (${source})`,
      settled: end === 'change.settled',
    })),
    waves: wavesOf(PARAMETER_ARN, stage.watch.exposures()),
  });
  screen.say();
  for (const problem of problems) screen.say(paint('red', `✖ ${problem}`));
  if (problems.length === 0) {
    const meant = sightings.filter(({ member }) => member.expect === 'redeployed').length;
    screen.say(
      paint(
        'green',
        `✔ ${meant} services redeployed, once each, in order; no other service touched; every change settled; no value read.`,
      ),
    );
  }
  screen.say();
  return problems.length === 0;
}

function endOf({ member, stale, deployments }: Sighting) {
  return {
    service: labelOf(member),
    expect: member.expect,
    deployments: deployments.length,
    staleTasks: stale,
  };
}
