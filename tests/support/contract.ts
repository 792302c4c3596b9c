/**
 * The contract with the service: schemas of what a client may send and of what the service responds, written from its
 * documentation with another validation library. They share no code with `src/`.
 *
 * @module
 */
import * as z from "zod";

const LANGUAGES = `
  Afrikaans Albanian Arabic Awadhi Azerbaijani Belorussian Bemba Bengali Betawi Bhojpuri Bikol Bosnian Bouyei
  Bulgarian Cantonese Catalan Cebuano Chattisgarhi Chechen Chichewa Chinese Croatian Czech Danish Devanagari
  Dhundari Dimli Dong Dutch English Estonian Finnish French Galician Gan Garhwali Georgian German Gilaki Greek
  Gusii HWT_ENG Hakka Haryanvi Hausa Hebrew Hiligaynon Hindi Hmong Hungarian Ilocano Indonesian Italian Japanese
  Javanese Kabardian Kanauji Kannada Kanuri Kapampangan Kazah Kiche Kikongo Konkani Korean Kumauni Kurdish Lamani
  Latin Latvian Lithuanian Low_German Luguru Luo Macedonian Magahi Maithili Makassar Makua Malagasy Malay Malvi
  Marathi Marwari Meru Mewari Mewati Min_Bei Min_Dong Min_Nan Minangkabau Muong Musi Nandi Ndebele Nepali
  Netherlands Norwegian Occitan Oromo Palembang Pangasinan Persian Polish Portuguese Pu_Xian Quechua Rajbanshi
  Romanian Russian Rwanda Sasak Serbian Serbo_Croatian Serer_Sine Shona Slovak Slovene Somali Sotho_Northern
  Sotho_Southern Spanish Sukuma Sundanese Swahili Swati Swedish Tagalog Tamil Telugu Thai Tibetan Tonga Tsonga
  Tswana Tumbuka Turkish Turkmen Ukrainan Umbundu Urdu Uyghur Uzbek Vietnamese Wagdi Waray_Waray Wolaytta Wu
  Xhosa Xiang Yao Yoruba Zhuang Zulu
`.trim().split(/\s+/);

const Base64 = z.base64();

const Rect = z.strictObject({
  topLeftX: z.int32(),
  topLeftY: z.int32(),
  bottomRightX: z.int32(),
  bottomRightY: z.int32(),
});

/** The service's sources disagree about defaults, so the library sends every setting that concerns the image. */
const Settings = z.strictObject({
  language: z.enum(LANGUAGES),
  makeSkewCorrect: z.boolean(),
  makeSpellCheck: z.boolean().optional(),
  makeContrastCorrection: z.boolean(),
  makeBinarization: z.boolean(),
  makeUpsampling: z.boolean(),
  Rotate: z.int32(),
  dsrMode: z.enum([
    "Regions",
    "DsrNoFilter",
    "DsrAndFilter",
    "NoDsrNoFilter",
    "TextDetector",
    "DsrPlusDetector",
    "PolygonalTextDetector",
    "LineDetector",
  ]),
  dsrConfidence: z.enum(["Default", "Low", "LowMid", "Mid", "MidHigh", "High", "Ultra", "All"]),
  resultType: z.enum([
    "Text",
    "Pdf",
    "TextAndPdf",
    "Hocr",
    "TextAndHocr",
    "PdfAndHocr",
    "TextAndPdfAndHocr",
    "ImagePNG",
    "JSON",
  ]).optional(),
  resultTypeTable: z.enum(["Text", "Excel", "Csv", "CsvAndExcel"]).optional(),
  regions: z.array(z.strictObject({ rect: Rect, order: z.int32() })).nullish(),
});

const Recognition = Settings.required({ makeSpellCheck: true });
const Image = z.strictObject({ image: Base64 });
const withSettings = (settings: z.ZodType) => Image.extend({ settings });

