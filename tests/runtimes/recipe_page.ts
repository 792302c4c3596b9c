// A page in front of the emulator, for the recipes that run in a browser.
import { connect } from "../../src/client/service.ts";
import { startDetector } from "../../src/emulator/detector.ts";
import { emulate } from "../../src/emulator/emulator.ts";
import { createHandler } from "../../src/server/handler.ts";
import { serviceTasks } from "../../src/server/service_tasks.ts";

export interface PageServer {
  readonly url: string;
  /** The number of images that the service has accepted. */
  readonly submissions: () => number;
  readonly close: () => Promise<void>;
}

/** Serves a page with the script, and a handler whose clients have the cookie of the page. */
export function servePage(script: string): PageServer {
  const { detect, close } = startDetector();
  const emulator = emulate({ serviceTime: 500, detect });
  let submissions = 0;
  const service = connect({
    credentials: { clientId: "id", clientSecret: "secret" },
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const isSubmission = request.method === "POST" && !new URL(request.url).pathname.endsWith("/token");
      const response = await emulator(request);
      if (isSubmission && response.ok) submissions++;
      return response;
    },
  });
  const handle = createHandler({
    tasks: serviceTasks(service),
    secret: "a secret of at least 32 characters",
    authorize: ({ headers }) => /(?:^|; )session=1234(?:;|$)/.test(headers.get("Cookie") ?? "") ? "user 1" : null,
  });
  const page = `<!doctype html><meta charset="utf-8"><div id="root"></div><app-root></app-root>` +
    `<script type="module" src="/script.js"></script>`;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    switch (new URL(request.url).pathname) {
      case "/":
        return new Response(page, {
          headers: { "Content-Type": "text/html", "Set-Cookie": "session=1234; HttpOnly; SameSite=Strict" },
        });
      case "/script.js":
        return new Response(script, { headers: { "Content-Type": "text/javascript" } });
      default:
        return handle(request);
    }
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    submissions: () => submissions,
    close: async () => {
      await server.shutdown();
      await close();
    },
  };
}
