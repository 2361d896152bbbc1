import type { CliCommand } from '../command.ts';
import { doctorAccess } from './doctor-access.ts';

export const doctor: CliCommand = {
  name: 'doctor',
  summary: 'what would go wrong, asked before it does',
  args: '',
  options: [],
  examples: [['doctor access prod/db', 'whether the execution roles can read it']],
  commands: [doctorAccess],
};