/** The body of the request that submits a task, by the last part of its path. */
const BODIES: Readonly<Record<string, z.ZodType>> = {
  DetectRegions: withSettings(Settings),
  RecognizeRegions: withSettings(Recognition.required({ resultType: true, regions: true })),
  RecognizeImage: withSettings(Recognition.required({ resultType: true })),
  RecognizeTable: withSettings(Recognition.required({ resultTypeTable: true })),
  BinarizeImage: Image,
  DeskewImage: Image,
  DewarpImage: Image,
  UpscaleImage: Image,
};

const Texts = z.array(z.string()).nullish();

const Envelope = z.strictObject({
  id: z.string().nullish(),
  responseStatusCode: z.enum([
    "Ok",
    "PartiallyNotFound",
    "NoAnyResultData",
    "ResultDataLost",
    "TaskNotFound",
    "NotReady",
    "Error",
  ]),
  taskStatus: z.enum(["Pending", "Processing", "Completed", "Error", "NotExist"]),
  results: z.array(z.strictObject({ type: z.string().nullish(), data: Base64.nullish() })).nullish(),
  error: z.strictObject({ messages: Texts, warnings: Texts }).nullish(),
});

const Problem = z.object({
  type: z.string().nullish(),
  title: z.string().nullish(),
  status: z.int32().nullish(),
  detail: z.string().nullish(),
  instance: z.string().nullish(),
});

const Id = z.string().regex(/^[0-9A-Za-z-]+$/);

const Grant = z.strictObject({
  grant_type: z.literal("client_credentials"),
  client_id: z.string().min(1),
  client_secret: z.string().min(1),
});

type Fetch = (input: Request | URL | string, init?: RequestInit) => Promise<Response>;

/** Wraps a service so that every request and every response is checked. A violation rejects with what is wrong. */
export function withContract(fetch: Fetch): Fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    await checkRequest(request.clone());
    const response = await fetch(request);
    await checkResponse(request, response.clone());
    return response;
  };
}

async function checkRequest(request: Request): Promise<void> {
  const { pathname, searchParams } = new URL(request.url);
  const type = request.headers.get("Content-Type");
  if (pathname === "/connect/token") {
    check("a token request", z.literal("POST"), request.method);
    check("its type", z.string().startsWith("application/x-www-form-urlencoded"), type);
    return check("its form", Grant, Object.fromEntries(new URLSearchParams(await request.text())));
  }
  check("the token", z.string().startsWith("Bearer "), request.headers.get("Authorization"));
  const name = /^\/v5\.0\/ocr\/(.+)$/.exec(pathname)?.[1] ?? "";
  if (name === "Utilities/GetTaskStatus") check("a status request", z.literal("GET"), request.method);
  else check("the kind", z.enum(Object.keys(BODIES)), name);
  if (request.method === "POST") {
    check("the type of a submission", z.literal("application/json"), type);
    check("the query of a submission", z.strictObject({}), Object.fromEntries(searchParams));
    return check(`a submission of ${name}`, BODIES[name], await request.json());
  }
  check("a method", z.enum(["GET", "DELETE"]), request.method);
  check("the query", z.strictObject({ id: Id }), Object.fromEntries(searchParams));
  check("a body", z.literal(""), await request.text());
}

async function checkResponse({ url, method }: Request, response: Response): Promise<void> {
  const { pathname } = new URL(url);
  const text = await response.text();
  const type = response.headers.get("Content-Type") ?? "";
  if (pathname === "/connect/token") return;
  if (response.status === 401) {
    check("the type of a problem", z.string().startsWith("text/plain"), type);
    return check("a problem", Problem, JSON.parse(text));
  }
  check("the status", z.literal(200), response.status);
  if (method === "POST") {
    check("the type of an id", z.string().startsWith("text/plain"), type);
    return check("an id", Id, text);
  }
  if (method === "DELETE") return check("the response to a cancellation", z.literal(""), text);
  check("the type of a status", z.string().startsWith("application/json"), type);
  check("a status", Envelope, JSON.parse(text));
}

function check(what: string, schema: z.ZodType, value: unknown): void {
  const result = schema.safeParse(value);
  if (!result.success) {
    throw new Error(`${what} violates the contract: ${z.prettifyError(result.error)}\n${JSON.stringify(value)}`);
  }
}
