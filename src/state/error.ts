/**
 * Thrown where a checkpoint cannot be read or written, or a state dict does not hold what it should: one line that says
 * what was expected, what came, and what to do.
 */
export class CheckpointError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CheckpointError';
  }
}

/** Throws a {@link CheckpointError}. */
export function refuse(message: string, options?: ErrorOptions): never {
  throw new CheckpointError(message, options);
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
