// Options: what is given is checked, and what is absent is left out, also under exactOptionalPropertyTypes.
import {
  adaptive,
  type CompleteSettings,
  connect,
  type ConnectOptions,
  createMemory,
  DetectionSettings,
  detectRegions,
  exponential,
  type Fetch,
  fixed,
  type GaveUp,
  type Memory,
  type Retry,
  type Schedule,
  type Service,
  type ServiceOptions,
  submitImage,
  toSvg,
  watchRegions,
} from "@ocr-cloud/regions";
import { emulate, type EmulatorOptions } from "@ocr-cloud/regions/emulator";
import * as O from "fp-ts/lib/Option.js";

const memory: Memory = createMemory();
const emulator: Fetch = emulate({ workers: 2, serviceTime: 10 });

export const options: ConnectOptions = {
  credentials: { clientId: "id", clientSecret: "secret" },
  baseUrl: "http://127.0.0.1:8080",
  fetch: emulator,
  memory,
  requestTimeout: 10_000,
  maxResponseBytes: 1024,
  retry: { maxAttempts: 2, minDelay: 10, maxDelay: 100 },
  schedule: exponential({ minDelay: 100, factor: 2, maxDelay: 1000 }),
  onRetry: ({ call, delay, error }: Retry) => [call satisfies string, delay satisfies number, error._tag],
};
export const service: Service = connect(options);

// An option that is undefined has its default, as `baseUrl: process.env.OCR_BASE_URL` may be.
const absent: undefined = undefined;
export const defaults: Service = connect({
  credentials: { clientId: "id", clientSecret: "secret" },
  token: absent,
  baseUrl: absent,
  allowHttp: absent,
  fetch: absent,
  memory: absent,
  requestTimeout: absent,
  minUploadRate: absent,
  maxResponseBytes: absent,
  retry: { maxAttempts: absent, minDelay: absent, maxDelay: absent },
  budget: absent,
  schedule: adaptive({ pollCost: absent, history: absent, median: absent }),
  onRetry: absent,
});
watchRegions("1", { signal: absent, resume: absent, submittedAt: absent, deadline: absent, schedule: absent });
submitImage(new Uint8Array(1), { rotate: absent, language: absent });
emulate({ detect: absent, workers: absent, serviceTime: absent, now: absent, credentials: absent });

// The platform's own fetch will do.
export const direct: Service = connect({ token: () => Promise.resolve("token"), fetch });

// @ts-expect-error: milliseconds are a number
connect({ token: "token", requestTimeout: "10s" });
// @ts-expect-error: a pair has two halves
connect({ credentials: { clientId: "id" } });
// @ts-expect-error: there is no such option
connect({ token: "token", timeout: 1 });

const shared: ServiceOptions = { requestTimeout: 10_000 };
connect({ ...shared, token: "token" });
connect({ ...shared, credentials: { clientId: "id", clientSecret: "secret" } });

const schedules: readonly Schedule[] = [
  fixed({ delay: 100 }),
  exponential(),
  adaptive({ pollCost: 500 }),
  ({ attempt }) => attempt < 3 ? O.some(1000) : O.none,
];

export function resumed(error: GaveUp, signal: AbortSignal): unknown {
  const { state } = error;
  if (state === null) return null;
  const [schedule] = schedules;
  return watchRegions(state.id, {
    resume: state,
    deadline: 60_000,
    maxPolls: 45,
    minDelay: 100,
    signal,
    ...schedule === undefined ? {} : { schedule },
  })(service);
}

watchRegions("1", { submittedAt: Date.now() });
// @ts-expect-error: an image that is only being sent has no time of sending
detectRegions(new Uint8Array(1), {}, { submittedAt: 0 });
// @ts-expect-error: an image is bytes
submitImage("page.jpg");
submitImage(new Blob([]), { dsrMode: "LineDetector", rotate: 90 });
// @ts-expect-error: there is no such mode
submitImage(new ArrayBuffer(1), { dsrMode: "Lines" });

export const settings: CompleteSettings = DetectionSettings.encode({
  language: "English",
  makeSkewCorrect: true,
  rotate: 0,
  makeBinarization: false,
  makeContrastCorrection: true,
  makeUpsampling: false,
  dsrMode: "Regions",
  dsrConfidence: "Default",
});

export const drawing: string = toSvg([{ left: 0, top: 8, right: 697, bottom: 441 }], { image: new Uint8Array(1) });
export const emulation: EmulatorOptions = { now: () => 0, retention: 1000 };
