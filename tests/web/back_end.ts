/**
 * The back end of the page, as `deno task web` runs it: in a process of its own.
 *
 * @module
 */

/** How long the start may take, in milliseconds. */
const START_LIMIT = 60_000;

const SERVER = new URL("../../examples/web/server.ts", import.meta.url).pathname;
const CONFIG = new URL("../../examples/web/deno.json", import.meta.url).pathname;

/** A running back end. */
export interface BackEnd {
  /** Its address, such as `http://127.0.0.1:8000/`. */
  readonly url: string;
  /** Kills the process, as a crash would. */
  readonly kill: () => Promise<void>;
}

/** Starts the back end with the service at an address. Port 0 takes a free one. */
export async function startBackEnd(serviceUrl: string, port = 0): Promise<BackEnd> {
  const { HTTP_PROXY: _1, http_proxy: _2, ALL_PROXY: _3, all_proxy: _4, ...env } = Deno.env.toObject();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--config", CONFIG, SERVER],
    clearEnv: true,
    env: {
      ...env,
      PORT: String(port),
      WEB_SECRET: "the same secret after a restart, in these tests",
      OCR_CLIENT_ID: "page",
      OCR_CLIENT_SECRET: "secret",
      OCR_BASE_URL: serviceUrl,
    },
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const kill = async (): Promise<void> => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has exited already.
    }
    await child.status;
    await child.stdout.cancel().catch(() => {});
  };
  const timer = setTimeout(kill, START_LIMIT);
  let output = "";
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  while (!output.includes("Ctrl-C")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`The back end did not start: ${output}`);
    output += value;
  }
  clearTimeout(timer);
  const [url] = /http:\S+\/(?= \(Ctrl-C)/.exec(output) ?? [""];
  return {
    url,
    kill: async () => {
      await reader.cancel();
      await kill();
    },
  };
}
