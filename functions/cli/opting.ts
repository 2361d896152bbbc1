import type { Service } from '../core/model/fleet.ts';
import { isOptedOut } from '../core/model/tags.ts';
import { NoSuchService } from '../pipeline/read/scan.ts';
import type { Session } from '../runtime/connect-terminal.ts';
import { WrongUsage } from './exit.ts';
import { knownServices, needOwn, serviceNamed } from './services.ts';

/** The service of this name, in whichever cluster. Throws WrongUsage, which says what may be meant. */
export async function serviceOf(given: string, session: Session): Promise<Service> {
  needOwn(given, session);
  const { ports, reading } = session.run;
  return knownServices(session, async () => {
    const { services, missing, unreadable } = await ports.ecs.readNamed([serviceNamed(given)], [], reading);
    if (missing.length > 0) throw new NoSuchService(missing);
    const [service] = services;
    if (service === undefined)
      throw new WrongUsage(`ECS does not show ${given}: ${unreadable[0]?.why ?? 'no reason'}`);
    return service;
  });
}

export const tagKey = ({ config }: Session): string => `${config.tagPrefix}:enabled`;

/** The service stays opted out although its own tag does not say so: by its cluster. */
export function outByCluster(service: Service): boolean {
  return isOptedOut({ ...service, tags: new Map() }, 'all');
}
