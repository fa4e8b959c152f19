# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares single operators with onnxruntime over the versions of ONNX's
operators, of which ONNX's own cases hold mostly the newest: compare.py
CONFORMANCE

Writes cases in the form of ONNX's own, with onnxruntime's results as the
expected ones, and lets the program CONFORMANCE run them. What onnxruntime
itself cannot run is left out. Prints TAP."""

import contextlib
import os
import subprocess
import sys
import tempfile


@contextlib.contextmanager
def silence():
    """Debian's packages onnx and onnxruntime quarrel on stderr when loaded
    together."""
    sys.stderr.flush()
    kept, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(null)


try:
    with silence():
        import numpy
        import onnx
        import onnxruntime
        from onnx import helper, numpy_helper
except ImportError as error:
    print(f"1..0 # SKIP {error}")
    sys.exit(0)

RANDOM = numpy.random.default_rng(5)
MAP = (2, 6, 5, 4)
LEAST = 1000  # cases that onnxruntime must be able to run
OPSETS = (6, 7, 9, 11, 13, 18, 21, 22)
FLOAT, INT32, INT64 = numpy.float32, numpy.int32, numpy.int64
REDUCTIONS = ("Sum", "Mean", "Max", "Min", "Prod", "L1", "L2", "SumSquare",
              "LogSum", "LogSumExp")


def floats(*shape, low=-2, high=2):
    return (RANDOM.random(shape) * (high - low) + low).astype(FLOAT)


def ints(*shape, low=-5, high=6, dtype=INT64):
    return RANDOM.integers(low, high, shape).astype(dtype)


def flags(*shape):
    return RANDOM.integers(0, 2, shape).astype(bool)


def list_of(*numbers):
    return numpy.array(numbers, INT64)


class Constant:
    """An input that stands in the model."""

    def __init__(self, array):
        self.array = array


def cases(opset):
    """Tuples of operator, inputs, attributes and number of outputs."""
    yield from pairs(opset)
    yield from activations(opset)
    yield from reductions(opset)
    yield from norms(opset)
    if opset >= 8:
        yield from many(opset)
    if opset >= 12:
        yield from mixed(opset)
    for x in (floats(*MAP, low=-9, high=9), ints(*MAP), flags(*MAP)):
        for to in (1, 6, 7, 9):
            yield "Cast", [x], {"to": to}, 1


def pairs(opset):
    for op in ("Add", "Sub", "Mul", "Div", "Pow"):
        yield op, [floats(*MAP, low=0.1), floats(4, low=0.1)], {}, 1
        yield op, [floats(6, 1, 1, low=0.1), floats(*MAP, low=0.1)], {}, 1
    for number in (2, 3, 0.5, -1):
        yield "Pow", [floats(*MAP, low=0.1), FLOAT(number)], {}, 1
    for op in ("Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual"):
        yield op, [floats(*MAP), floats(6, 1, 1)], {}, 1
        yield op, [ints(*MAP), ints(4)], {}, 1
    for op in ("And", "Or", "Xor"):
        yield op, [flags(*MAP), flags(4)], {}, 1
    yield "PRelu", [floats(*MAP), floats(6, 1, 1)], {}, 1
    yield "Where", [flags(*MAP), floats(6, 1, 1), floats(1)], {}, 1
    yield "Where", [flags(4), ints(*MAP), ints(1)], {}, 1


def activations(opset):
    x = floats(*MAP, low=-8, high=8)
    for op in ("Relu", "Sigmoid", "Tanh", "Softplus", "Exp", "Abs", "Neg",
               "Floor", "Ceil", "Round", "Sign", "Erf", "Elu", "Selu", "Celu",
               "Softsign", "HardSigmoid", "HardSwish", "Mish",
               "ThresholdedRelu", "Gelu", "LeakyRelu"):
        yield op, [x], {}, 1
    for op in ("Elu", "Celu", "ThresholdedRelu", "LeakyRelu", "HardSigmoid"):
        yield op, [x], {"alpha": 0.3}, 1
    yield "Selu", [x], {"alpha": 1.2, "gamma": 0.8}, 1
    yield "HardSigmoid", [x], {"alpha": 0.3, "beta": 0.4}, 1
    halves = numpy.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5], FLOAT)
    yield "Round", [halves], {}, 1
    yield "Gelu", [floats(*MAP)], {"approximate": "tanh"}, 1
    for op in ("Abs", "Neg", "Sign"):
        yield op, [ints(*MAP)], {}, 1
        yield op, [ints(*MAP, dtype=INT32)], {}, 1
    if opset < 11:
        yield "Clip", [x], {"min": -0.5, "max": 0.7}, 1
        yield "Clip", [x], {"max": 0.7}, 1
    for dtype in (FLOAT, INT32, INT64) if opset >= 12 else ():
        whole = (x * 3).astype(dtype)
        yield "Clip", [whole, dtype(-2), dtype(3)], {}, 1
        yield "Clip", [whole, None, dtype(3)], {}, 1
        yield "Clip", [whole, dtype(3), dtype(-2)], {}, 1
        yield "Clip", [whole], {}, 1
    for axis in (0, 1, 2, 3):
        yield "Softmax", [x], {"axis": axis}, 1
        yield "LogSoftmax", [x], {"axis": axis}, 1
    yield "Softmax", [x], {}, 1
    yield "LogSoftmax", [x], {}, 1


def reductions(opset):
    few = ints(*MAP, high=-2).astype(FLOAT)  # with equal ones
    for name in REDUCTIONS:
        op = "Reduce" + name
        arrays = [floats(*MAP, low=0.2)]
        if "Log" not in name:
            arrays += [ints(*MAP, dtype=INT32), ints(2, 3, 2)]
        as_input = opset >= (13 if name == "Sum" else 18)
        for x in arrays:
            whole = x.dtype != FLOAT
            for axes in ((1, 2),) if whole else ((1, 2), (2,), (0,)):
                for keep in (1,) if whole else (0, 1):
                    given = {"keepdims": keep}
                    if as_input:
                        yield op, [x, Constant(list_of(*axes))], given, 1
                    else:
                        yield op, [x], {"axes": axes, **given}, 1
            yield op, [x], {}, 1
            if as_input:
                yield op, [x, Constant(list_of())], {}, 1
        if as_input:
            yield (op, [arrays[0], Constant(list_of())],
                   {"noop_with_empty_axes": 1}, 1)
    for op in ("ArgMax", "ArgMin"):
        for axis in (0, 1, 2, 3) + ((-1, -3) if opset >= 11 else ()):
            yield op, [few], {"axis": axis}, 1
            yield op, [few], {"axis": axis, "keepdims": 0}, 1
            if opset >= 12:
                yield op, [few], {"axis": axis, "select_last_index": 1}, 1


def norms(opset):
    x = floats(*MAP)
    for size in (1, 3, 5, 9):
        yield "LRN", [x], {"size": size, "alpha": 0.8, "beta": 0.6,
                           "bias": 1.5}, 1
    yield "LRN", [x], {"size": 3}, 1
    for axis in (0, 1, 2, 3, -1):
        for p in (1, 2):
            yield "LpNormalization", [x], {"axis": axis, "p": p}, 1
    for axis in (-1, 1, 2, 0, -2) if opset >= 17 else ():
        s = MAP[axis:]
        yield ("LayerNormalization", [x, floats(*s), floats(*s)],
               {"axis": axis}, 1)
    if opset >= 17:
        yield "LayerNormalization", [floats(2, 5, 8), floats(8)], {}, 1
        yield ("LayerNormalization", [floats(2, 5, 8), floats(8), floats(8)],
               {}, 3)
    if opset >= 18:
        n = 3 if opset < 21 else 6
        yield ("GroupNormalization", [x, floats(n), floats(n)],
               {"num_groups": 3}, 1)
        yield ("GroupNormalization", [floats(2, 6, 7), floats(n), floats(n)],
               {"num_groups": 3}, 1)


def many(opset):
    for op in ("Max", "Min", "Sum", "Mean"):
        yield op, [floats(*MAP)], {}, 1
        yield op, [floats(*MAP), floats(4)], {}, 1
        yield op, [floats(*MAP), floats(4), floats(5, 1)], {}, 1
        yield op, [floats(1), floats(4), floats(5, 1), floats(*MAP)], {}, 1


def mixed(opset):
    for dtype in (INT32, INT64):
        power = ints(4, low=0, high=5, dtype=dtype)
        yield "Pow", [floats(*MAP, low=0.1), power], {}, 1
        yield "Pow", [ints(*MAP, low=0, dtype=dtype), floats(4, low=0)], {}, 1
        for base in (INT32, INT64):
            yield "Pow", [ints(*MAP, dtype=base), power], {}, 1
        for op in ("Max", "Min"):
            yield op, [ints(*MAP, dtype=dtype), ints(4, dtype=dtype),
                       ints(5, 1, dtype=dtype)], {}, 1


def model_new(op, inputs, attributes, n_out, opset):
    """The model, and its inputs by name."""
    names, infos, initializers, feeds = [], [], [], {}
    for i, value in enumerate(inputs):
        name = "" if value is None else f"x{i}"
        names.append(name)
        if value is None:
            continue
        if isinstance(value, Constant):
            initializers.append(numpy_helper.from_array(value.array, name))
            continue
        array = numpy.asarray(value)
        feeds[name] = array
        kind = helper.np_dtype_to_tensor_dtype(array.dtype)
        infos.append(helper.make_tensor_value_info(name, kind, array.shape))
    outputs = [onnx.ValueInfoProto(name=f"y{i}") for i in range(n_out)]
    node = helper.make_node(op, names, [o.name for o in outputs], **attributes)
    graph = helper.make_graph([node], op, infos, outputs, initializers)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return model, feeds


def expected(model, feeds):
    """What onnxruntime gives; None where it cannot."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), options,
            providers=["CPUExecutionProvider"])
        return session.run(None, feeds)
    except Exception:  # its errors have no common class
        return None


