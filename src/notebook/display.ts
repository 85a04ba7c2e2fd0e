/** One output in several forms, by MIME type; the reader's program shows the richest one it knows. */
export type MimeBundle = Readonly<Record<string, unknown>>;

/** What goes with an output beside what it shows. The pages number each output that says here that it is a figure. */
export interface OutputMetadata {
  readonly figure?: { readonly caption: string };
}

/** The function by which a running tslab kernel sends an output; as in tslab/dist/jupyter.d.ts, but JSON values are allowed. */
type WriteDisplayData = (
  output: { data: MimeBundle; metadata: OutputMetadata; transient: { display_id?: string } },
  update: boolean,
) => void;

/**
 * tslab's own `display` takes one MIME type a call and no JSON, so outputs are sent by the function beneath it.
 * The kernel's module is looked up among those already loaded: outside a kernel nothing of tslab is loaded.
 */
function kernelWriter(): WriteDisplayData | undefined {
  const path = Object.keys(require.cache).find((name) => /[\\/]tslab[\\/]dist[\\/]jupyter\.js$/.test(name));
  const jupyter =
    path && (require.cache[path]?.exports as { lastWriteDisplayData?: WriteDisplayData | null });
  return (jupyter && jupyter.lastWriteDisplayData) || undefined; // null until the kernel runs its first cell
}

/** Whether this code runs in a notebook (a tslab kernel) rather than in plain Node. */
export function inNotebook(): boolean {
  return kernelWriter() !== undefined;
}

/** Shows an output below the cell. Outside a notebook its text/plain form is printed. */
export function show(bundle: MimeBundle, metadata: OutputMetadata = {}): void {
  new Output().set(bundle, metadata);
}

let outputs = 0;

/** One output below the cell whose content can be replaced in place, again and again. */
export class Output {
  private readonly id = `resnet-workbook-${process.pid}-${Date.now()}-${outputs++}`;
  private shown = false;

  /** Shows the output, or replaces what it showed. Outside a notebook its text/plain form is printed. */
  set(bundle: MimeBundle, metadata: OutputMetadata = {}): void {
    const write = kernelWriter();
    if (write) write({ data: bundle, metadata, transient: { display_id: this.id } }, this.shown);
    else console.log(bundle['text/plain'] ?? '');
    this.shown = true;
  }
}
