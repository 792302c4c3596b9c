// @ts-check
// A Worker that runs the smoke suite for whoever asks.
import { smoke } from "../smoke.js";

const worker = {
  /** @param {Request} request */
  async fetch(request) {
    try {
      return Response.json({ passed: await smoke(new URL(request.url).searchParams.get("origin") ?? "") });
    } catch (error) {
      return new Response(String(error), { status: 500 });
    }
  },
};
export default worker;
