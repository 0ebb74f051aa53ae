/** The closed list of Python names that a weights file may use, and the meaning of a call of each. */

import { damaged, refuseFile } from "../guard/refuse.js";
import type { PickleHost } from "./machine.js";
import { numpyArray, numpyFromBuffer, numpyScalar, setNumpyState } from "./numpy.js";
import { openStorage, rebuildTensor, rebuildTensorV3, storageTypes, tensorTypes } from "./rebuild.js";
import type { Storages } from "./storage.js";
import { isPickleList, isTensor, kindOf, PickledObject, type PickleValue } from "./value.js";

type Call = (args: readonly PickleValue[], storages: Storages) => PickleValue;

/** The approximate memory of a Map entry, in bytes. */
const entryBytes = 64;

/** Names whose call is only recorded, as a `PickledObject`. */
const recorded = ["torch.device", "argparse.Namespace", "numpy.dtype"];

/** Names that occur only as arguments of other calls. */
const silent = new Set([
  ...storageTypes.keys(),
  ...tensorTypes.keys(),
  ...["torch.Tensor", "torch.nn.parameter.Parameter", "numpy.ndarray"],
  ...[
    "torch.complex32",
    "torch.complex64",
    "torch.complex128",
    "torch.quint8",
    "torch.qint8",
    "torch.qint32",
  ],
  ...["torch.float8_e4m3fn", "torch.float8_e5m2", "torch.float8_e4m3fnuz", "torch.float8_e5m2fnuz"],
]);

const calls = new Map<string, Call>([
  ["collections.OrderedDict", ([pairs], storages) => dictFromPairs(pairs, storages)],
  ["collections.Counter", ([counts]) => (counts instanceof Map ? counts : new Map())],
  ["builtins.set", ([items]) => listOf(items)],
  ["__builtin__.set", ([items]) => listOf(items)],
  ["builtins.bytes", ([bytes]) => bytes ?? new Uint8Array(0)],
  ["__builtin__.bytes", ([bytes]) => bytes ?? new Uint8Array(0)],
  ["_codecs.encode", ([text, encoding], storages) => encode(text, encoding, storages)],
  ["torch.Size", ([dims]) => listOf(dims)],
  ["torch._utils._rebuild_tensor", rebuildTensor],
  ["torch._utils._rebuild_tensor_v2", rebuildTensor],
  ["torch._utils._rebuild_tensor_v3", rebuildTensorV3],
  ["torch._utils._rebuild_parameter", ([data]) => tensorOf(data)],
  ["torch._utils._rebuild_parameter_with_state", ([data]) => tensorOf(data)],
  ["torch._tensor._rebuild_from_type_v2", rebuildFromType],
  // NumPy 2 renamed numpy.core.
  ...["numpy.core", "numpy._core"].flatMap((core): [string, Call][] => [
    [`${core}.multiarray.scalar`, numpyScalar],
    [`${core}.multiarray._reconstruct`, numpyArray],
    [`${core}.numeric._frombuffer`, numpyFromBuffer],
  ]),
  ...recorded.map((global): [string, Call] => [global, (args) => new PickledObject(global, args)]),
]);

/** The host of torch's pickles. Every storage and tensor that the pickle names is added to `storages`. */
export function torchHost(storages: Storages): PickleHost {
  return {
    allows: (global) => calls.has(global) || silent.has(global),
    call: (global, args) => call(global, args, storages),
    build: (object, state) => build(object, state, storages),
    persistent: (id) => openStorage(id, storages),
  };
}

function call(global: string, args: readonly PickleValue[], storages: Storages): PickleValue {
  const run = calls.get(global);
  if (!run) damaged(`a call of ${global}, which no weights file makes`);
  return run(args, storages);
}

function build(object: PickleValue, state: PickleValue, storages: Storages): void {
  // The state of torch's OrderedDicts is `_metadata` (module versions), which is not needed.
  if (object instanceof Map) return;
  if (isTensor(object)) setNumpyState(object, state, storages);
  else if (object instanceof PickledObject && object.args) object.state = state;
  else damaged(`a state for a ${kindOf(object)}`);
}

/** An OrderedDict from a list of its pairs, as Python 2 wrote it. */
function dictFromPairs(pairs: PickleValue | undefined, storages: Storages): Map<PickleValue, PickleValue> {
  const dict = new Map<PickleValue, PickleValue>();
  if (pairs === undefined) return dict;
  storages.copies.spend(entryBytes * listOf(pairs).length);
  for (const pair of listOf(pairs)) {
    if (!isPickleList(pair) || pair.length !== 2) damaged("an OrderedDict with an entry that is not a pair");
    dict.set(pair[0]!, pair[1]!);
  }
  return dict;
}

function rebuildFromType([rebuild, type, args]: readonly PickleValue[], storages: Storages): PickleValue {
  const plain = ["torch.Tensor", "torch.nn.parameter.Parameter"];
  if (!(type instanceof PickledObject) || !plain.includes(type.global)) {
    refuseFile(`holds a tensor of the subclass ${kindOf(type)}; save plain tensors, as in state_dict()`);
  }
  if (!(rebuild instanceof PickledObject) || !rebuild.global.startsWith("torch._utils.")) {
    damaged(`a tensor rebuilt by a ${kindOf(rebuild)}`);
  }
  return tensorOf(call(rebuild.global, listOf(args), storages));
}

/** `bytes` as protocol 2 writes them: a call of `_codecs.encode` with their Latin-1 text. */
function encode(
  text: PickleValue | undefined,
  encoding: PickleValue | undefined,
  storages: Storages,
): Uint8Array {
  if (typeof text !== "string" || encoding !== "latin1") damaged("a text to encode is not Latin-1");
  storages.copies.spend(text.length);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) damaged("a text to encode is not Latin-1");
    bytes[i] = code;
  }
  return bytes;
}

function listOf(value: PickleValue | undefined): readonly PickleValue[] {
  if (!isPickleList(value)) damaged(`a ${kindOf(value)} instead of a list`);
  return value;
}

function tensorOf(value: PickleValue | undefined): PickleValue {
  if (!isTensor(value)) damaged(`a ${kindOf(value)} instead of a tensor`);
  return value;
}
