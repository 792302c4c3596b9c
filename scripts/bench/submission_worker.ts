/** A Worker that submits an image: `/prepare` makes it, `/submit` sends it, `/arrivals` counts another one. */
import { countArrivals, makeImage, submit } from "./submissions.ts";

// Only a plain value: it may be shared between requests.
let image = new Uint8Array();

export default {
  async fetch({ url }: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(url);
    const origin = searchParams.get("origin") ?? "";
    if (pathname === "/arrivals") return new Response(String(await countArrivals(origin)));
    if (pathname === "/prepare") {
      await submit(origin, makeImage(100_000));
      image = makeImage(Number(searchParams.get("bytes")));
    } else await submit(origin, image);
    return new Response("");
  },
};
