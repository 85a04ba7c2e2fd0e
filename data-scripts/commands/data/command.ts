/** What a data command is given. */
export interface Invocation {
  /** Only say what would be done. */
  dryRun: boolean;
  /** Options without a value that were given, e.g. `force`. */
  flags: ReadonlySet<string>;
  /** A file or folder on disk to take instead of downloading, as an absolute path. */
  from?: string;
  /** What follows the command's name. */
  operands: readonly string[];
  /** Prints a line. */
  say(line: string): void;
}

/** One of `npm run data -- NAME`. */
export interface Command {
  name: string;
  /** One line for the list of commands. */
  summary: string;
  /** What --help says. */
  help: string;
  /** Whether --from PATH is understood; what PATH may be. */
  from?: string;
  /** Operands after the name, as shown in the usage line. */
  operands?: string;
  /** Further options without a value, by name, with what each does. */
  options?: Readonly<Record<string, string>>;
  run(invocation: Invocation): Promise<void>;
}
