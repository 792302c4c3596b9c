/**
 * Parses XML from strangers as a tree.
 *
 * Entities are never expanded: saxes knows only the five of XML, and any other is an error. It never loads anything. The
 * depth and the number of elements are limited.
 *
 * @module
 */
import { SaxesParser } from "saxes";
import * as E from "../internal/either.ts";
import { quote } from "../internal/text.ts";

/** An element of the document. */
export interface XmlElement {
  /** The name without a prefix. */
  readonly name: string;
  /** The namespace, or an empty string. */
  readonly uri: string;
  /** The line on which its start tag ends, from 1. */
  readonly line: number;
  /** The names of the attributes, with their prefixes. */
  readonly names: readonly string[];
  /** The values of the attributes, in the order of their names. Objects or maps would take several times the memory. */
  readonly values: readonly string[];
  /** The elements and texts in it, in document order. */
  readonly content: (XmlElement | string)[];
}

/**
 * The maximum number of elements, which take about 1 kB each. A book of 500 pages has that many words; a page of a
 * newspaper, as many characters.
 */
const MAX_ELEMENTS = 500_000;

/** The maximum depth of elements, so that recursive functions never run out of stack. */
const MAX_DEPTH = 200;

/** Parses a document. A Left is a line that says what is wrong and where. Never throws. */
export function parseXml(xml: string): E.Either<string, XmlElement> {
  const content: XmlElement[] = [];
  const open: XmlElement[] = [];
  let count = 0;
  let fault: string | null = null;
  const parser = new SaxesParser({ xmlns: true });
  const fail = (message: string): never => {
    fault = `line ${parser.line}: ${quote(message)}`;
    // The only way to stop the parser.
    throw new Error(fault);
  };
  parser.on("error", ({ message }) => fail(message.replace(/^\d+:\d+: /, "").replace(/\.$/, "")));
  parser.on("opentag", ({ local, uri, attributes }) => {
    if (++count > MAX_ELEMENTS) fail(`expected at most ${MAX_ELEMENTS} elements`);
    if (open.length === MAX_DEPTH) fail(`expected elements at most ${MAX_DEPTH} levels deep`);
    const names = Object.keys(attributes), values = names.map((name) => attributes[name].value);
    const element: XmlElement = { name: local, uri, line: parser.line, names, values, content: [] };
    (open[open.length - 1]?.content ?? content).push(element);
    open.push(element);
  });
  parser.on("closetag", () => void open.pop());
  const onText = (text: string): void => void open[open.length - 1]?.content.push(text);
  parser.on("text", onText);
  parser.on("cdata", onText);
  try {
    parser.write(xml).close();
  } catch (error) {
    if (fault === null) throw error;
    return E.left(fault);
  }
  return E.right(content[0]);
}

/** Returns the value of an attribute without a prefix, or undefined. */
export function attributeOf(element: XmlElement, name: string): string | undefined {
  const at = element.names.indexOf(name);
  return at < 0 ? undefined : element.values[at];
}

/** Returns the elements in an element that have the same namespace. */
export function childrenOf({ content, uri }: XmlElement): readonly XmlElement[] {
  return content.filter((child): child is XmlElement => typeof child !== "string" && child.uri === uri);
}

/** Returns the elements in an element that have the same namespace and one of the names. */
export function childrenNamed(element: XmlElement, ...names: readonly string[]): readonly XmlElement[] {
  return childrenOf(element).filter(({ name }) => names.includes(name));
}

/** Returns the text in an element, without that of the elements in it. */
export function textOf({ content }: XmlElement): string {
  return content.filter((child) => typeof child === "string").join("");
}
