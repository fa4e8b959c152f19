# SPDX-License-Identifier: GPL-3.0-or-later
"""float32 tensors in ONNX's TensorProto form, without the onnx package (which
does not bear onnxruntime beside it in one process)."""

import numpy


def _varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


TYPES = {1: "<f4", 6: "<i4", 7: "<i8", 9: "?"}


def save(path, array):
    array = numpy.ascontiguousarray(array, "<f4")
    data = b"".join(b"\x08" + _varint(n) for n in array.shape) + b"\x10\x01"
    raw = array.tobytes()
    with open(path, "wb") as file:
        file.write(data + b"\x4a" + _varint(len(raw)) + raw)


def load(path):
    """What pst_onnx_save_tensor() writes: dims, type, name, raw data."""
    with open(path, "rb") as file:
        data = file.read()
    dims, kind, raw, at = [], 1, b"", 0
    while at < len(data):
        tag, at = _read_varint(data, at)
        value, at = _read_varint(data, at)
        if tag & 7 == 2:
            part = data[at : at + value]
            at += value
            if tag >> 3 == 9:
                raw = part
        elif tag >> 3 == 1:
            dims.append(value)
        elif tag >> 3 == 2:
            kind = value
    return numpy.frombuffer(raw, TYPES[kind]).reshape(dims)
