/**
 * Turns HTML into XML, as far as hOCR needs it.
 *
 * @module
 */

/**
 * The named characters of HTML 4.01, but for those that XML has as well, in the order of their code points. A number is
 * the code point of the name after it, and any other name is the character after the one before.
 *
 * Source: [HTML 4.01, section 24](https://www.w3.org/TR/html401/sgml/entities.html).
 */
const NAMES =
  "160 nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 " +
  "acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml " +
  "Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde " +
  "Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig " +
  "ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide " +
  "oslash ugrave uacute ucirc uuml yacute thorn yuml 338 OElig oelig 352 Scaron scaron 376 Yuml 402 fnof 710 " +
  "circ 732 tilde 913 Alpha Beta Gamma Delta Epsilon Zeta Eta Theta Iota Kappa Lambda Mu Nu Xi Omicron Pi Rho " +
  "931 Sigma Tau Upsilon Phi Chi Psi Omega 945 alpha beta gamma delta epsilon zeta eta theta iota kappa lambda " +
  "mu nu xi omicron pi rho sigmaf sigma tau upsilon phi chi psi omega 977 thetasym upsih 982 piv 8194 ensp " +
  "emsp 8201 thinsp 8204 zwnj zwj lrm rlm 8211 ndash mdash 8216 lsquo rsquo sbquo 8220 ldquo rdquo bdquo 8224 " +
  "dagger Dagger bull 8230 hellip 8240 permil 8242 prime Prime 8249 lsaquo rsaquo 8254 oline 8260 frasl 8364 " +
  "euro 8465 image 8472 weierp 8476 real 8482 trade 8501 alefsym 8592 larr uarr rarr darr harr 8629 crarr 8656 " +
  "lArr uArr rArr dArr hArr 8704 forall 8706 part exist 8709 empty 8711 nabla isin notin 8715 ni 8719 prod " +
  "8721 sum minus 8727 lowast 8730 radic 8733 prop infin 8736 ang 8743 and or cap cup int 8756 there4 8764 sim " +
  "8773 cong 8776 asymp 8800 ne equiv 8804 le ge 8834 sub sup nsub 8838 sube supe 8853 oplus 8855 otimes 8869 " +
  "perp 8901 sdot 8968 lceil rceil lfloor rfloor 9001 lang rang 9674 loz 9824 spades 9827 clubs 9829 hearts " +
  "diams";

/**
 * What has another syntax in HTML than in XML. Comments come first, so that nothing in them is changed. Attributes are
 * matched by a single class of characters: engines run out of stack if a group is repeated for megabytes.
 */
const SYNTAX = new RegExp(
  [
    /<!--[^]*?(?:-->|$)/,
    /<(script|style)(?=[\s>])[^]*?(?:<\/\1\s*>|$)/,
    /<!doctype\s[^<>]*>/,
    /<(?:area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr)(?=[\s/>])[^<>]*>/,
    /&(?:(#?\w+);)?/,
  ].map(({ source }) => source).join("|"),
  "gi",
);

/**
 * Returns HTML as XML: void elements such as `<br>` are closed, named characters and bare ampersands are written as XML
 * writes them, and the doctype, scripts and styles are removed, but not their line breaks. Unknown names stay text.
 * Everything else, such as omitted end tags and attributes without quotes, is left for the parser of XML to refuse.
 */
export function toXml(html: string): string {
  const characters = toCharacters();
  return html.replace(SYNTAX, (match: string, element: string | undefined, name: string | undefined) => {
    if (match.startsWith("&")) {
      if (name === undefined) return "&amp;";
      if (name.startsWith("#") || /^(?:amp|lt|gt|quot|apos)$/.test(name)) return match;
      return characters.get(name) ?? `&amp;${name};`;
    }
    if (match.startsWith("<!--")) return match;
    if (element !== undefined || match.startsWith("<!")) return match.replace(/[^\n]+/g, "");
    return match.endsWith("/>") ? match : `${match.slice(0, -1)}/>`;
  });
}

function toCharacters(): ReadonlyMap<string, string> {
  const characters = new Map<string, string>();
  let code = 0;
  for (const word of NAMES.split(" ")) {
    if (/^\d/.test(word)) code = Number(word);
    else characters.set(word, String.fromCodePoint(code++));
  }
  return characters;
}
