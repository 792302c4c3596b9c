/**
 * The data that Tesseract needs to recognize a language.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { isObject } from "../internal/json.ts";
import type { Language } from "../model/language.ts";
import { firstSentence } from "./tesseract.ts";

/** A language of Tesseract, and its neural network as the contents of a `.traineddata` file. */
export interface LanguageData {
  /** Tesseract's code of the language, such as `eng`. */
  readonly code: string;
  readonly bytes: Uint8Array;
}

/**
 * Tesseract's codes of the service's languages. Languages without a network of their own are missing. If there are
 * networks for several scripts, the script in which most texts are written is used. Source: the files of
 * `naptha/tessdata`, which are published as `@tesseract.js-data/CODE`.
 */
// deno-fmt-ignore
const CODES: Readonly<Partial<Record<Language, string>>> = {
  English: "eng", German: "deu", French: "fra", Italian: "ita", Spanish: "spa", Portuguese: "por", Polish: "pol",
  Slovene: "slv", Slovak: "slk", Netherlands: "nld", Lithuanian: "lit", Latvian: "lav", Danish: "dan",
  Norwegian: "nor", Finnish: "fin", Serbian: "srp", Croatian: "hrv", Czech: "ces", Swedish: "swe", Estonian: "est",
  Romanian: "ron", Chinese: "chi_sim", Russian: "rus", Arabic: "ara", Hindi: "hin", Ukrainan: "ukr", Bengali: "ben",
  Tibetan: "bod", Thai: "tha", Urdu: "urd", Turkish: "tur", Korean: "kor", Indonesian: "ind", Hebrew: "heb",
  Javanese: "jav", Greek: "ell", Japanese: "jpn", Persian: "fas", Albanian: "sqi", Latin: "lat", Vietnamese: "vie",
  Uzbek: "uzb", Georgian: "kat", Bulgarian: "bul", Azerbaijani: "aze", Kazah: "kaz", Macedonian: "mkd",
  Belorussian: "bel", Malay: "msa", Sundanese: "sun", Swahili: "swa", Tagalog: "fil", Yoruba: "yor", Cebuano: "ceb",
  Dutch: "nld", Kurdish: "kmr", Hungarian: "hun", Quechua: "que", Catalan: "cat", Afrikaans: "afr", Bosnian: "bos",
  Galician: "glg", Occitan: "oci", Marathi: "mar", Nepali: "nep", Uyghur: "uig", Telugu: "tel", Kannada: "kan",
  Tamil: "tam",
};

/** The version of the networks with integer weights, which are faster than others, and about as accurate. */
const VERSION = "4.0.0_best_int";

/** The language of the latest call. Other languages are read again, since each takes several megabytes of memory. */
let latest: Promise<LanguageData> | null = null, latestLanguage: Language | null = null;

/**
 * Reads the data of a language from its npm package. Rejects with an `Error` whose message starts with `Cannot
 * recognize`, followed by the language and a colon, if Tesseract does not support the language, or the package is not
 * installed or cannot be read.
 */
export function loadLanguage(language: Language): Promise<LanguageData> {
  if (latest !== null && latestLanguage === language) return latest;
  const loading = readLanguage(language);
  latest = loading;
  latestLanguage = language;
  loading.catch(() => {
    // The package may be installed meanwhile.
    if (latest === loading) latest = null;
  });
  return loading;
}

async function readLanguage(language: Language): Promise<LanguageData> {
  const code = Object.entries(CODES).find(([name]) => name === language)?.[1];
  if (code === undefined) {
    throw new Error(`Cannot recognize ${language}: Tesseract does not support this language`);
  }
  const name = `@tesseract.js-data/${code}`;
  const folder = await importFolder(language, name);
  try {
    const file = await readFile(join(folder, "..", VERSION, `${code}.traineddata.gz`));
    return { code, bytes: await promisify(gunzip)(file) };
  } catch (error) {
    throw new Error(
      `Cannot recognize ${language}: the data in the package ${name} could not be read (${firstSentence(error)})`,
    );
  }
}

/** Imports a package, and returns the folder that it states. The folders of other versions are next to it. */
async function importFolder(language: Language, name: string): Promise<string> {
  let reason = "it does not state its langPath";
  try {
    const { default: description }: { readonly default?: unknown } = await import(name);
    if (isObject(description) && typeof description.langPath === "string") return description.langPath;
  } catch (error) {
    reason = firstSentence(error);
  }
  throw new Error(
    `Cannot recognize ${language}: the package ${name} could not be loaded. Install it with ` +
      `\`npm install ${name}\` (${reason})`,
  );
}
