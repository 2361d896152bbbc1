import { commandOf, documentedCommands } from '../../docs/documents.ts';

const DEPLOY = 'docs/deploy.md';
const OPERATE = 'docs/operate.md';

/**
 * The commands of the documents that the end-to-end test runs, exactly as they stand there, with `<…>` filled in.
 * test/docs/commands.test.ts checks that the documents show no other command than these and those that run elsewhere.
 */
export const COMMANDS = {
  deployObserving: commandOf(DEPLOY, 'The three steps', 0),
  askForPlan: commandOf(DEPLOY, 'The three steps', 1),
  deployEnforcing: commandOf(DEPLOY, 'The three steps', 2),
  deployElsewhere: commandOf(DEPLOY, 'Several Regions, several accounts', 0),
  removeElsewhere: commandOf(DEPLOY, 'Several Regions, several accounts', 1),
  deployWithSettings: commandOf('docs/configuration.md', 'Where to put a setting'),
  remove: commandOf(DEPLOY, 'Uninstall'),
  removeWithSnapshot: commandOf(DEPLOY, 'With a snapshot bucket', 0),
  removeBucket: commandOf(DEPLOY, 'With a snapshot bucket', 1),
  stop: commandOf(OPERATE, 'Stop everything at once'),
  goOn: commandOf(OPERATE, 'Go on'),
  exclude: commandOf(OPERATE, 'Exclude one service'),
  includeAgain: commandOf(OPERATE, 'Include it again'),
  redrive: commandOf(OPERATE, 'Replay'),
  lookAtLost: commandOf(OPERATE, 'Events that no queue received'),
  redeployByHand: commandOf(OPERATE, 'Redeploy by hand'),
  askForStale: commandOf(OPERATE, 'What runs on an old value now: `stale`'),
  trustAccounts: commandOf('docs/other-accounts.md', 'Set it up', 0),
  forward: commandOf('docs/other-accounts.md', 'Set it up', 1),
  putRule: commandOf('docs/events.md', 'A rule of yours', 0),
  putTargets: commandOf('docs/events.md', 'A rule of yours', 1),
} as const;

/** The commands of README from the clone to the plan: what a newcomer types. */
export const FROM_CLONE_TO_PLAN: readonly string[] = documentedCommands(['README.md'])
  .filter(({ section }) => ['Two commands', 'Deploy it in observe mode'].includes(section))
  .map(({ text }) => text)
  .slice(0, -1);

/** The line with a value in the place of its `<…>`. */
export function filledIn(line: string, value: string): string {
  return line.replace(/<[^>]+>/, value);
}
