import { deepStrictEqual as deepEqual, match, strictEqual as equal } from "node:assert/strict";
import { exposingProxy } from "../../src/cli/connection.ts";
import { against, ID, PAIR, run } from "./run.ts";

const PROXY = "http://proxy.example:3128";
const URLS = { ipv4: "http://127.0.0.1:8080", name: "http://localhost:8080", ipv6: "http://[::1]:8080" };

type Env = Readonly<Record<string, string>>;

const proxyOn = (versions: Env, execArgv: readonly string[] = []) => (env: Env, url: string = URLS.ipv4) =>
  exposingProxy(new URL(url), env, versions, execArgv);
const onDeno = proxyOn({ deno: "2.9.6", node: "24.0.0" });
const onBun = proxyOn({ bun: "1.4.5", node: "24.0.0" });
const onNode = proxyOn({ node: "24.0.0" });

Deno.test("exposingProxy() returns the variable of a proxy that could read plain http", () => {
  for (const name of ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]) {
    for (const url of Object.values(URLS)) {
      equal(onDeno({ [name]: PROXY }, url), name);
      equal(onBun({ [name]: PROXY }, url), name);
      equal(onNode({ [name]: PROXY }, url), null);
    }
    equal(onDeno({ [name]: PROXY }, "https://api.example"), null);
    equal(onDeno({ [name]: "" }), null);
  }
  equal(onDeno({ HTTPS_PROXY: PROXY, https_proxy: PROXY }), null);
});

Deno.test("exposingProxy() detects the settings that make Node.js use proxies", () => {
  const env = { HTTP_PROXY: PROXY };
  equal(onNode({ ...env, NODE_USE_ENV_PROXY: "1" }), "HTTP_PROXY");
  equal(onNode({ ...env, NODE_OPTIONS: "--no-warnings --use-env-proxy" }), "HTTP_PROXY");
  equal(proxyOn({ node: "24.0.0" }, ["--use-env-proxy"])(env), "HTTP_PROXY");
});

Deno.test("exposingProxy() accepts only the forms of NO_PROXY that every runtime honors", () => {
  const cases: readonly (readonly [noProxy: Env, url: string, isExempt: boolean])[] = [
    [{ NO_PROXY: "127.0.0.1" }, URLS.ipv4, true],
    [{ no_proxy: "intern.example, 127.0.0.1" }, URLS.ipv4, true],
    [{ NO_PROXY: "localhost" }, URLS.name, true],
    [{ NO_PROXY: "::1,[::1]" }, URLS.ipv6, true],
    [{ NO_PROXY: "127.0.0.1", no_proxy: "" }, URLS.ipv4, true],
    [{ NO_PROXY: "" }, URLS.ipv4, false],
    [{ NO_PROXY: "localhost" }, URLS.ipv4, false],
    [{ NO_PROXY: "127.0.0.1" }, URLS.name, false],
    [{ NO_PROXY: "LOCALHOST" }, URLS.name, false],
    [{ NO_PROXY: "*" }, URLS.ipv4, false],
    [{ NO_PROXY: "127.0.0.1:8080" }, URLS.ipv4, false],
    [{ NO_PROXY: "127.0.0.0/8" }, URLS.ipv4, false],
    [{ NO_PROXY: "a 127.0.0.1" }, URLS.ipv4, false],
    [{ NO_PROXY: "::1" }, URLS.ipv6, false],
    [{ NO_PROXY: "[::1]" }, URLS.ipv6, false],
    [{ NO_PROXY: "127.0.0.1", no_proxy: "other" }, URLS.ipv4, false],
    [{ NO_PROXY: "other", no_proxy: "127.0.0.1" }, URLS.ipv4, false],
  ];
  for (const [noProxy, url, isExempt] of cases) {
    equal(onDeno({ HTTP_PROXY: PROXY, ...noProxy }, url), isExempt ? null : "HTTP_PROXY", JSON.stringify(noProxy));
  }
});

Deno.test("ocr-regions sends nothing through a proxy that could read the secret and explains how to bypass it", async () => {
  for (const args of [["watch", ID], ["cancel", ID], ["detect", "README.md"]]) {
    const { status, stdout, stderr, requests } = await against({}, args, { env: { HTTP_PROXY: PROXY } });
    deepEqual([status, stdout, requests], [2, "", []]);
    match(
      stderr,
      /^HTTP_PROXY is set, so the client secret would be sent to the proxy in clear text\. Add 127\.0\.0\.1 to NO_PROXY to reach http:\/\/127\.0\.0\.1:\d+ directly\.\n$/,
    );
  }
  const exempt = { HTTP_PROXY: PROXY, NO_PROXY: "127.0.0.1" };
  equal((await against({}, ["watch", ID], { env: exempt })).requests.length, 2);
});

Deno.test("ocr-regions accepts plain http elsewhere only with OCR_ALLOW_HTTP=1, and warns", async () => {
  const env = { ...PAIR, OCR_BASE_URL: "http://emulator.invalid:8080" };
  for (const OCR_ALLOW_HTTP of ["", "0", "true"]) {
    const { status, stderr } = await run(["watch", ID], { env: { ...env, OCR_ALLOW_HTTP } });
    equal(status, 2);
    match(stderr, /current value is http:\/\/emulator\.invalid:8080\. To .* set OCR_ALLOW_HTTP=1\.\n$/);
  }
  const { stderr } = await run(["watch", ID], {
    env: { ...env, OCR_ALLOW_HTTP: "1" },
    heard: (text, stop) => text.includes("Warning") && stop(),
  });
  match(
    stderr,
    /^Warning: OCR_ALLOW_HTTP is set\. The client secret and the image go to http:\/\/emulator\.invalid:8080 in clear text\.\n/,
  );
});
