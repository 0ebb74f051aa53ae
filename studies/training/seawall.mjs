/** Runs `seawall` in processes of their own, a few at a time. */
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../dist/bundle/main.js", import.meta.url));

/** @typedef {{ out: string } & Record<string, string | number | boolean | undefined>} Settings as the library names them */
/** @typedef {(verb: string, settings: Settings) => Promise<void>} Seawall runs a verb; what it prints goes to `<out>.log` */

/**
 * A function that waits until fewer than `jobs` of its processes run, and starts another.
 * @param {number} jobs
 * @returns {Seawall} throws an error that names the file with the output, if the process fails
 */
export function seawallProcesses(jobs) {
  let running = 0;
  const waiting = [];
  return async (verb, settings) => {
    if (running === jobs) await new Promise((resolve) => waiting.push(resolve));
    else running++;
    try {
      await runProcess([verb, ...flagsOf(settings)], `${settings.out}.log`);
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}

function flagsOf(settings) {
  return Object.entries(settings).flatMap(([name, value]) => {
    const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    if (value === undefined || value === false) return [];
    return value === true ? [`--${flag}`] : [`--${flag}`, `${value}`];
  });
}

async function runProcess(args, log) {
  mkdirSync(dirname(log), { recursive: true });
  const output = openSync(log, "a");
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", output, output] });
  const end = () => child.kill();
  process.once("exit", end);
  const code = await new Promise((resolve, reject) => child.on("close", resolve).on("error", reject));
  process.off("exit", end);
  closeSync(output);
  if (code !== 0) throw new Error(`seawall ${args[0]} ended with code ${code}; ${log} says why`);
}
