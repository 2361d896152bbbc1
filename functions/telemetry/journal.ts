import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Transition } from '../core/follow-up/seen-rollout.ts';
import { type Match, suffixWarnings } from '../core/match/match.ts';
import { type ServiceAccess, warnsOf } from '../core/model/access.ts';
import {
  about,
  type Change,
  type IgnoredReason,
  isReportedEnd,
  type Notice,
  REQUEST,
  type Subject,
  UNTRUSTED,
} from '../core/model/change.ts';
import type { Decision } from '../core/model/decision.ts';
import { type Fleet, isWhole, unreadableOf } from '../core/model/fleet.ts';
import type { Outcome } from '../core/model/outcome.ts';
import type { PlanBesideEarly } from '../core/plan/early.ts';
import { skipsBeside } from '../core/plan/plan.ts';
import { isLaterLook } from '../core/plan/planned.ts';
import type { Policy } from '../core/plan/policy.ts';
import { reasonHas } from '../core/plan/reasons.ts';
import { tagWarningsIn } from '../core/report/tag-warnings.ts';
import { mentionsToTell } from '../core/report/uses.ts';
import type { Request } from '../formats/request.ts';
import { FollowedRecords } from './followed-records.ts';
import {
  countsOf,
  idsOf,
  iso,
  type Level,
  noticeFields,
  type RecordName,
  type RecordWriter,
  someOf,
} from './record.ts';

/**
 * Writes the records and counts the metrics for operators. Records hold names and ARNs only: no value, tag,
 * description, event or environment variable reaches the log (functions/README.md, Metadata only).
 */
export class Journal {
  readonly #writer: RecordWriter;
  /** When the changes of this invocation happened, for reaction times; requests have none. */
  readonly #changedAt = new Map<string, number>();

  /** What became of the deployments that a change follows, and of the change. */
  readonly followed: FollowedRecords;

  constructor(writer: RecordWriter) {
    this.#writer = writer;
    this.followed = new FollowedRecords(writer);
  }

