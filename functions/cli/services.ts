import { nameOf, parseArn } from '../core/model/arn.ts';
import type { Fleet, NamedService } from '../core/model/fleet.ts';
import { selects } from '../core/model/glob.ts';
import { namedService } from '../formats/request.ts';
import { NoSuchService } from '../pipeline/read/scan.ts';
import type { Session } from '../runtime/connect-terminal.ts';
import { type Given, texts } from './command.ts';
import { WrongUsage } from './exit.ts';
import { didYouMean, needHere, placeOf } from './names.ts';
import { some } from './render/words.ts';

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
  const place = placeOf({ region, account });
  if (!isCluster && !given.startsWith('arn:'))
    return new WrongUsage(
      `there is no cluster ${cluster} ${place}${didYouMean(cluster, clusters.map(nameOf))}`,
    );
  const only = clusters.filter((arn) => selects([cluster], nameOf(arn)));
  const { fleet } = await run.ports.ecs.readFleet([['*']], run.reading, { only });
  return new WrongUsage(`there is no service ${given} ${place}${didYouMean(given, keysOf(fleet))}`);
}

/** Throws WrongUsage if the clusters that a person names select none: a report about nothing would look like good news. */
export async function needClusters(given: Given, { run, region, account }: Session): Promise<void> {
  const globs = texts(given, 'clusters');
  if (globs.length === 0) return;
  const { configured } = run.scope;
  const selected = await run.ports.ecs.listClusters([configured, globs], run.reading);
  if (selected.length > 0) return;
  const names = (await run.ports.ecs.listClusters([['*']], run.reading)).map(nameOf);
  const known = names.filter((name) => selects(globs, name));
  const why =
    known.length > 0
      ? `: ${some(known)} is not among the clusters of the settings (${configured.join()})`
      : didYouMean(globs.join(), names);
  throw new WrongUsage(`no cluster ${placeOf({ region, account })} matches ${globs.join(', ')}${why}`);
}

const keysOf = ({ services }: Fleet): readonly string[] => services.map(({ key }) => key);

/** Throws WrongUsage for the ARN of a service that is elsewhere: one of the same name may be here. */
export function needOwn(given: string, session: Session): void {
  needHere(given, session);
  const owner = parseArn(given)?.account ?? session.account;
  if (owner !== session.account)
    throw new WrongUsage(`${given} is of account ${owner}, and these credentials are of ${session.account}`);
}

/** Throws WrongUsage. */
export function serviceNamed(given: string): NamedService {
  const named = namedService(given);
  if (named !== undefined) return named;
  throw new WrongUsage(`${given} is neither cluster/service nor the ARN of a service`);
}
