/**
 * The types of `tesseract.js-core`, which has none of its own.
 *
 * @module
 */

/** The part of `tesseract.js-core` that is used here. Source: `javascript/tesseract.idl`. */
export interface Tesseract {
  readonly TessBaseAPI: new () => TessBaseApi;
  readonly FS: {
    readonly writeFile: (path: string, bytes: Uint8Array) => void;
    readonly unlink: (path: string) => void;
  };
  readonly _malloc: (size: number) => number;
  readonly _free: (pointer: number) => void;
  /** Decodes an image file in memory. Returns a pointer to its `Pix`, or 0 if it cannot. */
  readonly _pixReadMem: (file: number, size: number) => number;
  /** Frees the image that the pointer at this address points to. */
  readonly _pixDestroy: (reference: number) => void;
  readonly Pix: PixClass;
  readonly wrapPointer: (pointer: number, type: PixClass) => Pix;
  readonly getValue: (pointer: number, type: "i32") => number;
  readonly setValue: (pointer: number, value: number, type: "i32") => void;
  readonly getPointer: (object: object) => number;
  readonly destroy: (object: object) => void;
}

/** Tesseract's own interface. */
export interface TessBaseApi {
  readonly InitForAnalysePage: () => void;
  /** Loads the file `LANGUAGE.traineddata` of a folder. Returns 0 on success. */
  readonly Init: (folder: string, language: string, engineMode: number) => number;
  readonly SetVariable: (name: string, value: string) => boolean;
  /** Sets the image. Copies it, and applies the orientation. The other parameters are for other kinds of images. */
  readonly SetImage: (
    pix: Pix,
    ...others: [] | [
      width: undefined,
      height: undefined,
      bytesPerPixel: undefined,
      bytesPerLine: undefined,
      exif: number,
    ]
  ) => void;
  /** The image with its orientation applied, as 1 bit, 8 bits or 32 bits per pixel. */
  readonly GetInputImage: () => Pix;
  readonly AnalyseLayout: () => PageIterator;
  readonly SetRectangle: (left: number, top: number, width: number, height: number) => void;
  /** Returns 0 on success, and another number if the rectangle is too small for text. */
  readonly Recognize: (monitor: null) => number;
  readonly GetUTF8Text: () => string;
  readonly GetHOCRText: (page: number) => string;
  readonly End: () => void;
}

/** An image of Leptonica. Its pixels are in rows of 32-bit words, from the most to the least significant bits. */
export interface Pix {
  readonly get_w: () => number;
  readonly get_h: () => number;
  /** The number of bits per pixel. */
  readonly get_d: () => number;
  /** The number of words per row. */
  readonly get_wpl: () => number;
  /** The number of samples per pixel: 4 for an image with transparency. */
  readonly get_spp: () => number;
  /** The address of the pixels. */
  readonly get_data: () => number;
}

type PixClass = new () => Pix;

/** Tesseract's iterator over the parts of a page. */
export interface PageIterator {
  readonly Begin: () => void;
  readonly Next: (level: number) => boolean;
  readonly Empty: (level: number) => boolean;
  readonly IsAtBeginningOf: (level: number) => boolean;
  readonly BlockType: () => number;
  readonly BoundingBox: (level: number, left: number, top: number, right: number, bottom: number) => boolean;
}
