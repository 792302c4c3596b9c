// A test for Jest and for Vitest, whose globals are the same.
import { connect, detectRegions, toPromise } from "@ocr-cloud/regions";
import { emulate } from "@ocr-cloud/regions/emulator";

const REGIONS = [{ left: 0, top: 8, right: 697, bottom: 441 }];
const { expect, test } = globalThis;

test("a task is watched until it is completed", async () => {
  const detect = () => Promise.resolve(REGIONS);
  const fetch = emulate({ pickupTime: 0, serviceTime: 0, detect });
  const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch });
  const statuses = detectRegions(new TextEncoder().encode("image"))(service);
  expect((await toPromise(statuses)).regions).toEqual(REGIONS);
});
