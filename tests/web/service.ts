/**
 * The service behind the page: an emulator with a detector and a recognizer, which tests can hold up and break.
 *
 * @module
 */
import { connect, type DsrMode, fixed, readRegions, type Region, type RegionText } from "@ocr-cloud/regions";
import { detectRegions, toPromise } from "@ocr-cloud/regions";
import { startDetector } from "@ocr-cloud/regions/detector";
import { emulate } from "@ocr-cloud/regions/emulator";
import { inReadingOrder } from "@ocr-cloud/regions/page";
import { startRecognizer } from "@ocr-cloud/regions/recognizer";
import { serve } from "../../src/emulator/serve.ts";

/** The service, on a port of this machine. */
export interface TestService {
  readonly url: string;
  /** The images that were submitted, and the tasks that were canceled, in requests. */
  readonly requests: { submitted: number; canceled: number };
  /** Keeps all tasks in progress, until the function that it returns is called. */
  readonly hold: () => () => void;
  /** Responds to submissions with 503, until the function that it returns is called. */
  readonly refuse: () => () => void;
  /** What the library finds without the page, in reading order. */
  readonly detect: (image: Uint8Array, dsrMode: DsrMode) => Promise<readonly Region[]>;
  readonly read: (image: Uint8Array, dsrMode: DsrMode) => Promise<readonly RegionText[]>;
  readonly close: () => Promise<void>;
}

/** Starts the service. */
export async function startService(): Promise<TestService> {
  const detector = startDetector(), recognizer = startRecognizer();
  const requests = { submitted: 0, canceled: 0 };
  let held = Promise.resolve();
  let isRefusing = false;
  const emulator = emulate({
    pickupTime: 50,
    serviceTime: 100,
    workers: 2,
    detect: async (image, mode) => {
      await held;
      return await detector.detect(image, mode);
    },
    recognize: (image, request) => recognizer.recognize(image, request),
  });
  const server = await serve(async (request) => {
    const isSubmission = request.method === "POST" && !request.url.includes("/connect/token");
    if (isSubmission && isRefusing) {
      await request.arrayBuffer();
      return new Response("Overloaded.", { status: 503, headers: { "Retry-After": "600" } });
    }
    if (isSubmission) requests.submitted++;
    if (request.method === "DELETE") requests.canceled++;
    return await emulator(request);
  }, 0);
  const credentials = { clientId: "direct", clientSecret: "secret" };
  const direct = connect({ credentials, fetch: emulator, schedule: fixed({ delay: 50 }) });
  return {
    url: server.url,
    requests,
    hold: () => {
      let release = (): void => {};
      held = new Promise((resolve) => {
        release = resolve;
      });
      return release;
    },
    refuse: () => {
      isRefusing = true;
      return () => {
        isRefusing = false;
      };
    },
    detect: async (image, dsrMode) => {
      const preprocessing = {
        makeSkewCorrect: false,
        makeBinarization: false,
        makeContrastCorrection: false,
        makeUpsampling: false,
      };
      const { regions } = await toPromise(detectRegions(image, { dsrMode, ...preprocessing })(direct));
      return inReadingOrder(regions);
    },
    read: async (image, dsrMode) => (await toPromise(readRegions(image, { dsrMode })(direct))).regions,
    close: async () => {
      await server.close();
      await Promise.all([detector.close(), recognizer.close()]);
    },
  };
}
