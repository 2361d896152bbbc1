/** The account and Region that one simulator stands for. */
export interface Place {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

/** An ARN in this place: `arnOf(place, 'ecs', 'cluster/blue')`. */
export function arnOf(place: Place, service: string, resource: string): string {
  return `arn:${place.partition}:${service}:${place.region}:${place.account}:${resource}`;
}

/** The account and the Region that an ARN names. */
export function placeOf(arn: string): Pick<Place, 'account' | 'region'> {
  const [, , , region = '', account = ''] = arn.split(':');
  return { account, region };
}

/** The resource part of an ARN of `service` in this place, undefined for a name or a foreign ARN. */
export function resourceIn(place: Place, service: string, id: string): string | undefined {
  const prefix = arnOf(place, service, '');
  return id.startsWith(prefix) ? id.slice(prefix.length) : undefined;
}
