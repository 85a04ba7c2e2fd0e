/** Lets several pieces of work take turns: whoever comes back waits behind those who wait already. */
export class Turns {
  private last: Promise<void> = Promise.resolve();

  /** Waits until all turns asked for before are over. @returns what ends this one. */
  async take(): Promise<() => void> {
    const before = this.last;
    let end!: () => void;
    this.last = new Promise((resolve) => (end = resolve));
    await before;
    return end;
  }
}
