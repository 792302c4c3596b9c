// A server may close an idle connection at any time, even while a client is sending its next request.
import * as E from "fp-ts/lib/Either.js";
import { deepStrictEqual as deepEqual, ok } from "node:assert/strict";
import { submitImage } from "../../src/client/operations.ts";
import { connect } from "../../src/client/service.ts";
import { CREDENTIALS, type Fetch, startFaultServer } from "./fault_server.ts";
import { asText, IS_DENO } from "./sabotage.ts";

/** The sanitizers are off by default. */
const strict = { sanitizeOps: true, sanitizeResources: true, sanitizeExit: true } as const;

const IMAGES = 300;

/** The outcome of images that were submitted while the server closed its idle connections. */
interface Outcome {
  /** Images that were accepted twice, or whose outcome was reported wrongly. */
  readonly problems: readonly string[];
  /** The number of images that ended with `Unconfirmed`. */
  readonly unconfirmed: number;
}

async function sendWhileClosing(sabotage: (fetch: Fetch) => Fetch = (fetch) => fetch): Promise<Outcome> {
  const takings = new Map<string, number>();
  const server = await startFaultServer({
    keepAlive: true,
    onTaken: (_, body) => {
      const { image } = JSON.parse(body);
      takings.set(image, (takings.get(image) ?? 0) + 1);
    },
  });
  const service = connect({ credentials: CREDENTIALS, baseUrl: server.url, fetch: sabotage(server.fetch) });
  const problems: string[] = [];
  let unconfirmed = 0;
  try {
    for (let n = 0; n < IMAGES; n++) {
      const reply = submitImage(new TextEncoder().encode(`image ${n}`))(service)();
      // Before, while and after the request is sent.
      for (let turn = 0; turn < n % 5; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
      server.closeIdle();
      const id = await reply;
      const times = takings.get(btoa(`image ${n}`)) ?? 0;
      if (times > 1) problems.push(`image ${n} was accepted ${times} times`);
      if (E.isRight(id) && times === 0) problems.push(`image ${n} was not accepted but has the id ${id.right}`);
      if (E.isLeft(id) && id.left._tag === "Unconfirmed") unconfirmed++;
      else if (E.isLeft(id)) problems.push(`image ${n} ended with ${JSON.stringify(id.left)}`);
    }
    return { problems, unconfirmed };
  } finally {
    await server.close();
  }
}

Deno.test("no image is sent twice if idle connections close while they are being reused", strict, async () => {
  const { problems, unconfirmed } = await sendWhileClosing();
  deepEqual(problems, []);
  ok(unconfirmed > 0, "no request used a connection that was closing");
});

Deno.test("the test with idle connections detects a body that Deno itself sends twice", {
  ...strict,
  ignore: !IS_DENO,
}, async () => {
  const { problems } = await sendWhileClosing(asText);
  ok(problems.some((problem) => /^image \d+ was accepted [2-9] times$/.test(problem)), problems.join("\n"));
});
