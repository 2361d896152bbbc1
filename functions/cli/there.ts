import type { Looked } from '../commands/watch.ts';
import { commandLine } from '../core/report/shell.ts';
import type { Run } from '../pipeline/run.ts';
import type { Session } from '../runtime/connect-terminal.ts';
import { ServiceFailed } from './exit.ts';
import { functionOf } from './installed.ts';
import { count, span } from './render/words.ts';
import type { Screen } from './screen.ts';

/** A redeploy begins within seconds; after this time without one, CloudWatch is asked whether the function failed. */
const QUIET_MS = 30_000;
const MINUTE_MS = 60_000;

/** A redeploy by the installed service, of which nothing is seen but what ECS and CloudWatch show. */
export class There {
  readonly id: string;
  readonly #session: Session;
  readonly #run: Run;
  readonly #screen: Screen;
  readonly #name: string;
  readonly #invokedAt: number;
  readonly #expected: ReadonlySet<string>;
  #askedAt: number;
  #hasBegun: boolean;
  #isNoted = false;

  private constructor(id: string, first: Looked, session: Session, run: Run, screen: Screen) {
    this.id = id;
    this.#session = session;
    this.#run = run;
    this.#screen = screen;
    this.#name = functionOf(session, 'on-request');
    this.#invokedAt = run.ports.clock.now();
    this.#askedAt = this.#invokedAt;
    this.#expected = toRedeploy(first);
    this.#hasBegun = this.#expected.size === 0;
  }

  /** Asks the installed service for a redeploy, without waiting for its answer. Throws ReadFailed. */
  static async ask(
    request: object,
    first: Looked,
    session: Session,
    run: Run,
    screen: Screen,
  ): Promise<There> {
    const id = await session.functions.invokeLater(functionOf(session, 'on-request'), request);
    return new There(id, first, session, run, screen);
  }

  /** Throws ServiceFailed if nothing has begun and the function failed, and says so once if nothing has begun for long. */
  async notice(looked: Looked): Promise<void> {
    if (this.#hasBegun) return;
    const waiting = toRedeploy(looked);
    this.#hasBegun = ![...this.#expected].every((service) => waiting.has(service));
    const now = this.#run.ports.clock.now();
    if (this.#hasBegun || now - this.#askedAt < QUIET_MS) return;
    this.#askedAt = now;
    const why = await this.#why();
    if (this.#isNoted) return;
    this.#isNoted = true;
    this.#screen.note(
      `${span(now - this.#invokedAt)} after the request no service has been redeployed: ${why}; the log of ${this.#name} tells of the request under the id ${this.id}`,
    );
  }

  /** Why nothing has begun, as far as CloudWatch shows it. */
  async #why(): Promise<string> {
    try {
      const [failed = 0, throttled = 0] = await this.#troubles();
      if (failed > 0) throw new ServiceFailed(this.#failure(failed));
      return throttled > 0
        ? `Lambda throttles ${this.#name} and tries the request again for up to six hours`
        : `CloudWatch shows no error of ${this.#name} yet, and may show it minutes later`;
    } catch (error) {
      if (error instanceof ServiceFailed || this.#run.reading.aborted) throw error;
      return `whether ${this.#name} failed is not known (${error instanceof Error ? error.message : String(error)})`;
    }
  }

  /** What shows its log about the request. */
  logCommand(): string {
    const since = Math.floor(this.#invokedAt / MINUTE_MS) * MINUTE_MS;
    return commandLine([
      'aws',
      'logs',
      'filter-log-events',
      '--region',
      this.#session.region,
      '--log-group-name',
      `/aws/lambda/${this.#name}`,
      '--start-time',
      String(since),
      '--filter-pattern',
      `"${this.id}"`,
    ]);
  }

  /** How often the function failed, and was throttled, since the request. Throws ReadFailed. */
  async #troubles(): Promise<readonly number[]> {
    const metric = (name: string) => ({
      namespace: 'AWS/Lambda',
      name,
      dimensions: { FunctionName: this.#name },
    });
    const since = Math.floor(this.#invokedAt / MINUTE_MS) * MINUTE_MS;
    const found = await this.#session.monitoringIfAllowed.sums(
      ['Errors', 'Throttles'].map(metric),
      { since, intervalSeconds: MINUTE_MS / 1000 },
      this.#run.reading,
    );
    return found.map((sums) => sums.reduce((sum, { value }) => sum + value, 0));
  }

  #failure(times: number): string {
    return `the installed service failed (${count(times, 'error')} of ${this.#name} since the request), and no service has been redeployed; Lambda does not try the request again`;
  }
}

/** The services that nothing but a redeploy makes fresh, and that nothing holds back. */
const toRedeploy = ({ report }: Looked): ReadonlySet<string> =>
  new Set(report.decisions.flatMap(({ action, service }) => (action === 'redeploy' ? [service] : [])));
