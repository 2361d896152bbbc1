import { parseArgs } from 'node:util';
import { wholeNumber } from '../whole-number.ts';
import { METHODS, type Method, SIZES } from './scenarios.ts';

export type Options = {
  readonly sizes: readonly number[];
  readonly methods: readonly Method[];
  /** The folder of the built functions. */
  readonly dist: string;
  /** The folder for the figures. */
  readonly out: string;
  /** How many scenarios run at the same time. */
  readonly jobs: number;
};

const USAGE =
  'usage: npm run bench -- [--services 50,500,5000] [--only baseline,cold,snapshot,warm] [--jobs 16] [--out test/lab/bench/results] [--dist dist]';

/** Reads the command line. An invalid one throws an error with the usage. */
export function optionsIn(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      services: { type: 'string', default: SIZES.join() },
      only: { type: 'string', default: METHODS.join() },
      jobs: { type: 'string', default: '16' },
      out: { type: 'string', default: 'test/lab/bench/results' },
      dist: { type: 'string', default: 'dist' },
    },
  });
  return {
    sizes: values.services.split(',').map((text) => wholeNumber('--services', text, USAGE)),
    methods: values.only.split(',').map(methodNamed),
    dist: values.dist,
    out: values.out,
    jobs: wholeNumber('--jobs', values.jobs, USAGE),
  };
}

function methodNamed(text: string): Method {
  const method = METHODS.find((candidate) => candidate === text);
  if (method === undefined)
    throw new Error(`--only: expected one of ${METHODS.join(', ')}, found ${text}\n${USAGE}`);
  return method;
}
