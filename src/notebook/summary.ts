import type { Module } from '../nn/module';
import { type Summary, summarize } from '../models/summary';
import { type Row, showTable } from './table';

export interface SummaryOptions {
  /** Leaves out layers without parameters (relu, pooling). Default false. */
  weightsOnly?: boolean;
  caption?: string;
}

/**
 * Shows a network layer by layer: what comes out, how many parameters it has, how many multiply-adds it takes
 * (counted as the paper and torchvision count FLOPs), with the totals below.
 *
 * @param inputShape - [N, H, W, C], e.g. [1, 224, 224, 3]; multiply-adds are for all N pictures.
 * @returns the figures shown.
 */
export function showSummary(
  model: Module,
  inputShape: readonly [number, number, number, number],
  options: SummaryOptions = {},
): Summary {
  const summary = summarize(model, inputShape);
  const rows = options.weightsOnly
    ? summary.layers.filter(({ parameters }) => parameters > 0)
    : summary.layers;
  const total: Row = { name: 'total', parameters: summary.parameters, flops: summary.flops };
  const frozen: Row = { name: 'of these trainable', parameters: summary.trainableParameters };
  showTable(rows, {
    columns: {
      name: 'Layer',
      type: 'Type',
      outputShape: 'Output [N, H, W, C]',
      parameters: 'Parameters',
      flops: 'Multiply-adds',
    },
    caption: options.caption ?? `${model.constructor.name} on an input of [${inputShape.join(', ')}]`,
    footer: summary.trainableParameters === summary.parameters ? [total] : [total, frozen],
  });
  return summary;
}
