"""Writes the golden files of test/weights: small files of torch.save and what they hold.

    python tools/weights_golden.py        (torch 2.15, numpy 2)

Each file of test/golden/weights has an entry in expected.json, in which a dictionary is {"dict": [[key, value], …]},
a list, tuple or set {"list": […]}, a tensor its type, dims and row-major little-endian bytes in hexadecimal.
"""
import argparse
import json
import pathlib
import struct

import numpy as np
import torch

folder = pathlib.Path(__file__).parent.parent / "test/golden/weights"
expected = {}
torch.manual_seed(0)


def described(value):
    if isinstance(value, np.ndarray):
        value = torch.from_numpy(np.ascontiguousarray(value))
    if isinstance(value, torch.Tensor):
        dense = value.detach().contiguous().clone()
        raw = dense.reshape(-1).view(torch.uint8) if dense.numel() else torch.empty(0, dtype=torch.uint8)
        return {
            "type": str(value.dtype).removeprefix("torch."),
            "dims": list(value.shape),
            "hex": bytes(raw.tolist()).hex(),
        }
    if isinstance(value, dict):
        return {"dict": [[key, described(item)] for key, item in value.items()]}
    if isinstance(value, argparse.Namespace):
        return {"global": "argparse.Namespace", "state": described(vars(value))}
    if isinstance(value, (torch.device, torch.dtype)):
        return {"global": str(value) if isinstance(value, torch.dtype) else "torch.device"}
    if isinstance(value, (list, tuple, set)):
        return {"list": [described(item) for item in value]}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, np.generic):
        return described(value.item())
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**53:
        return {"bigint": str(value)}
    return value


def save(name, value, **options):
    torch.save(value, folder / name, **options)
    expected[name] = described(value)


def both(name, value):
    save(f"{name}.pt", value)
    save(f"{name}_legacy.pt", value, _use_new_zipfile_serialization=False)


def types():
    numbers = torch.tensor([[0.0, -1.5, 3.25], [1e-7, 65504.0, -0.0]])
    floats = {t: numbers.to(getattr(torch, t)) for t in ("float32", "float64", "float16", "bfloat16")}
    integers = {
        t: torch.tensor([0, 1, 127, -128 if t != "uint8" else 255], dtype=getattr(torch, t))
        for t in ("int8", "int16", "int32", "int64", "uint8")
    }
    odd = {
        "flags": torch.tensor([True, False, True]),
        "big": torch.tensor([2**62 + 1, -(2**63)]),
        "strange": torch.tensor([float("nan"), float("inf"), -float("inf")]),
        "scalar": torch.tensor(2.5),
        "empty": torch.empty(0, 3),
    }
    return {**floats, **integers, **odd}


def shared():
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    return {
        "base": base,
        "same": base,
        "row": base[2],
        "column": base[:, 3],
        "transposed": base.t(),
        "block": base[1:3, 2:5],
        "steps": base.flatten()[3:20:4],
        "permuted": base.reshape(2, 2, 6).permute(2, 0, 1),
        "expanded": base[0, :3].expand(5, 3),
        "halves": torch.arange(8, dtype=torch.float16).reshape(2, 4).t(),
        "channels_last": torch.arange(16.0).reshape(1, 2, 2, 4).to(memory_format=torch.channels_last),
    }


def nested():
    model = torch.nn.DataParallel(torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2)))
    optimizer = torch.optim.Adam(model.parameters())
    model.module(torch.ones(4, 3)).sum().backward()
    optimizer.step()
    return {
        "epoch": 7,
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "args": argparse.Namespace(lr=0.1, name="net", sizes=[1, 2]),
        "device": torch.device("cpu"),
        "dtype": torch.float16,
        "size": torch.Size([2, 3]),
        "best": np.float64(0.625),
        "count": np.int64(2**60),
        "flag": np.bool_(True),
        "mean": np.array([0.5, 0.25], dtype=np.float32),
        "columns": np.asfortranarray(np.arange(6, dtype=np.int64).reshape(2, 3)),
        "raw": b"\x00\xff\x80",
        "none": None,
        "large": 2**70,
        "negative": -(2**40),
        "text": "größe \U0001f600",
        "history": [(1, 0.5), (2, 0.25)],
        "classes": {11},
    }


def parameters():
    plain = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
    marked = torch.nn.Parameter(torch.tensor([[3.0]]))
    marked.is_special = True
    marked_tensor = torch.tensor([4, 5])
    marked_tensor.note = "text"
    return {"plain": plain, "marked": marked, "markedTensor": marked_tensor}


def safetensors(name, tensors, metadata, shift=0):
    """Written from the format's description; the data begins `shift` bytes after a multiple of 8."""
    header, data = {"__metadata__": metadata} if metadata else {}, b""
    for key, tensor in tensors.items():
        raw = bytes.fromhex(described(tensor)["hex"])
        offsets = [len(data), len(data) + len(raw)]
        header[key] = {"dtype": letters[tensor.dtype], "shape": list(tensor.shape), "data_offsets": offsets}
        data += raw
    text = json.dumps(header, ensure_ascii=False).encode()
    text += b" " * ((shift - len(text)) % 8)
    (folder / name).write_bytes(struct.pack("<Q", len(text)) + text + data)
    expected[name] = described(tensors)


letters = {
    **{torch.float32: "F32", torch.float64: "F64", torch.float16: "F16", torch.bfloat16: "BF16"},
    **{torch.int8: "I8", torch.int16: "I16", torch.int32: "I32", torch.int64: "I64"},
    **{torch.uint8: "U8", torch.uint16: "U16", torch.uint32: "U32", torch.uint64: "U64", torch.bool: "BOOL"},
}

folder.mkdir(parents=True, exist_ok=True)
both("types", types())
both("shared", shared())
both("nested", nested())
both("parameters", parameters())
wide = {t: torch.tensor([0, 1, 60000], dtype=getattr(torch, t)) for t in ("uint16", "uint32", "uint64")}
both("wide", wide)
for protocol in (3, 4, 5):
    save(f"protocol{protocol}.pt", nested(), pickle_protocol=protocol)
torch.save(torch.nn.Linear(2, 1), folder / "whole_model.pt")
torch.save({"z": torch.zeros(2, dtype=torch.complex64)}, folder / "complex.pt")
few = {"b.weight": shared()["block"], "flags": types()["flags"], "half": types()["float16"]}
safetensors("unaligned.safetensors", few, {"format": "pt", "note": "größe"}, shift=3)
safetensors("types.safetensors", {**types(), **wide}, {})
(folder / "expected.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")
