import { type Attribute, FLOAT, NHWC } from './execute';

/** How a convolution moves over its input; each number holds for height and width alike, as in the ResNets. */
export interface Conv2dOptions {
  /** Pixels from one position to the next. */
  stride: number;
  /** Zeros added on each of the four sides, as in torch. */
  padding: number;
  /** Pixels from one tap of the filter to the next; 1 is an ordinary convolution. */
  dilation: number;
  /** Channels are split into this many groups that do not see each other; 1 is an ordinary convolution. */
  groups: number;
}

/** What TensorFlow's convolutions are told, whatever else they do; a number of zeros is padded on all four sides. */
export function conv2dAttributes(
  { stride, dilation }: Pick<Conv2dOptions, 'stride' | 'dilation'>,
  padding: 'SAME' | 'VALID' | number,
): Record<string, Attribute> {
  const [mode, p] =
    typeof padding === 'string' ? [padding, 0] : [padding > 0 ? 'EXPLICIT' : 'VALID', padding];
  return {
    T: FLOAT,
    strides: { int: [1, stride, stride, 1] },
    padding: { string: mode },
    ...(p > 0 && { explicit_paddings: { int: [0, 0, p, p, p, p, 0, 0] } }),
    data_format: NHWC,
    dilations: { int: [1, dilation, dilation, 1] },
  };
}
