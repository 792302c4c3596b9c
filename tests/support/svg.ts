/**
 * Reads an SVG document back.
 *
 * @module
 */
import { strictEqual as equal } from "node:assert/strict";
import { SaxesParser } from "saxes";

/** An element of the document. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  /** The element's own text, without that of its children. */
  text: string;
  /** The text of the element and its descendants, as the DOM's `textContent`. */
  content: string;
}

/** Parses XML strictly. Unlike xmldom, saxes rejects characters, references and names that XML 1.0 does not allow. */
export function parseSvg(xml: string): Element {
  const document: Element = { name: "#document", attributes: {}, children: [], text: "", content: "" };
  const open = [document];
  const parser = new SaxesParser({ xmlns: true });
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ name, uri, attributes }) => {
    equal(uri, "http://www.w3.org/2000/svg");
    const values = Object.fromEntries(Object.values(attributes).map(({ name, value }) => [name, value]));
    const element: Element = { name, attributes: values, children: [], text: "", content: "" };
    open[open.length - 1].children.push(element);
    open.push(element);
  });
  parser.on("closetag", () => void open.pop());
  parser.on("text", (text) => {
    open[open.length - 1].text += text;
    for (const element of open) element.content += text;
  });
  parser.write(xml).close();
  return document.children[0];
}

/** Returns the children with a name. */
export function named(element: Element, name: string): readonly Element[] {
  return element.children.filter((child) => child.name === name);
}
