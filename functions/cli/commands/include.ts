import { atSamePlace } from '../again.ts';
import type { CliCommand } from '../command.ts';
import { EXIT } from '../exit.ts';
import { outByCluster, serviceOf, tagKey } from '../opting.ts';
import { printDone } from '../print.ts';
import { serviceNamed } from '../services.ts';

export const include: CliCommand = {
  name: 'include',
  summary: 'takes an opt-out of a service back',
  args: '<cluster/service>',
  options: [],
  examples: [['include prod/api', 'removes the tag secret-redeploy:enabled from the service']],
  async run([name = ''], given, terminal) {
    serviceNamed(name);
    const session = await terminal.connect();
    const { screen, progress } = terminal;
    const service = await serviceOf(name, session);
    const key = tagKey(session);
    // Where only tagged services are selected, a service without the tag is not.
    const value = session.config.policy.select === 'tagged' ? 'true' : undefined;
    await session.tag(service.arn, key, value);
    progress.end();
    const said = `${service.key}: ${value === undefined ? `without ${key}` : `${key}=${value}`}`;
    const json = { service: service.arn, key, value: value ?? null };
    printDone({ json, names: [service.key], said: [said] }, given, screen);
    if (outByCluster(service))
      screen.note(`it stays opted out: its cluster ${service.cluster.name} has the tag ${key}`);
    const catchUp = `what it has missed is not caught up by itself: "esr redeploy --service ${service.key}"`;
    screen.note(atSamePlace(catchUp, given));
    return EXIT.done;
  },
};
