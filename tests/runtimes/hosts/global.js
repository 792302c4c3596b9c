// @ts-check
// For runtimes that are given a script and no module: the smoke suite as a global.
import { smoke } from "../smoke.js";

Object.assign(globalThis, { smoke });
