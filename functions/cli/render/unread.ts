import type { Unread } from '../../core/model/fleet.ts';
import { some } from './words.ts';

/** What ECS did not show, and what may follow from it. */
export function unreadLines(unreadable: readonly Unread[] = [], so: string): readonly string[] {
  const names = [...new Set(unreadable.map(nameOf))];
  return names.length === 0 ? [] : [`ECS does not show everything, so ${so}: ${some(names)}`];
}

export const MORE_REFER = 'more may refer to it';
export const REFERS_TO_MORE = 'it may refer to more';

const nameOf = ({ service, cluster = '' }: Unread): string =>
  service === undefined ? cluster : service.replace(/^[^/]*\//, '');
