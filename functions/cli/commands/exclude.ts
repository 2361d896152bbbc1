import { atSamePlace } from '../again.ts';
import type { CliCommand } from '../command.ts';
import { EXIT } from '../exit.ts';
import { serviceOf, tagKey } from '../opting.ts';
import { printDone } from '../print.ts';
import { serviceNamed } from '../services.ts';

export const exclude: CliCommand = {
  name: 'exclude',
  summary: 'opts a service out: it is not redeployed any more unless it is named by hand',
  args: '<cluster/service>',
  options: [],
  examples: [['exclude prod/api', 'sets the tag secret-redeploy:enabled=false on the service']],
  async run([name = ''], given, terminal) {
    serviceNamed(name);
    const session = await terminal.connect();
    const service = await serviceOf(name, session);
    const key = tagKey(session);
    await session.tag(service.arn, key, 'false');
    terminal.progress.end();
    const json = { service: service.arn, key, value: 'false' };
    printDone({ json, names: [service.key], said: [`${service.key}: ${key}=false`] }, given, terminal.screen);
    terminal.screen.note(
      'it counts from the next look on, also for follow-ups; a deployment that has begun goes on',
      atSamePlace(
        `the service keeps its old value after each rotation, until "esr include ${service.key}"`,
        given,
      ),
    );
    return EXIT.done;
  },
};
