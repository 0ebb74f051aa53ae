/** Reading: from an ONNX file's bytes to a graph in normal form. */
import { fromBinary } from "@bufbuild/protobuf";
import { type ModelProto, ModelProtoSchema } from "onnx-buf";
import { messageOf, placed, SeawallError } from "../../base/index.js";
import { expand } from "../expansions/expand.js";
import type { Graph } from "../graph/graph.js";
import { verified } from "../graph/verify.js";
import { upgrade } from "../upgrades/upgrade.js";
import { decodeGraph } from "./decode.js";
import type { ExternalData } from "./external.js";
import { inlineFunctions } from "./functions.js";
import { checkSize } from "./limits.js";
import { domainsIn, standardDomain } from "./protos.js";

export interface ReadOptions {
  /** The file's name in messages. */
  readonly file?: string;
  /** Reads a file of external tensor data. */
  readonly external?: ExternalData;
}

/**
 * Reads an ONNX model (IR 3 and later, opset 7 and later). Functions are inlined, every node has a unique name, nodes
 * are in topological order and in the normal form of `upgrade`, and inputs do not include initializers.
 * @throws SeawallError `model` for bytes that are not an ONNX model, or a damaged one; `unsupported` for a model that
 * uses a feature Seawall does not support
 */
export function readModel(bytes: Uint8Array, options: ReadOptions = {}): Graph {
  const { file } = options;
  try {
    const graph = expand(upgrade(verified(graphOf(parse(bytes), options.external))));
    return file === undefined ? graph : { ...graph, file };
  } catch (error) {
    throw placed(error, file ?? "model");
  }
}

function parse(bytes: Uint8Array): ModelProto {
  let model: ModelProto;
  try {
    checkSize(ModelProtoSchema, bytes);
    model = fromBinary(ModelProtoSchema, bytes, { readUnknownFields: false });
  } catch (error) {
    if (error instanceof SeawallError) throw error;
    throw new SeawallError(
      "model",
      `not an ONNX file, or truncated (${messageOf(error)}); export or copy it again`,
      { cause: error },
    );
  }
  if (!model.graph || model.graph.node.length === 0) {
    throw new SeawallError("model", "has no graph: not an ONNX model, or truncated; export or copy it again");
  }
  return model;
}

/** ONNX adds one or two a year, and is at 26. */
const largestOpset = 200;

/** The model's graph, with the versions of the operator domains that it uses. */
function graphOf(model: ModelProto, external: ExternalData | undefined): Graph {
  const versions = new Map(
    model.opsetImport.map((entry) => [standardDomain(entry.domain), Number(entry.version)]),
  );
  const opset = versions.get("") ?? 0;
  if (opset < 7) {
    throw new SeawallError(
      "unsupported",
      `has opset ${opset || "unknown"}; Seawall needs opset 7 or later: convert it with onnx.version_converter`,
    );
  }
  if (opset > largestOpset) {
    throw new SeawallError(
      "unsupported",
      `has opset ${opset}, which no version of ONNX defines; check the origin of the file`,
    );
  }
  const inlined = inlineFunctions(model.graph!, model.functions, versions);
  const used = domainsIn(inlined.graph);
  const domains = new Map([...inlined.versions].filter(([domain]) => domain !== "" && used.has(domain)));
  return decodeGraph(inlined.graph, { opset, domains, external });
}
