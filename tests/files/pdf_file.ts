/** PDF files, as small as tests need them. */
import { fromBase64, toByteArray } from "../../src/internal/base64.ts";

/** A page of a PDF. */
export interface PdfPage {
  /** Width and height in points. */
  readonly size: readonly [width: number, height: number];
  /** What is drawn, in the language of PDF. By default, nothing. */
  readonly content?: string;
}

/** Makes a PDF. */
export function pdf(pages: readonly PdfPage[]): Uint8Array<ArrayBuffer> {
  const objects = [
    "<</Type/Catalog/Pages 2 0 R>>",
    `<</Type/Pages/Kids[${pages.map((_, i) => `${3 + 2 * i} 0 R`).join(" ")}]/Count ${pages.length}>>`,
    ...pages.flatMap(({ size: [width, height], content = "" }, i) => [
      `<</Type/Page/Parent 2 0 R/MediaBox[0 0 ${width} ${height}]/Contents ${4 + 2 * i} 0 R>>`,
      `<</Length ${content.length}>>stream\n${content}\nendstream`,
    ]),
  ];
  let text = "%PDF-1.4\n";
  const positions = objects.map((object, i) => {
    const at = text.length;
    text += `${i + 1} 0 obj${object}endobj\n`;
    return at;
  });
  const rows = positions.map((at) => `${String(at).padStart(10, "0")} 00000 n \n`).join("");
  const size = objects.length + 1;
  const table = `xref\n0 ${size}\n0000000000 65535 f \n${rows}trailer<</Root 1 0 R/Size ${size}>>\n`;
  return new TextEncoder().encode(`${text}${table}startxref\n${text.length}\n%%EOF\n`);
}

/** A PDF with a password, made by `qpdf --allow-weak-crypto --encrypt user owner 40`. */
export const ENCRYPTED: Uint8Array = toByteArray(
  fromBase64(
    "JVBERi0xLjQKJb/3ov4KMSAwIG9iago8PCAvUGFnZXMgMiAwIFIgL1R5cGUgL0NhdGFsb2cgPj4KZW5kb2JqCjIgMCBvYmoKPDwgL0NvdW50ID" +
      "EgL0tpZHMgWyAzIDAgUiBdIC9UeXBlIC9QYWdlcyA+PgplbmRvYmoKMyAwIG9iago8PCAvTWVkaWFCb3ggWyAwIDAgNzIgMzYgXSAvUGFyZW50" +
      "IDIgMCBSIC9UeXBlIC9QYWdlID4+CmVuZG9iago0IDAgb2JqCjw8IC9GaWx0ZXIgL1N0YW5kYXJkIC9MZW5ndGggNDAgL08gPDk0ZTgwOTQ0MT" +
      "k2NjJhNzc0NDQyZmIwNzJlM2Q5ZjE5ZTlkMTMwZWMwOWE0ZDAwNjFlNzhmZTkyMGY3YWI2MmY+IC9QIC00IC9SIDIgL1UgPGUzZTAwNDJjYjY1" +
      "YjY5MzYwMjcyZGFmM2YzYTM2MDE4NDdkOTI3YzA5MjBlNTI5NWRiZTk5ZDg4NGMxZWMxMzU+IC9WIDEgPj4KZW5kb2JqCnhyZWYKMCA1CjAwMD" +
      "AwMDAwMDAgNjU1MzUgZiAKMDAwMDAwMDAxNSAwMDAwMCBuIAowMDAwMDAwMDY0IDAwMDAwIG4gCjAwMDAwMDAxMjMgMDAwMDAgbiAKMDAwMDAw" +
      "MDE5NCAwMDAwMCBuIAp0cmFpbGVyIDw8IC9Sb290IDEgMCBSIC9JRCBbPDA0ODY4ZjViZTY0NzA0NjA3YWU0MDAzM2Q1YjBkZTgwPjwwNDg2OG" +
      "Y1YmU2NDcwNDYwN2FlNDAwMzNkNWIwZGU4MD5dIC9FbmNyeXB0IDQgMCBSID4+CnN0YXJ0eHJlZgo0MDAKJSVFT0YK",
  ) ?? "",
);
