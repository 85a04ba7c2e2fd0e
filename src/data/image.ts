/** A picture as Pillow holds it: 8-bit red, green, blue, row by row. What is decoded, cropped and resized. */
export interface RgbImage {
  /** height * width * 3 values, 0 to 255 // [height, width, 3] */
  data: Uint8Array;
  height: number;
  width: number;
  channels: 3;
}

/** A picture as a network takes it: float32, HWC (torch's tensors are CHW), 0 to 1 unless normalized. */
export interface ImageArray {
  /** height * width * 3 values // [height, width, 3] */
  data: Float32Array;
  height: number;
  width: number;
  channels: 3;
}

/** Largest picture that is decoded by default or made by a resize, in pixels: where Pillow begins to warn of a bomb. */
export const MAX_PIXELS = 89_478_485;

/** A picture whose size a transform cannot take: the picture's fault, where its other errors are the program's. */
export class ImageSizeError extends RangeError {}

/** Where a part of a picture lies, in pixels. */
export interface CropBox {
  top: number;
  left: number;
  height: number;
  width: number;
}

/** What passes through transforms: a `RgbImage` until `ToTensor`, an `ImageArray` after it. */
export type Image = RgbImage | ImageArray;

/** Whether `image` is still 8-bit, i.e. `ToTensor` is yet to come. */
export function isRgbImage(image: Image): image is RgbImage {
  return image.data instanceof Uint8Array;
}
