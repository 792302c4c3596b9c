/** What is done with an image in every runtime. */
import * as E from "fp-ts/lib/Either.js";
import { connect, fetchRegions, submitImage } from "../../src/core.ts";
import { makeIds } from "./world.ts";

/** Bytes that do not compress. */
export function makeImage(bytes: number): Uint8Array<ArrayBuffer> {
  const image = new Uint8Array(bytes);
  let state = 1;
  for (let i = 0; i < bytes; i++) image[i] = (state = Math.imul(state, 1664525) + 1013904223 >>> 0) >>> 24;
  return image;
}

/** Submits an image. */
export async function submit(origin: string, image: Uint8Array<ArrayBuffer>): Promise<void> {
  const reply = await submitImage(image)(connect({ token: "token", baseUrl: `${origin}/plain` }))();
  if (E.isLeft(reply)) throw new Error(`The submission ended with ${reply.left._tag}`);
}

/** How often an image arrives over a connection that was used before, and that is closed once the image has been read. */
export async function countArrivals(origin: string): Promise<number> {
  const count = async (): Promise<number> => Number(await (await fetch(`${origin}/drop/arrivals`)).text());
  const before = await count();
  const service = connect({ token: "token", baseUrl: `${origin}/drop` });
  await fetchRegions(makeIds(1)[0])(service)();
  // Runtimes take a moment to release a connection, and to repeat a request.
  await pause(100);
  const reply = await submitImage(makeImage(1000))(service)();
  await pause(300);
  const arrivals = await count() - before;
  // The server answers an image that arrives over a new connection.
  if (arrivals === 1 && E.isRight(reply)) throw new Error("The connection was not used before");
  return arrivals;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
