# SPDX-License-Identifier: GPL-3.0-or-later
"""A network from an ONNX file, in torch.nn.functional: the operators that the
benchmark's networks use."""

import numpy
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper

SIMPLE = {
    "Add": torch.add, "Sub": torch.sub, "Mul": torch.mul, "Div": torch.div,
    "Max": torch.maximum, "Min": torch.minimum, "MatMul": torch.matmul,
    "Relu": torch.relu, "Sigmoid": torch.sigmoid, "Log": torch.log,
}


def _conv(a, x, weight, bias=None):
    assert a.get("group", 1) == 1 and not any(a.get("pads", []))
    stride = a.get("strides", [1, 1])
    if x.dtype == torch.float64:
        return _conv_in_bands(x, weight, bias, stride)
    return F.conv2d(x, weight, bias, stride)


def _conv_in_bands(x, weight, bias, stride):
    """torch gathers all of a double-precision picture for its product, which
    would be tens of gigabytes."""
    kernel = weight.shape[2]
    rows = (x.shape[2] - kernel) // stride[0] + 1
    band = max(1, 2 ** 25 // (weight[0].numel() * x.shape[3]))
    parts = []
    for top in range(0, rows, band):
        n = min(band, rows - top)
        part = x[:, :, top * stride[0]:(top + n - 1) * stride[0] + kernel]
        parts.append(F.conv2d(part, weight, bias, stride))
    return torch.cat(parts, 2)


def _norm(a, x, scale, shift):
    return F.instance_norm(x, weight=scale, bias=shift, eps=a["epsilon"])


def _pad(a, x, pads):
    top, left, bottom, right = (int(pads[i]) for i in (2, 3, 6, 7))
    assert a["mode"] == b"reflect"
    return F.pad(x, (left, right, top, bottom), "reflect")


def _resize(a, x, _, scales):
    assert a["mode"] == b"nearest" and list(scales[:2]) == [1, 1]
    return F.interpolate(x, scale_factor=(float(scales[2]), float(scales[3])))


def _reshape(_, x, shape):
    return x.reshape([int(n) for n in shape])


def _slice(_, x, starts, ends, axes):
    for start, end, axis in zip(starts, ends, axes):
        x = torch.narrow(x, int(axis), int(start), int(end) - int(start))
    return x


OPERATORS = {
    "Conv": _conv, "InstanceNormalization": _norm, "Pad": _pad,
    "Resize": _resize, "Reshape": _reshape, "Slice": _slice,
    "Shape": lambda _, x: numpy.array(x.shape),
    "Gather": lambda _, x, at: x[at],
}


class Network(torch.nn.Module):
    """Inputs in the order of the file; sizes are taken as they are traced.
    What only tells shapes stays outside of torch, in numpy."""

    def __init__(self, path):
        super().__init__()
        graph = onnx.load(path).graph
        self.numbers = {}
        self.tensors = {}
        for i, tensor in enumerate(graph.initializer):
            array = numpy_helper.to_array(tensor)
            self.numbers[tensor.name] = array
            if array.dtype == numpy.float32:
                self.register_buffer(f"parameter{i}", torch.from_numpy(array.copy()))
                self.tensors[tensor.name] = f"parameter{i}"
        self.inputs = [value.name for value in graph.input]
        self.output = graph.output[0].name
        self.nodes = [
            (node.op_type, list(node.input), node.output[0],
             {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute})
            for node in graph.node]

    def value(self, values, kind, name, i):
        if not name:
            return None
        if name in values:
            return values[name]
        if name in self.tensors and not (kind in ("Resize", "Pad") and i > 0):
            return getattr(self, self.tensors[name])
        return self.numbers[name]

    def forward(self, *inputs):
        values = dict(zip(self.inputs, inputs))
        last = {name: i for i, node in enumerate(self.nodes) for name in node[1]}
        for i, (kind, names, out, attributes) in enumerate(self.nodes):
            arguments = [self.value(values, kind, name, k)
                         for k, name in enumerate(names)]
            if kind in SIMPLE:
                values[out] = SIMPLE[kind](*arguments)
            else:
                values[out] = OPERATORS[kind](attributes, *arguments)
            del arguments
            for name in names:
                if last[name] == i and name != self.output:
                    values.pop(name, None)
        return values[self.output]
