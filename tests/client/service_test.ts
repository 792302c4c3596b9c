import * as E from "fp-ts/lib/Either.js";
import FakeTimers from "@sinonjs/fake-timers";
import { deepStrictEqual as deepEqual, match, strictEqual as equal, throws } from "node:assert/strict";
import { inspect } from "node:util";
import { createMemory } from "../../src/client/memory.ts";
import { connect, type ConnectOptions } from "../../src/client/service.ts";
import { exchange } from "../../src/client/request.ts";
import { ID, mock, text, token } from "../support/mock.ts";

const credentials = { clientId: "id", clientSecret: "S3cret+/=" };

const call = exchange<string>({ call: "fetch", method: "GET", path: `/x?id=${ID}`, decode: E.right });

Deno.test("connect() sends nothing and starts no timers", () => {
  const clock = FakeTimers.install();
  const world = mock();
  connect({ credentials, fetch: world.fetch });
  deepEqual([world.calls, clock.countTimers()], [[], 0]);
  clock.uninstall();
});

Deno.test("connect() throws for invalid options", () => {
  for (
    const [options, name, message] of [
      [{}, "TypeError", /either credentials or token must be set, but not both/],
      [{ credentials, token: "t" }, "TypeError", /either credentials or token must be set, but not both/],
      [{ credentials: { clientId: "", clientSecret: "s" } }, "TypeError", /credentials must have a clientId/],
      [{ credentials: { clientId: "i", clientSecret: "" } }, "TypeError", /credentials must have a clientId/],
      [{ credentials: { clientId: "i", clientSecret: "\n" } }, "TypeError", /credentials must have a clientId/],
      [{ credentials: { clientId: 1, clientSecret: "s" } as never }, "TypeError", /credentials must have a clientId/],
      [{ token: "t", baseUrl: "api.example" }, "TypeError", /baseUrl must be an absolute URL, such as https:\/\/\S+$/],
      [{ token: "t", baseUrl: "http://api.example" }, "TypeError", /https, or http on the loopback interface: .*http:/],
      [{ token: "t", baseUrl: "ftp://localhost" }, "TypeError", /must be https/],
      [{ token: "t", baseUrl: "http://127.0.0.1.example" }, "TypeError", /must be https/],
      [
        { token: "t", baseUrl: "https://u:secret@api.example" },
        "TypeError",
        /must not contain credentials, a query or/,
      ],
      [{ token: "t", baseUrl: "https://api.example?a=1" }, "TypeError", /must not contain credentials, a query or/],
      [
        { token: "t", requestTimeout: 0 },
        "RangeError",
        /requestTimeout must be a number greater than 0: current value is 0$/,
      ],
      [{ token: "t", requestTimeout: NaN }, "RangeError", /current value is NaN$/],
      [
        { token: "t", minUploadRate: 0 },
        "RangeError",
        /minUploadRate must be a number greater than 0: current value is 0$/,
      ],
      [{ token: "t", maxResponseBytes: 0 }, "RangeError", /maxResponseBytes must be a number of 1 or more/],
      [
        { token: "t", retry: { maxAttempts: 0 } },
        "RangeError",
        /retry as retry.maxAttempts must be a number of 1 or more/,
      ],
      [
        { token: "t", retry: { minDelay: 9, maxDelay: 8 } },
        "RangeError",
        /retry.maxDelay must be a number of 9 or more/,
      ],
    ] as const
  ) {
    throws(() => connect(options as ConnectOptions), (error: Error) => {
      equal(error.name, name);
      match(error.message, message);
      return !error.message.includes("secret");
    });
  }
});

Deno.test("connect() compiles with credentials or a token, and with neither or both not", () => {
  const wrong: readonly (() => void)[] = [
    // @ts-expect-error neither
    () => connect({}),
    // @ts-expect-error both
    () => connect({ credentials, token: "t" }),
    // @ts-expect-error half of the credentials
    () => connect({ credentials: { clientId: "id" } }),
  ];
  for (const call of wrong) throws(call, TypeError);
});

Deno.test("connect() accepts https URLs and the loopback interface", () => {
  for (
    const [baseUrl, expected] of [
      ["https://api.example/ocr/", "https://api.example/ocr"],
      ["http://localhost:8080", "http://localhost:8080"],
      ["http://127.0.0.1:1/", "http://127.0.0.1:1"],
      ["http://[::1]:1", "http://[::1]:1"],
      ["http://a.localhost", "http://a.localhost"],
    ]
  ) equal(connect({ token: "t", baseUrl }).baseUrl, expected);
});

Deno.test("connect() accepts plain http on other hosts only with allowHttp", () => {
  const baseUrl = "http://emulator:8080";
  for (const allowHttp of [undefined, false]) throws(() => connect({ token: "t", baseUrl, allowHttp }), TypeError);
  equal(connect({ token: "t", baseUrl, allowHttp: true }).baseUrl, baseUrl);
  throws(() => connect({ token: "t", baseUrl: "ftp://emulator", allowHttp: true }), TypeError);
});

Deno.test("connect() returns a service that is printed without its secrets", async () => {
  const world = mock();
  const service = connect({ credentials, fetch: world.fetch });
  await call(service)();
  const shown = [
    inspect(service, { depth: 9, showHidden: true }),
    Deno.inspect(service, { depth: 9, showHidden: true }),
    JSON.stringify(service),
    inspect({ ...service }, { depth: 9 }),
  ];
  deepEqual(shown.map((text) => /S3cret|"token"/.test(text)), [false, false, false, false]);
});

Deno.test("connect() removes whitespace around the client id and secret", async () => {
  const padded = { clientId: " id", clientSecret: `${credentials.clientSecret}\r\n` };
  const { fetch, requests } = mock({ fetch: [text("")], token: [token()] });
  await call(connect({ credentials: padded, fetch }))();
  equal(await requests[0].text(), "grant_type=client_credentials&client_id=id&client_secret=S3cret%2B%2F%3D");
});

Deno.test("connect() shares tokens among services with one memory, and with no other", async () => {
  const { fetch, calls } = mock({ fetch: [text("")] });
  const memory = createMemory();
  for (const options of [{ memory }, { memory }, {}]) await call(connect({ credentials, fetch, ...options }))();
  deepEqual(calls, ["token", "fetch", "fetch", "token", "fetch"]);
});
