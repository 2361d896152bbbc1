import type { Aws, Operations } from '../aws.ts';
import { AwsError } from '../errors.ts';
import { type Input, requiredText } from '../input.ts';
import { arnOf } from '../place.ts';
import type { TrailState } from './state.ts';

/** CloudTrail's reads; which calls a trail would record decides nothing here. */
export const CLOUDTRAIL: Operations = {
  DescribeTrails: (aws) => ({
    trailList: [...aws.installed.trails.values()].map((trail) => ({
      Name: trail.name,
      TrailARN: arnOf(aws.place, 'cloudtrail', `trail/${trail.name}`),
      HomeRegion: trail.homeRegion,
      IsMultiRegionTrail: trail.isMultiRegion,
    })),
  }),
  GetTrailStatus: (aws, input) => ({ IsLogging: needTrail(aws, requiredText(input, 'Name')).isLogging }),
  GetEventSelectors: (aws, input: Input) => {
    const trail = needTrail(aws, requiredText(input, 'TrailName'));
    return { EventSelectors: trail.eventSelectors, AdvancedEventSelectors: trail.advancedEventSelectors };
  },
};

function needTrail({ installed, place }: Aws, arn: string): TrailState {
  const found = [...installed.trails.values()].find(
    ({ name }) => arnOf(place, 'cloudtrail', `trail/${name}`) === arn,
  );
  if (found === undefined) throw new AwsError('TrailNotFoundException', `Unknown trail: ${arn}`);
  return found;
}
