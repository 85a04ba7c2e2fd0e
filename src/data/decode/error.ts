/** A picture that cannot be read or used; the message begins with its path. */
export class ImageError extends Error {
  constructor(
    readonly path: string,
    readonly reason: string,
  ) {
    super(`${path}: ${reason}`);
    this.name = 'ImageError';
  }
}

/** Why grey of 16 bits is refused. */
export const DEEP_GREY =
  'is grey of 16 bits, which has no agreed way to 8 (Pillow makes all above 255 white): save it as 8-bit grey';

/** Refuses a kind of file that photographs do not come in. @param what - what is rare about it. */
export function refuseKind(format: string, what: string): never {
  throw new Error(`is a ${format} of a rare kind (${what}), which is not read: save it as PNG`);
}
