import type { CliCommand } from '../command.ts';
import { doctorAccess } from './doctor-access.ts';
import { doctorCredentials } from './doctor-credentials.ts';

/** What comes before a rotation: whether everything is in place. Each question is a command of its own. */
export const doctor: CliCommand = {
  name: 'doctor',
  summary: 'what would go wrong, asked before it does',
  args: '',
  options: [],
  examples: [
    ['doctor credentials', 'where credentials come from, and why there are none'],
    ['doctor access prod/db', 'whether the execution roles can read it'],
  ],
  commands: [doctorCredentials, doctorAccess],
};
