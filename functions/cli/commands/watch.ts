import { look, youngestRollouts } from '../../commands/watch.ts';
import type { Run } from '../../pipeline/run.ts';
import { type CliCommand, type Given, isSet, text } from '../command.ts';
import { WrongUsage } from '../exit.ts';
import { follow, printEnd, timeoutOf } from '../follow.ts';
import { knownServices, serviceNamed } from '../services.ts';
import { needNames, requestFor, startOf, type Target, targetOf } from '../target.ts';
import { ALL, AT, CLUSTERS, FORCE, PARAMETER, SERVICE, TIMEOUT } from './options.ts';

export const watch: CliCommand = {
  name: 'watch',
  summary: 'follows until every service runs on the new value, as ECS shows it',
  args: '[secret-or-service...]',
  options: [PARAMETER, SERVICE, CLUSTERS, AT, FORCE, TIMEOUT, ALL],
  examples: [
    [
      'watch prod/db',
      'every service that refers to the secret, until no task is from before its last change',
    ],
    ['watch prod/api', 'the youngest rollout of the service api in the cluster prod'],
    ['watch prod/db --timeout 10m', 'ends with 5 if something still waits after ten minutes'],
  ],
  async run(args, given, terminal) {
    needNames(args, given);
    const timeoutMs = timeoutOf(given);
    const at = text(given, 'at');
    if (isSet(given, 'force') && at === undefined)
      throw new WrongUsage('--force: give the instant as well, with --at');
    const session = await terminal.connect();
    const target = await targetOf(args, given, session, { services: true });
    for (const name of target.ambiguous)
      terminal.screen.note(
        `${name} is a secret and a service: the secret is watched, --service names the service`,
      );
    terminal.progress.lookFor(target.resources);
    const { run, first } = await knownServices(session, () => firstLook(target, given, at, session.run));
    const followed = await follow(first, run, terminal, { timeoutMs });
    printEnd(followed, target, run.ports.clock.now(), given, terminal);
    return followed.code;
  },
};

/** Services without an instant are followed to the end of their youngest rollout. */
async function firstLook(target: Target, given: Given, at: string | undefined, wide: Run) {
  const { triggers, run } = startOf(requestFor('plan', target, given, at), wide);
  const named = target.services.map(serviceNamed);
  const isDated = at !== undefined || named.length === 0;
  return { run, first: await look(isDated ? triggers : await youngestRollouts(named, run), run) };
}
