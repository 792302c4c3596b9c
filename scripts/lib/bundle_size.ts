// The sizes of real programs with the library, bundled and minified as for Cloudflare.
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { esbuild } from "./npm.ts";

/** The size of a program's bundle, in bytes. */
export interface BundleSize {
  readonly minified: number;
  readonly gzip: number;
  /** The bytes of the minified bundle by package. Those of the program itself are under the empty name. */
  readonly packages: ReadonlyMap<string, number>;
}

const SERVICE = `connect({ credentials: { clientId: env.OCR_CLIENT_ID, clientSecret: env.OCR_CLIENT_SECRET } })`;

export const PROGRAMS = {
  "decode only": `
    import { decodeResponse, isFinal } from "@ocr-cloud/regions/core";
    export default {
      async fetch(request) {
        const status = decodeResponse(await request.json());
        return status._tag === "Left"
          ? Response.json(status.left, { status: 502 })
          : Response.json({ ...status.right, final: isFinal(status.right) });
      },
    };`,
  "watch one id": `
    import { connect, watchRegions } from "@ocr-cloud/regions";
    import { lastValueFrom } from "rxjs";
    export default {
      async fetch(request, env) {
        const id = new URL(request.url).pathname.slice(1);
        return Response.json(await lastValueFrom(watchRegions(id, { signal: request.signal })(${SERVICE})));
      },
    };`,
  "wait for one id": `
    import { connect, waitForRegions } from "@ocr-cloud/regions/core";
    export default {
      async fetch(request, env) {
        const id = new URL(request.url).pathname.slice(1);
        return Response.json(await waitForRegions(id, { signal: request.signal })(${SERVICE})());
      },
    };`,
  "submit and watch": `
    import { connect, detectRegions } from "@ocr-cloud/regions";
    import { lastValueFrom } from "rxjs";
    export default {
      async fetch(request, env) {
        const image = await request.arrayBuffer();
        const statuses = detectRegions(image, { dsrMode: "LineDetector" }, { signal: request.signal });
        return Response.json(await lastValueFrom(statuses(${SERVICE})));
      },
    };`,
  "subscribe in a page": `
    import { fromEventStream, match } from "@ocr-cloud/regions/client";
    import { toSvg } from "@ocr-cloud/regions/page";
    const toHtml = match({
      Pending: () => "queued",
      Processing: () => "working",
      Completed: ({ regions }) => toSvg(regions, { image: "/image.png", width: 100, height: 100 }),
      Error: ({ messages }) => messages.join(" "),
      NotExist: () => "gone",
    });
    fromEventStream(location.hash.slice(1)).subscribe((reply) => {
      document.body.innerHTML = reply._tag === "Right" ? toHtml(reply.right) : reply.left._tag;
    });`,
  "everything": `
    import * as client from "@ocr-cloud/regions/client";
    import * as server from "@ocr-cloud/regions/server";
    import * as regions from "@ocr-cloud/regions";
    import * as durable from "@ocr-cloud/regions/durable-object";
    import { emulate } from "@ocr-cloud/regions/emulator";
    import * as page from "@ocr-cloud/regions/page";
    import * as pageReader from "@ocr-cloud/regions/page-reader";
    export { client, durable, emulate, page, pageReader, regions, server };`,
} as const;

export type ProgramName = keyof typeof PROGRAMS;

/** The programs whose peers are not counted. */
const WITHOUT_PEERS: readonly ProgramName[] = ["subscribe in a page"];

/** The part of esbuild's metafile that is used. */
interface Metafile {
  readonly outputs: Readonly<
    Record<string, { readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>> }>
  >;
}

/**
 * Bundles a program in a project that has the library.
 *
 * @param tools The folder of esbuild and Node.js.
 * @param consumer The folder of the project.
 */
export async function bundleSize(tools: string, consumer: string, name: ProgramName): Promise<BundleSize> {
  const [entry, outfile, metafile] = ["program.js", "out.js", "meta.json"].map((file) => join(consumer, file));
  await Deno.writeTextFile(entry, PROGRAMS[name]);
  // The same options as Cloudflare's wrangler.
  const options = ["--platform=browser", "--conditions=workerd,worker,browser", "--format=esm", "--target=es2022"];
  const external = WITHOUT_PEERS.includes(name) ? ["fp-ts", "io-ts", "rxjs"].map((name) => `--external:${name}`) : [];
  const files = [entry, `--outfile=${outfile}`, `--metafile=${metafile}`];
  await esbuild(tools, consumer, ["--bundle", "--minify", ...options, ...external, ...files]);
  const { outputs }: Metafile = JSON.parse(await Deno.readTextFile(metafile));
  const packages = new Map<string, number>();
  for (const [file, { bytesInOutput }] of Object.values(outputs).flatMap(({ inputs }) => Object.entries(inputs))) {
    const name = /.*node_modules\/(@[^/]+\/[^/]+|[^/]+)/.exec(file)?.[1] ?? "";
    packages.set(name, (packages.get(name) ?? 0) + bytesInOutput);
  }
  const code = await Deno.readFile(outfile);
  return { minified: code.byteLength, gzip: gzipSync(code, { level: 9 }).byteLength, packages };
}
