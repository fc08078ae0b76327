import type { Command } from '../cli/command.js';
import { duoSimulatorCommand } from './duo-simulator/command.js';

/** What `npx sallyport` runs for a host's own development, by name. */
export const simulatorCommands: Readonly<Record<string, Command>> = {
  'duo-simulator': duoSimulatorCommand,
};