def save(folder, model, feeds, results):
    data = os.path.join(folder, "test_data_set_0")
    os.makedirs(data)
    for info, array in zip(model.graph.output, results):
        kind = helper.np_dtype_to_tensor_dtype(array.dtype)
        info.CopyFrom(helper.make_tensor_value_info(info.name, kind,
                                                    array.shape))
    onnx.save(model, os.path.join(folder, "model.onnx"))
    for kind, arrays in (("input", feeds.values()), ("output", results)):
        for i, array in enumerate(arrays):
            onnx.save_tensor(numpy_helper.from_array(array),
                             os.path.join(data, f"{kind}_{i}.pb"))


def write_cases(folder):
    n = 0
    for opset in OPSETS:
        for op, inputs, attributes, n_out in cases(opset):
            model, feeds = model_new(op, inputs, attributes, n_out, opset)
            results = expected(model, feeds)
            if results is None:
                continue
            n += 1
            save(os.path.join(folder, "onnxruntime",
                              f"{op}-{opset}-{n}"), model, feeds, results)
    return n


def main():
    with tempfile.TemporaryDirectory() as folder:
        with silence():
            n = write_cases(folder)
        if n < LEAST:
            print(f"1..1\nnot ok 1 onnxruntime runs only {n} cases")
            return 1
        return subprocess.run([sys.argv[1], "--data", folder, "onnxruntime/"],
                              check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
