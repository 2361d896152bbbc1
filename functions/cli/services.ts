import { nameOf } from '../core/model/arn.ts';
import type { Fleet, NamedService } from '../core/model/fleet.ts';
import { selects } from '../core/model/glob.ts';
import { namedService } from '../formats/request.ts';
import { NoSuchService } from '../pipeline/read/scan.ts';
import type { Session } from '../runtime/connect-terminal.ts';
import { WrongUsage } from './exit.ts';
import { didYouMean } from './names.ts';

/** The answer about services that are named. If one does not exist, throws WrongUsage, which says what may be meant. */
export async function knownServices<T>(session: Session, answer: () => Promise<T>): Promise<T> {
  try {
    return await answer();
  } catch (error) {
    if (!(error instanceof NoSuchService)) throw error;
    throw await noService(error.asGiven, session);
  }
}

async function noService([given = '']: readonly string[], session: Session): Promise<WrongUsage> {
  const { run, region, account } = session;
  const clusters = await run.ports.ecs.listClusters([['*']], run.reading);
  const [cluster = ''] = given.split('/');
  const isCluster = clusters.some((arn) => nameOf(arn) === cluster);
  const place = `in ${region} of account ${account}`;
  if (!isCluster && !given.startsWith('arn:'))
    return new WrongUsage(
      `there is no cluster ${cluster} ${place}${didYouMean(cluster, clusters.map(nameOf))}`,
    );
  const only = clusters.filter((arn) => selects([cluster], nameOf(arn)));
  const { fleet } = await run.ports.ecs.readFleet([['*']], run.reading, { only });
  return new WrongUsage(`there is no service ${given} ${place}${didYouMean(given, keysOf(fleet))}`);
}

const keysOf = ({ services }: Fleet): readonly string[] => services.map(({ key }) => key);

/** Throws WrongUsage. */
export function serviceNamed(given: string): NamedService {
  const named = namedService(given);
  if (named !== undefined) return named;
  throw new WrongUsage(`${given} is neither cluster/service nor the ARN of a service`);
}
