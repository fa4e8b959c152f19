#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixes a network's picture size and style, and works out what depends on
them alone, for engines that cannot: fix.py MODEL WIDTHxHEIGHT FIXED"""

import sys

import numpy
import onnx
from onnx import helper, numpy_helper

FOLD = {
    "Shape": lambda x: numpy.array(x, numpy.int64),
    "Gather": lambda x, at: x[at],
    "MatMul": lambda x, y: x @ y,
    "Reshape": lambda x, to: x.reshape(to),
}


def main():
    source, size, target = sys.argv[1:]
    width, height = map(int, size.split("x"))
    model = onnx.load(source)
    graph = model.graph
    known = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    shapes = {}
    for value in list(graph.input):
        dims = value.type.tensor_type.shape.dim
        if len(dims) == 4:
            for dim, n in zip(dims, (1, 3, height, width)):
                dim.Clear()
                dim.dim_value = n
            shapes[value.name] = (1, 3, height, width)
        else:
            known[value.name] = numpy.eye(dims[1].dim_value, dtype="f4")[1:2]
            graph.input.remove(value)
    for node in list(graph.node):
        kind, names = node.op_type, node.input
        if kind == "Shape" and names[0] in shapes:
            known[node.output[0]] = FOLD[kind](shapes[names[0]])
        elif kind in FOLD and all(name in known for name in names):
            known[node.output[0]] = FOLD[kind](*(known[n] for n in names))
        else:
            continue
        graph.node.remove(node)
    used = {name for node in graph.node for name in node.input}
    del graph.initializer[:]
    graph.initializer.extend(numpy_helper.from_array(known[name], name)
                             for name in sorted(used) if name in known)
    for value in graph.output:
        value.CopyFrom(helper.make_tensor_value_info(
            value.name, onnx.TensorProto.FLOAT, (1, 3, height, width)))
    onnx.save(model, target)


main()
