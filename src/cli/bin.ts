/**
 * The program `ocr-regions`: importing this module runs it. It is a separate module since Node.js before 24.2 lacks
 * `import.meta.main`.
 *
 * @module
 */
import process from "node:process";
import { main, ofProcess } from "./cli.ts";

main(process.argv.slice(2), ofProcess()).then((status) => process.exitCode = status);
