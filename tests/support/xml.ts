/**
 * Reads an XML document back.
 *
 * @module
 */
import { SaxesParser } from "saxes";

/** An element of the document. */
export interface XmlElement {
  readonly name: string;
  readonly uri: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlElement[];
  /** The element's own text, without that of its children. */
  text: string;
}

/** Parses XML strictly. Returns the root element. */
export function parseXml(xml: string): XmlElement {
  const document: XmlElement = { name: "#document", uri: "", attributes: {}, children: [], text: "" };
  const open = [document];
  const parser = new SaxesParser({ xmlns: true });
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ name, uri, attributes }) => {
    const values = Object.fromEntries(Object.values(attributes).map(({ name, value }) => [name, value]));
    const element: XmlElement = { name, uri, attributes: values, children: [], text: "" };
    open[open.length - 1].children.push(element);
    open.push(element);
  });
  parser.on("closetag", () => void open.pop());
  parser.on("text", (text) => {
    open[open.length - 1].text += text;
  });
  parser.write(xml).close();
  return document.children[0];
}

/** Returns the descendants with a name, in document order. */
export function descendants(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.flatMap((child) => [...child.name === name ? [child] : [], ...descendants(child, name)]);
}
