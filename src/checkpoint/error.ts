/**
 * What every function of src/checkpoint throws when a file cannot be read or written: one line that says
 * what was expected, what came, and what to do.
 */
export class CheckpointError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CheckpointError';
  }
}

/**
 * A name or value out of a file, in quotes, for an error message: cut to 80 characters, and with control characters
 * spelled out, so that a hostile file can neither break the line nor send escape codes to the terminal.
 */
export function quote(text: string): string {
  const cut = text.length > 80 ? `${text.slice(0, 77)}...` : text;
  return JSON.stringify(cut).replace(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`,
  );
}

/** Runs `action`; what goes wrong with the file (not mistakes in the code) comes out as a CheckpointError with its path. */
export function withPath<T>(path: string, verb: 'read' | 'write', action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof CheckpointError) {
      throw new CheckpointError(`cannot ${verb} ${path}: ${error.message}`, { cause: error });
    }
    if (error instanceof Error && 'syscall' in error) {
      throw new CheckpointError(
        `cannot ${verb} ${path}: ${describeSystemError(error as NodeJS.ErrnoException)}`,
        { cause: error },
      );
    }
    throw error;
  }
}

function describeSystemError(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOENT':
      return 'there is no such file or folder; check the path';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied; check who owns it';
    case 'ENOSPC':
      return 'the disk is full; free some space (what was at this path before is unharmed)';
    default:
      return `${error.message}; check the disk and the path`;
  }
}
