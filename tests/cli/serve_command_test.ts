import { deepStrictEqual as deepEqual, match, ok, strictEqual as equal } from "node:assert/strict";
import { run } from "./run.ts";

/** Runs `serve`, makes a request or more, and stops it. */
async function serving(
  args: readonly string[],
  use: (url: string) => Promise<void>,
): Promise<{ readonly status: number; readonly stdout: string; readonly stderr: string }> {
  let used: Promise<void> | null = null;
  const outcome = await run(["serve", "--port", "0", ...args], {
    heard: (text, stop) => {
      const url = text.match(/http:\/\/(?:127\.0\.0\.1|\[::1\]):\d+/)?.[0];
      if (url === undefined || used !== null) return;
      used = use(url).finally(stop);
    },
  });
  await used;
  return outcome;
}

async function statusOf(request: Promise<Response>): Promise<number> {
  const response = await request;
  await response.body?.cancel();
  return response.status;
}

Deno.test("ocr-regions serve listens on other interfaces only with --allow-remote", async () => {
  for (const host of ["0.0.0.0", "::", "192.0.2.1", "emulator.example"]) {
    deepEqual(await run(["serve", "--host", host]), {
      status: 2,
      stdout: "",
      stderr: `Other machines could use the emulator on ${host}. Leave out --host to listen on this machine only, or ` +
        "add --allow-remote if that is what you want.\n",
    });
  }
});

Deno.test("ocr-regions serve --allow-remote warns before it listens", async () => {
  // An address for documentation, which no machine has.
  const { status, stdout, stderr } = await run(["serve", "--host", "192.0.2.1", "--allow-remote", "--port", "8081"]);
  deepEqual([status, stdout], [2, ""]);
  match(
    stderr,
    /^Warning: every machine that can reach port 8081 of 192\.0\.2\.1 can use this emulator\. It accepts any credentials, and everything sent to it crosses the network in clear text\.\nCannot listen on port 8081 of 192\.0\.2\.1: .+\.\n$/,
  );
});

Deno.test("ocr-regions serve --host accepts every name of the loopback interface without a warning", async () => {
  for (const host of ["127.0.0.1", "localhost"]) {
    const { status, stderr } = await serving(["--host", host], async (url) => {
      equal(await statusOf(fetch(url)), 404);
    });
    deepEqual([status, stderr], [0, ""]);
  }
});

Deno.test("ocr-regions serve --verbose logs each request without its query", async () => {
  const { stderr } = await serving(["--verbose"], async (url) => {
    equal(await statusOf(fetch(`${url}/v5.0/ocr/DetectRegions?id=s3cret`)), 401);
    equal(await statusOf(fetch(`${url}/connect/token`, { method: "DELETE" })), 405);
  });
  match(stderr, /^GET \/v5\.0\/ocr\/DetectRegions 401 \d+ ms\nDELETE \/connect\/token 405 \d+ ms\n$/);
});

Deno.test("ocr-regions serve --cors allows pages on this machine and no others", async () => {
  const preflight = (url: string, origin: string): Promise<Response> =>
    fetch(`${url}/v5.0/ocr/DetectRegions`, {
      method: "OPTIONS",
      headers: { "Origin": origin, "Access-Control-Request-Method": "POST" },
    });
  await serving(["--cors"], async (url) => {
    for (const origin of ["http://localhost:5173", "http://127.0.0.1", "http://[::1]:8000", "https://a.localhost"]) {
      const { status, headers } = await preflight(url, origin);
      equal(status, 204);
      equal(headers.get("Access-Control-Allow-Origin"), origin);
      equal(headers.get("Access-Control-Allow-Headers"), "Authorization, Content-Type");
      ok(headers.get("Access-Control-Allow-Methods")?.split(", ").includes("POST"));
      ok(headers.get("Access-Control-Allow-Methods")?.split(", ").includes("DELETE"));
      const response = await fetch(url, { headers: { Origin: origin } });
      await response.body?.cancel();
      equal(response.headers.get("Access-Control-Allow-Origin"), origin);
      equal(response.headers.get("Access-Control-Expose-Headers"), "Retry-After");
      match(response.headers.get("Vary") ?? "", /\bOrigin\b/);
    }
    for (const origin of ["https://evil.example", "http://localhost.evil.example", "null", "http://127.0.0.1.evil"]) {
      equal((await preflight(url, origin)).headers.get("Access-Control-Allow-Origin"), null);
    }
  });
  await serving([], async (url) => {
    equal((await preflight(url, "http://localhost")).headers.get("Access-Control-Allow-Origin"), null);
  });
});

Deno.test("ocr-regions serve passes times and workers to the emulator", async () => {
  await serving(["--pickup-time", "0", "--service-time", "60s", "--workers", "2"], async (url) => {
    const form = new URLSearchParams({ grant_type: "client_credentials", client_id: "id", client_secret: "secret" });
    const { access_token } = await (await fetch(`${url}/connect/token`, { method: "POST", body: form })).json();
    const headers = { Authorization: `Bearer ${access_token}` };
    const body = JSON.stringify({ image: btoa("P1\n1 1\n0\n"), settings: {} });
    const path = `${url}/v5.0/ocr/DetectRegions`;
    const statuses: string[] = [];
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) ids.push(await (await fetch(path, { method: "POST", headers, body })).text());
    for (const id of ids) statuses.push((await (await fetch(`${path}?id=${id}`, { headers })).json()).taskStatus);
    deepEqual(statuses, ["Processing", "Processing", "Pending"]);
  });
});

Deno.test("ocr-regions serve and detect --emulate report a missing tesseract.js-core first", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { imports } = JSON.parse(await Deno.readTextFile("deno.json"));
    const { "tesseract.js-core": _, ...others } = imports;
    const config = { imports: { ...others, "tesseract.js-core/": "./missing/" }, nodeModulesDir: "none" };
    await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(config));
    for (const args of [["serve", "--port", "0"], ["detect", "examples/pages/lucasta.047.jpg", "--emulate"]]) {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--quiet", "--no-lock", `--config=${folder}/deno.json`, "src/cli/bin.ts", ...args],
        env: { NO_COLOR: "1" },
      }).output();
      const said = new TextDecoder().decode(stderr);
      deepEqual([code, new TextDecoder().decode(stdout)], [2, ""], said);
      match(said, /^Cannot start the detector: .*tesseract\.js-core.*`npm install tesseract\.js-core`.*\n$/);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
