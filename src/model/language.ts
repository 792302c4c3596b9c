/**
 * The languages that the service supports.
 *
 * @module
 */
import type * as t from "io-ts";
import { guarded } from "./codec.ts";

/**
 * Every {@linkcode Language}, in the service's own spelling. Source: the service's OpenAPI description.
 *
 * @category Detect
 */
// deno-fmt-ignore
export const LANGUAGES = [
  "English", "German", "French", "Italian", "Spanish", "Portuguese", "Polish", "Slovene", "Slovak", "Netherlands",
  "Lithuanian", "Latvian", "Danish", "Norwegian", "Finnish", "Serbian", "Croatian", "Czech", "Swedish", "Estonian",
  "Romanian", "Chinese", "Russian", "Arabic", "Hindi", "Ukrainan", "Bengali", "Tibetan", "Thai", "Urdu", "Turkish",
  "Korean", "Indonesian", "Hebrew", "Javanese", "Greek", "Japanese", "Persian", "Albanian", "Latin", "Vietnamese",
  "Uzbek", "Georgian", "Bulgarian", "Azerbaijani", "Kazah", "Macedonian", "Belorussian", "Malay", "Hausa",
  "Sundanese", "Swahili", "Tagalog", "Yoruba", "Oromo", "Cebuano", "Dutch", "Kurdish", "Serbo_Croatian", "Malagasy",
  "Zhuang", "Turkmen", "Somali", "Hungarian", "Chichewa", "Rwanda", "Min_Bei", "Zulu", "Ilocano", "Min_Dong",
  "Quechua", "Hiligaynon", "Hmong", "Shona", "Xhosa", "Betawi", "Catalan", "Afrikaans", "Minangkabau",
  "Sotho_Southern", "Bikol", "Makua", "Kanuri", "Tswana", "Kikongo", "Luo", "Sukuma", "Tsonga", "Bosnian", "Bemba",
  "Nandi", "Palembang", "Umbundu", "Sotho_Northern", "Waray_Waray", "Lamani", "Low_German", "Gilaki", "Musi",
  "HWT_ENG", "Pu_Xian", "Kapampangan", "Bouyei", "Galician", "Ndebele", "Yao", "Sasak", "Swati", "Gusii", "Meru",
  "Wolaytta", "Dong", "Pangasinan", "Dimli", "Makassar", "Tumbuka", "Serer_Sine", "Occitan", "Tonga", "Muong",
  "Kiche", "Luguru", "Wu", "Cantonese", "Min_Nan", "Xiang", "Hakka", "Gan", "Chechen", "Kabardian", "Marathi",
  "Bhojpuri", "Maithili", "Awadhi", "Nepali", "Marwari", "Magahi", "Haryanvi", "Chattisgarhi", "Dhundari", "Konkani",
  "Kanauji", "Mewati", "Rajbanshi", "Garhwali", "Kumauni", "Wagdi", "Malvi", "Mewari", "Uyghur", "Telugu", "Kannada",
  "Tamil", "Devanagari",
] as const;

/**
 * A language that the service supports, by its name in the service: `English`, `Low_German`, `HWT_ENG` (handwriting).
 *
 * @category Detect
 */
export type Language = typeof LANGUAGES[number];

const KNOWN: ReadonlySet<unknown> = /* @__PURE__ */ new Set(LANGUAGES);

/**
 * The codec of {@linkcode Language}.
 *
 * @example
 * ```ts
 * import { Language } from "@ocr-cloud/regions";
 * import { equal } from "node:assert/strict";
 *
 * equal(Language.is("Low_German"), true);
 * equal(Language.is("Klingon"), false);
 * ```
 *
 * @category Detect
 */
export const Language: t.Type<Language> = /* @__PURE__ */ guarded(
  "one of the service's languages (see LANGUAGES)",
  (u): u is Language => KNOWN.has(u),
);
