import { Command } from 'commander';
import { vi } from 'vitest';

/** What a command printed, and its exit code. */
export interface CommandRun {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** Runs one command in this process. @throws the error of the command */
export async function runCommand(command: Command, args: readonly string[]): Promise<CommandRun> {
  let stdout = '';
  let stderr = '';
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  const err = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    await new Command('belay')
      .exitOverride()
      .addCommand(command)
      .parseAsync(['node', 'belay', command.name(), ...args]);
    return { stdout, stderr, exitCode: process.exitCode };
  } finally {
    process.exitCode = before;
    out.mockRestore();
    err.mockRestore();
  }
}
