// deno-lint-ignore-file no-control-regex -- magic numbers of binary files contain control characters
/**
 * Recognizes file formats that users may submit as images but that `readImageHeader` does not read.
 *
 * @module
 */

/** A file format that `readImageHeader` does not read. */
export interface ImageKind {
  /** The name with its article, such as `a PDF`. */
  readonly name: string;
  /** The MIME type, such as `application/pdf`. */
  readonly type: string;
}

const KINDS: readonly (readonly [start: RegExp, name: string, type: string])[] = [
  [/^.{4}ftyp.{0,40}avi[fs]/s, "an AVIF", "image/avif"], // the major brand or one of the compatible ones
  [/^.{4}ftyp(?:hei|hev|mif1|msf1)/s, "a HEIC", "image/heic"],
  [/^(?:\0\0\0\x0cjP {2}|\xff\x4f\xff\x51)/, "a JPEG 2000", "image/jp2"],
  [/^(?:\0\0\0\x0cJXL |\xff\x0a)/, "a JPEG XL", "image/jxl"],
  [/^(?:II\+\0|MM\0\+)/, "a BigTIFF", "image/tiff"],
  [/^P7\s/, "a PAM", "image/x-portable-arbitrarymap"],
  [/^II\xbc/, "a JPEG XR", "image/jxr"],
  [/^qoif/, "a QOI", "image/qoi"],
  [/^gimp xcf/, "a GIMP file", "image/x-xcf"],
  [/^v\/1\x01/, "an OpenEXR", "image/x-exr"],
  [/^.{128}DICM/s, "a DICOM file", "application/dicom"],
  [/^%PDF-/, "a PDF", "application/pdf"],
  [/^8BPS/, "a Photoshop file", "image/vnd.adobe.photoshop"],
  [/^AT&TFORM/, "a DjVu", "image/vnd.djvu"],
  [/^\0\0\x01\0/, "an icon", "image/x-icon"],
  [/^(?:\xef\xbb\xbf)?\s*<(?:.{0,400}<)?svg[\s>]/s, "an SVG", "image/svg+xml"],
];

/** Recognizes a format by the first bytes of a file. Returns null if the format is unknown. */
export function readImageKind(bytes: Uint8Array): ImageKind | null {
  const start = String.fromCharCode(...bytes.subarray(0, 500));
  const [, name, type] = KINDS.find(([pattern]) => pattern.test(start)) ?? [];
  return name === undefined || type === undefined ? null : { name, type };
}
