import { createHash } from 'node:crypto';

/**
 * A hash (SHA-256) of values of any kind: equal values give equal digests, in any process.
 *
 * Objects count by their class, with its source, and by their fields; functions by their source. So a reader's own
 * transform that was edited is another one. What a function takes from outside itself is not seen.
 */
export class Fingerprint {
  private readonly hash = createHash('sha256');

  /** Takes in a value; the order of several matters. */
  add(value: unknown): this {
    this.addValue(value, []);
    return this;
  }

  /** 64 hexadecimal digits; nothing can be added afterwards. */
  digest(): string {
    return this.hash.digest('hex');
  }

  /** @param above - the objects that hold this one, so that one that holds itself comes to an end. */
  private addValue(value: unknown, above: readonly object[]): void {
    if (ArrayBuffer.isView(value)) {
      this.text(`${value.constructor.name} ${value.byteLength}`);
      this.hash.update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    } else if (typeof value === 'object' && value !== null) {
      if (above.includes(value)) return this.text(`its holder ${above.indexOf(value)}`);
      const fields = Object.entries(value);
      this.text(`${String(value.constructor)} with ${fields.length} fields`);
      for (const [name, field] of fields) {
        this.text(name);
        this.addValue(field, [...above, value]);
      }
    } else this.text(`${typeof value} ${Object.is(value, -0) ? '-0' : String(value)}`);
  }

  /** The length goes first, so that "ab", "c" is not "a", "bc". */
  private text(text: string): void {
    const bytes = Buffer.from(text);
    this.hash.update(`${bytes.length} `).update(bytes);
  }
}
