// CommonJS that is compiled, not run.
import regions = require("@ocr-cloud/regions");

const status: regions.Reply = regions.decodeResponse({});
export = status;
