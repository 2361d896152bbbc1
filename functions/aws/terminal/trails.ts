import {
  CloudTrailClient,
  DescribeTrailsCommand,
  GetEventSelectorsCommand,
  type GetEventSelectorsCommandOutput,
  GetTrailStatusCommand,
  type Trail,
} from '@aws-sdk/client-cloudtrail';
import type { TrailFact } from '../../core/doctor/facts.ts';
import type { Installation } from '../../ports-doctor.ts';
import { type CallCounts, counted, reads } from '../clients.ts';
import { asked } from './asked.ts';

/** The trails that record calls in a Region, and whether EventBridge hears of the calls from them. */
export function makeTrailFacts(counts: CallCounts): Pick<Installation, 'trails'> {
  const client = counted(new CloudTrailClient(reads), counts);
  return {
    trails: (region, abortSignal) =>
      asked({ attempt: 'list the trails', action: 'cloudtrail:DescribeTrails' }, async () => {
        // With those of other Regions that record calls in this one, and those of the organization.
        const command = new DescribeTrailsCommand({ includeShadowTrails: true });
        const { trailList = [] } = await client.send(command, { abortSignal });
        const here = trailList.filter((one) => one.IsMultiRegionTrail === true || one.HomeRegion === region);
        return Promise.all(
          here.map((trail) => {
            // What a trail records is known in its own Region.
            const isHome = trail.HomeRegion === undefined || trail.HomeRegion === region;
            const there = { ...reads, region: trail.HomeRegion ?? region };
            return look(isHome ? client : counted(new CloudTrailClient(there), counts), trail, abortSignal);
          }),
        );
      }),
  };
}

async function look(client: CloudTrailClient, trail: Trail, abortSignal: AbortSignal): Promise<TrailFact> {
  const { Name: name = '', TrailARN: arn = name } = trail;
  const [isLogging, records] = await Promise.all([
    asked({ attempt: `read the status of trail ${name}`, action: 'cloudtrail:GetTrailStatus' }, async () => {
      const { IsLogging } = await client.send(new GetTrailStatusCommand({ Name: arn }), { abortSignal });
      return IsLogging === true;
    }),
    asked({ attempt: `read what trail ${name} records`, action: 'cloudtrail:GetEventSelectors' }, async () =>
      recordsWrites(await client.send(new GetEventSelectorsCommand({ TrailName: arn }), { abortSignal })),
    ),
  ]);
  return { name, isLogging, records };
}

type Selectors = Pick<GetEventSelectorsCommandOutput, 'EventSelectors' | 'AdvancedEventSelectors'>;

/**
 * Whether management events that write are recorded. A trail without selectors records all management events
 * (https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetEventSelectors.html).
 */
function recordsWrites({
  EventSelectors: basic = [],
  AdvancedEventSelectors: advanced = [],
}: Selectors): boolean {
  if (basic.length === 0 && advanced.length === 0) return true;
  return (
    basic.some((one) => one.IncludeManagementEvents !== false && one.ReadWriteType !== 'ReadOnly') ||
    advanced.some(({ FieldSelectors = [] }) => {
      const isEqual = (field: string, value: string) =>
        FieldSelectors.some(({ Field, Equals = [] }) => Field === field && Equals.includes(value));
      return isEqual('eventCategory', 'Management') && !isEqual('readOnly', 'true');
    })
  );
}
