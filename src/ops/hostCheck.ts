import type * as tf from '@tensorflow/tfjs-node';

/** Looks at the numbers of a function's input before it runs, and throws where they are not as they should be. */
export interface HostCheck {
  given: number;
  check: (values: tf.TypedArray) => void;
}

type Look = (tensor: tf.Tensor, check: HostCheck['check'], look: () => void) => void;

/** What {@link checkOnHost} does while something is recorded. */
let whileRecording: Look | undefined;

/** Has a recorder told of the checks, until undefined ends that. */
export function checkWith(recorder: Look | undefined): void {
  whileRecording = recorder;
}

export function isRecording(): boolean {
  return whileRecording !== undefined;
}

/**
 * Looks at a tensor's numbers on the host: now and, where the tensor is an input of a captured function, before each of
 * its later runs. (A captured function that looks in another way can't become a graph.)
 */
export function checkOnHost(tensor: tf.Tensor, check: HostCheck['check']): void {
  const look = (): void => check(tensor.dataSync());
  if (whileRecording) whileRecording(tensor, check, look);
  else look();
}
