/** ONNX Runtime in browsers: the only importer of onnxruntime-web. */
import * as wasm from "onnxruntime-web/wasm";
import type { DetachedModel } from "../onnx/index.js";
import { commonOptions, refused, toEngine, wrapped } from "./ort.js";
import {
  type Device,
  type DeviceInfo,
  type Engine,
  isNameList,
  type Session,
  type SessionOptions,
} from "./session.js";
import { copyInto } from "./store.js";
import { turns } from "./turns.js";

/** The part of a browser's globals that is used here. */
interface Browser {
  readonly navigator: {
    readonly hardwareConcurrency: number;
    /** In GiB, rounded, and 8 at most. */
    readonly deviceMemory?: number;
    readonly gpu?: { requestAdapter(): Promise<object | null> };
  };
  /** Whether threads may share memory. */
  readonly crossOriginIsolated?: boolean;
}

const { navigator, crossOriginIsolated = false } = globalThis as unknown as Browser;

/** WebAssembly addresses no more. */
const mostMemory = 4 * 2 ** 30;

/** Threads beyond those of the processors would only wait, and a page that is not isolated has one. */
const mostThreads = crossOriginIsolated ? navigator.hardwareConcurrency : 1;

const hasGpu = Boolean(await navigator.gpu?.requestAdapter().catch(() => null));

type Runtime = typeof wasm;

/** The engine's own files lie in a folder beside the script that imports this module. */
const folder = "ort/";

/** Sets an engine up; its files are loaded with the first session. */
function prepared(runtime: Runtime): Runtime {
  runtime.env.wasm.wasmPaths = new URL(folder, import.meta.url).href;
  runtime.env.wasm.numThreads = mostThreads;
  runtime.env.logLevel = "error";
  return runtime;
}

prepared(wasm);

/** WebGPU needs another and larger build of the engine, which is loaded on request. */
let gpu: Promise<Runtime> | undefined;
function runtimeFor(device: Device | undefined): Runtime | Promise<Runtime> {
  if (device !== "webgpu") return wasm;
  gpu ??= import("onnxruntime-web/webgpu").then(prepared);
  return gpu;
}

export const ortEngine: Engine = {
  name: "onnxruntime-web",
  version: wasm.env.versions.web ?? wasm.env.versions.common,
  memory: () => Math.min(mostMemory, (navigator.deviceMemory ?? Number.POSITIVE_INFINITY) * 2 ** 30),
  mostThreads,
  open,
  devices,
};

/**
 * The engine waits within a call while its arguments lie on its stack. Another call in the meantime, even of another session,
 * overwrites them without an error, so that calls take turns.
 */
const inTurn = turns();

async function open({ model, tensors }: DetachedModel, options: SessionOptions): Promise<Session> {
  const runtime = await runtimeFor(options.device);
  const externalData = tensors.map(({ location, bytes }) => ({ path: location, data: bytes }));
  try {
    const session = await inTurn(() =>
      runtime.InferenceSession.create(model, {
        ...commonOptions(options),
        executionProviders: options.device === "webgpu" ? ["webgpu", "wasm"] : ["wasm"],
        externalData,
      }),
    );
    return wrap(runtime, session, options.label ?? "model");
  } catch (error) {
    throw refused(options.label, error);
  }
}

/** The engine returns tensors in memory of their own. Outputs that are given are filled from them. */
function wrap(runtime: Runtime, session: wasm.InferenceSession, label: string): Session {
  const inputs = toEngine(runtime.Tensor);
  const plain = wrapped(session, label, (feeds, fetches) => {
    const names = fetches && (isNameList(fetches) ? [...fetches] : Object.keys(fetches));
    return inTurn(() => (names ? session.run(inputs(feeds), names) : session.run(inputs(feeds))));
  });
  return {
    ...plain,
    async run(feeds, fetches) {
      const results = await plain.run(feeds, fetches);
      if (!fetches || isNameList(fetches)) return results;
      copyInto(fetches, results);
      return { ...fetches };
    },
    dispose: () => inTurn(() => plain.dispose()),
  };
}

function devices(): DeviceInfo[] {
  return [
    { device: "cpu", bundled: true },
    ...(hasGpu ? [{ device: "webgpu" as const, bundled: true }] : []),
  ];
}
