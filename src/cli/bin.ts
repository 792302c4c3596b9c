/**
 * The program `ocr-regions`. It has a file of its own, since a program that npm starts by a link cannot tell by
 * `import.meta.main` that it is one: Node.js has that from 24.2 on.
 *
 * @module
 */
import process from "node:process";
import { main, ofProcess } from "./cli.ts";

main(process.argv.slice(2), ofProcess()).then((status) => process.exitCode = status);
