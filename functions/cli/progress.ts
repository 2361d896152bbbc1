import { match } from '../core/match/match.ts';
import { REQUEST, type Subject } from '../core/model/change.ts';
import type { Fleet } from '../core/model/fleet.ts';
import type { Ports } from '../ports.ts';
import { count, span } from './render/words.ts';
import type { LiveLines, Screen } from './screen.ts';

/** How often lines that change are drawn anew, and how often a line is added where none can change. */
const FRAME_MS = 100;
const LINE_MS = 5_000;

/** How many names a line shows of what is known. */
const NAMES = 3;

/** Shows what a read has found so far, before everything has been read. */
export class Progress {
  readonly #screen: Screen;
  readonly #live: LiveLines | undefined;
  readonly #beganAt = Date.now();
  readonly #clusters = new Set<string>();
  readonly #known = new Set<string>();
  #services = 0;
  #total = 0;
  #doing = '';
  #subjects: readonly Subject[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(screen: Screen) {
    this.#screen = screen;
    this.#live = screen.liveLines();
  }

  /** The ports, every read of which is shown. */
  watch(ports: Ports): Ports {
    const { secrets, access } = ports;
    return {
      ...ports,
      ecs: this.#watchEcs(ports.ecs),
      access: {
        ...access,
        simulate: (simulations, signal) => {
          this.doing('asking IAM about roles');
          return access.simulate(simulations, signal);
        },
      },
      secrets: {
        ...secrets,
        list: (signal) => {
          this.doing('listing the secrets');
          return secrets.list(signal);
        },
      },
    };
  }

  #watchEcs(ecs: Ports['ecs']): Ports['ecs'] {
    return {
      ...ecs,
      listClusters: async (globs, signal) => {
        const clusters = await ecs.listClusters(globs, signal);
        this.#total = clusters.length;
        return clusters;
      },
      readFleet: (globs, signal, options) => {
        this.doing('reading the services');
        const onPart = (part: Fleet) => {
          this.#read(part);
          options?.onPart?.(part);
        };
        return ecs.readFleet(globs, signal, { ...options, onPart });
      },
      tasksIn: (cluster, signal) => {
        this.doing('reading the tasks');
        return ecs.tasksIn(cluster, signal);
      },
      answer: (question, signal) => {
        this.doing('asking about single services');
        return ecs.answer(question, signal);
      },
    };
  }

  /** Whose users are shown as soon as they are read. */
  lookFor(resources: readonly { readonly kind: 'secret' | 'parameter'; readonly arn: string }[]): void {
    this.#subjects = resources.map(({ kind, arn }) => ({
      kind: 'change',
      change: { changeId: '', kind, arn, changedAt: 0, source: REQUEST, optedOut: false },
    }));
  }

  /** Says what is being done, from now until it is said again or the progress ends. */
  doing(what: string): void {
    this.#doing = what;
    if (this.#timer !== undefined || this.#isOver) return;
    this.#timer = setInterval(() => this.#draw(), this.#live === undefined ? LINE_MS : FRAME_MS).unref();
    if (this.#live !== undefined) this.#draw();
  }

  /** Removes the lines that change. */
  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#live?.clear();
  }

  /** Removes them for good: what a command shows itself takes their place. */
  giveWay(): void {
    this.#isOver = true;
    this.end();
  }

  #read(part: Fleet): void {
    this.#services += part.services.length;
    for (const { cluster } of part.services) this.#clusters.add(cluster.name);
    for (const { service } of match(part, this.#subjects, 'redeploy')) this.#known.add(service.key);
  }

  #draw(): void {
    const line = this.#line();
    if (this.#live === undefined) this.#screen.note(line);
    else this.#live(line);
  }

  #line(): string {
    const read =
      this.#services === 0 ? [] : [`${count(this.#services, 'service')} read in ${this.#places()}`];
    return [`${this.#doing} (${span(Date.now() - this.#beganAt)})`, ...read, ...this.#users()].join(', ');
  }

  #places(): string {
    const { size } = this.#clusters;
    return this.#total > size ? `${size} of ${count(this.#total, 'cluster')}` : count(size, 'cluster');
  }

  #users(): readonly string[] {
    if (this.#known.size === 0) return [];
    const [...names] = this.#known;
    const more = names.length > NAMES ? ', …' : '';
    return [`${names.length} found: ${names.slice(-NAMES).join(', ')}${more}`];
  }
}
