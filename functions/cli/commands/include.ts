import type { CliCommand } from '../command.ts';
import { EXIT } from '../exit.ts';
import { outByCluster, serviceOf, tagKey } from '../opting.ts';

export const include: CliCommand = {
  name: 'include',
  summary: 'takes an opt-out of a service back',
  args: '<cluster/service>',
  options: [],
  examples: [['include prod/api', 'removes the tag secret-redeploy:enabled from the service']],
  async run([given = ''], _, terminal) {
    const session = await terminal.connect();
    const { screen, progress } = terminal;
    const service = await serviceOf(given, session);
    const key = tagKey(session);
    // Where only tagged services are selected, a service without the tag is not.
    const value = session.config.policy.select === 'tagged' ? 'true' : undefined;
    await session.tag(service.arn, key, value);
    progress.end();
    screen.print(`${service.key}: ${value === undefined ? `without ${key}` : `${key}=${value}`}`);
    if (outByCluster(service))
      screen.note(`it stays opted out: its cluster ${service.cluster.name} has the tag ${key}`);
    screen.note(`what it has missed is not caught up by itself: "esr redeploy --service ${service.key}"`);
    return EXIT.done;
  },
};
