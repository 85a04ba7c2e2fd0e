/** The part used here of the protocol buffers that tfjs-node ships for saved models (google-protobuf; no types come with it). */
declare module '@tensorflow/tfjs-node/dist/proto/api_pb' {
  /** A message as an array: the field of number n is at n - 1, a map is a list of pairs. */
  export type Fields = (string | number | boolean | Uint8Array | Fields | undefined)[];

  export class FunctionDef {
    constructor(fields: Fields);
    serializeBinary(): Uint8Array;
  }

  interface ArgDef {
    getName(): string;
    /** The attributes that hold its type, how many tensors it is, or all their types; '' where there is none. */
    getTypeAttr(): string;
    getNumberAttr(): string;
    getTypeListAttr(): string;
  }

  export class OpDef {
    static deserializeBinary(bytes: Uint8Array): OpDef;
    getInputArgList(): ArgDef[];
    getOutputArgList(): ArgDef[];
    getAttrList(): { getName(): string; getDefaultValue(): { toArray(): Fields } | undefined }[];
    getIsStateful(): boolean;
  }
}
