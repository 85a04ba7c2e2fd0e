import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Trouble } from '../../lib/reader.cjs';

/** A program in another language that answers each line on its stdin with a line of JSON. */
export class Peer {
  private readonly process: ChildProcessWithoutNullStreams;
  private readonly lines: AsyncIterator<string>;
  private complaint = '';

  constructor(
    private readonly program: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv = process.env,
  ) {
    this.process = spawn(program, args, { env });
    this.process.on('error', (error) => (this.complaint = error.message));
    this.process.stdin.on('error', () => {}); // it has ended; `answer` says so
    this.process.stderr.on('data', (text: Buffer) => (this.complaint = text.toString().trim()));
    this.lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
  }

  /** Sends `request` as a line of JSON and waits for the answer. */
  ask(request: object = {}): Promise<unknown> {
    this.process.stdin.write(`${JSON.stringify(request)}\n`);
    return this.answer();
  }

  /** @throws Trouble with the last line of the program's complaint when it has ended. */
  async answer(): Promise<unknown> {
    const { value, done } = (await this.lines.next()) as IteratorResult<string, undefined>;
    if (done) throw new Trouble(`${this.program} gave no answer: ${this.complaint.split('\n').pop()}`);
    return JSON.parse(value);
  }

  end(): void {
    this.process.stdin.end();
  }
}