  requested(changeId: string, request: Request): void {
    const { services, at, ...asked } = request;
    this.#writer.record('info', 'request.received', {
      changeId,
      ...asked,
      services: services.map(({ asGiven }) => asGiven),
      ...(at === undefined ? {} : { at: iso(at) }),
    });
  }

  received(change: Change): void {
    const { changeId, kind, arn, label, versionId, changedAt, source, confirmed } = change;
    if (source !== REQUEST)
      this.#changedAt.set(changeId, Math.min(changedAt, this.#changedAt.get(changeId) ?? changedAt));
    this.#writer.isAbout(change);
    this.#writer.count('Changes');
    this.#writer.record(confirmed === false ? 'warn' : 'info', 'change.received', {
      changeId,
      kind,
      arn,
      label,
      versionId,
      changedAt: iso(changedAt),
      source,
      ...(confirmed === false && { confirmed, why: UNCONFIRMED }),
    });
  }

  /** A change or notice that an earlier invocation received. */
  recalled(subject: Change | Notice): void {
    this.#writer.isAbout(subject);
  }

  /** `why`: what was refused, if it is not certain that the event needs no redeploy. */
  ignored({ changeId, source, arn, account }: Told, reason: IgnoredReason, why?: string): void {
    const isUntrusted = reason === UNTRUSTED;
    if (isUntrusted) this.#writer.count('Untrusted');
    this.#writer.record(why !== undefined || isUntrusted ? 'warn' : 'info', 'change.ignored', {
      changeId,
      source,
      arn,
      ...(account !== undefined && { account }),
      reason,
      why,
    });
  }

  /** Records the plan, and each service that is not redeployed, with the reason. Redeploys are recorded once done. */
  planned(seen: Seen, { plan, early }: PlanBesideEarly): void {
    const { notices, fleet, subjects, matches } = seen;
    for (const notice of notices) this.#noticed(notice, matches, fleet);
    if (subjects.length === 0) return;
    const tags = tagWarningsIn(fleet, subjects, matches);
    const suffixes = suffixWarnings(fleet, subjects, seen.spared);
    const unreadable = unreadableOf(fleet);
    const all = [...early.map(({ planned }) => planned), ...plan.redeploys, ...plan.others];
    const first = all.filter((planned) => !isLaterLook(planned));
    const decisions = [...first.map(({ decision }) => decision), ...plan.unmatched];
    const warnings = tags.length + suffixes.length + unreadable.length + fleet.unreadableClusters.length;
    this.#writer.count('Matched', decisions.length);
    this.#writer.record(warnings > 0 ? 'warn' : 'info', 'plan.made', {
      ...idsOf(subjects.map((subject) => about(subject).changeId)),
      ...countsOf(decisions),
      ...someOf('tagWarnings', tags),
      ...someOf('referenceWarnings', suffixes),
      ...someOf('mentions', mentionsToTell(fleet, subjects, matches, seen.policy)),
      ...someOf('unreadable', unreadable),
      ...someOf('unreadableClusters', fleet.unreadableClusters),
    });
    for (const decision of [...decisions, ...first.flatMap(skipsBeside)])
      if (decision.action !== 'redeploy') this.decided(decision);
  }

  /** A service that waits or is skipped. */
  decided(decision: Transition): void {
    if (decision.deployment !== undefined) {
      this.followed.inState(decision, decision.deployment);
      return;
    }
    if (decision.action === 'skip') this.#writer.count('Skipped');
    if (decision.reason === 'rollout-failed') this.#writer.count('RolloutFailed');
    if (reasonHas('countsAsStale', decision.reason)) this.#writer.count('StaleServices');
    const level = reasonHas('alarms', decision.reason) ? 'warn' : 'info';
    this.#service(
      level,
      decision.action === 'wait' ? 'service.waiting' : 'service.skipped',
      decision,
      decision.reason,
      decision.after && { after: decision.after },
    );
  }

  /** A redeploy that was decided, but must not be made. */
  notExecuted(decision: Decision, why: 'plan' | 'observe'): void {
    if (why === 'observe') this.#writer.count('Skipped');
    this.#service('info', 'service.skipped', decision, why);
  }

  executed(decision: Decision, outcome: Outcome): void {
    switch (outcome.result) {
      case 'accepted': {
        this.#writer.count('Redeployed');
        const reactionMs = this.#reaction(decision, outcome.acceptedAt);
        this.#writer.measure('ReactionMs', MetricUnit.Milliseconds, reactionMs);
        const { deploymentId } = outcome;
        const isWarning = decision.obstacles !== undefined || warnsOf(decision.access);
        const level = isWarning ? 'warn' : 'info';
        this.#service(level, 'service.redeployed', decision, null, { deploymentId, reactionMs });
        break;
      }
      case 'gone':
        this.#writer.count('Skipped');
        this.#service('info', 'service.skipped', decision, 'gone');
        break;
      case 'not-executed':
        this.#service('warn', 'service.waiting', decision, 'out-of-time');
        break;
      case 'failed':
      case 'unknown': {
        this.#writer.count('Failed');
        const { code, message, missingAction } = outcome.error;
        const error = { code, message, missingAction };
        this.#service('error', 'service.failed', decision, outcome.result, { error });
        break;
      }
      default:
        outcome satisfies never;
    }
  }

  /** A problem of the invocation, which is not a record of a change. */
  error(message: string, error: unknown, fields: Readonly<Record<string, string>> = {}): void {
    this.#writer.error(message, error, fields);
  }

  calls({ apiCalls, throttled }: { readonly apiCalls: number; readonly throttled: number }): void {
    this.#writer.measure('ApiCalls', MetricUnit.Count, apiCalls);
    this.#writer.count('Throttled', throttled);
  }

  /** The end of a resource that no service refers to concerns no operator, if the whole fleet could be read. */
  #noticed(notice: Notice, matches: readonly Match[], fleet: Fleet): void {
    const services = matches
      .filter(({ subject }) => about(subject) === notice)
      .map(({ service }) => service.arn);
    if (services.length === 0 && isReportedEnd(notice) && isWhole(fleet)) {
      this.ignored(notice, 'not-referenced');
      return;
    }
    this.#writer.isAbout(notice);
    this.#writer.count('Notices');
    this.#writer.record('warn', 'change.notice', noticeFields(notice, services));
  }

  #service(
    level: Level,
    event: RecordName,
    decision: Decision,
    reason: string | null,
    more: object = {},
  ): void {
    const { service, cluster, changeIds, wave, action, obstacles = [], access, interrupts } = decision;
    this.#writer.record(level, event, {
      ...idsOf(changeIds),
      service,
      cluster,
      wave,
      ...(reason === null ? {} : { reason }),
      ...someOf('obstacles', obstacles),
      ...(access !== undefined && access.findings.length > 0 && { access: recordOfAccess(access) }),
      ...(interrupts && action === 'redeploy' && { interrupts }),
      ...more,
    });
  }

  /** The time from the earliest of the changes that demanded the redeploy; undefined for requests. */
  #reaction({ changeIds }: Decision, acceptedAt: number): number | undefined {
    const instants = changeIds.flatMap((changeId) => this.#changedAt.get(changeId) ?? []);
    return instants.length === 0 ? undefined : Math.max(0, acceptedAt - Math.min(...instants));
  }
}

const UNCONFIRMED =
  'AWS does not describe the secret here, so it was not confirmed, and a tag by which its owner opts out was not seen';

function recordOfAccess({ certainty, findings }: ServiceAccess): object {
  return { certainty, ...someOf('findings', findings) };
}

/** The part of a plan's input that is recorded. */
type Seen = {
  readonly notices: readonly Notice[];
  readonly fleet: Fleet;
  readonly subjects: readonly Subject[];
  readonly matches: readonly Match[];
  readonly policy: Policy;
  /** What looks like an older secret and is not known to be gone. */
  readonly spared?: ReadonlySet<string>;
};

/** `arn`: the resource that the event names, if it can be determined; `account`: where it says that it happened. */
type Told = Pick<Change, 'changeId' | 'source'> & {
  readonly arn?: string | undefined;
  readonly account?: string | undefined;
};
