/** A Node.js program that runs a Worker in the local runtime until its standard input is closed. */
import process from "node:process";

/** The part of Miniflare that is used. The package is not installed in the repository. */
interface Instance {
  readonly ready: Promise<URL>;
  readonly dispose: () => Promise<void>;
}
interface Module {
  readonly Miniflare: new (options: Record<string, unknown>) => Instance;
}

// Exit even if the parent process was killed.
setTimeout(() => process.exit(1), 300_000);

const [miniflare = "", options = "{}"] = process.argv.slice(2);
const { Miniflare }: Module = await import(miniflare);
const instance = new Miniflare({
  modules: true,
  compatibilityDate: "2026-04-01",
  compatibilityFlags: ["enable_request_signal"],
  host: "127.0.0.1",
  port: 0,
  cf: false,
  telemetry: { enabled: false },
  ...JSON.parse(options),
});
console.log(`ready ${await instance.ready}`);
process.stdin.resume();
process.stdin.on("end", async () => {
  await instance.dispose();
  process.exit(0);
});
