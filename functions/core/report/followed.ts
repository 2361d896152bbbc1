import type { Report, Unfinished } from './report.ts';

/** What of a redeploy goes on through the queue; nothing, if every service is done with. */
export function followed(
  { decisions, outcomes }: Pick<Report, 'decisions' | 'outcomes'>,
  changeId: string,
  unread: boolean,
): Pick<Unfinished, 'followed'> {
  const waiting = decisions.filter(({ action }) => action === 'wait').map(({ service }) => service);
  const started = outcomes
    .filter(({ result }) => result === 'accepted' || result === 'unknown' || result === 'not-executed')
    .map(({ service }) => service);
  const services = new Set([...waiting, ...started]).size;
  if (services === 0 && !unread) return {};
  const note = `${whatGoesOn(services, unread)} on through the queue; on-change logs the rest under changeId ${changeId}`;
  return { followed: { changeId, services, unread, note } };
}

function whatGoesOn(services: number, unread: boolean): string {
  const known = services === 1 ? '1 service' : `${services} services`;
  if (!unread) return `${known} ${services === 1 ? 'goes' : 'go'}`;
  const rest = 'the part of the fleet that is not read yet';
  return services === 0 ? `${rest} goes` : `${known} and ${rest} go`;
}
