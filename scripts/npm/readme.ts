// The README as registries show it, where a relative link leads nowhere.

/**
 * Code, in which nothing is a link; or what comes before the address of a link, of an image, or of a definition.
 * Addresses are relative if they have neither a scheme nor `#` or `/` at their beginning.
 */
const CODE_OR_LINK =
  /^```[^]*?^```$|`[^`\n]+`|(!\[[^\]]*\]\(|\]\(|^\[[^\]]+\]: |<a [^>]*?\bhref="|<img [^>]*?\bsrc=")(?![a-z]+:|[#/])(?:\.\/)?([^\s")]+)/gim;

/**
 * The text with absolute links into the repository, as it was at that version.
 *
 * @param repository The address of the repository. If there is none, the text stays as it is.
 */
export function withAbsoluteLinks(
  text: string,
  { repository, version }: { readonly repository?: string; readonly version: string },
): string {
  if (repository === undefined) return text;
  return text.replaceAll(CODE_OR_LINK, (whole, before: string | undefined, path: string) => {
    if (before === undefined) return whole;
    const isImage = /^(?:!|<img)/i.test(before);
    return `${before}${repository}/${isImage ? "raw" : "blob"}/v${version}/${path}`;
  });
}
