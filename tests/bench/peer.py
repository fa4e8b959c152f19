#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another engine on a network, served as run-network --serve is:

    peer.py onnxruntime|torch|opencv|float64 MODEL WIDTHxHEIGHT INPUT

With --try, torch is timed in each of its ways instead, and they are printed
with seconds. float64 is torch in double precision; it saves float64 numbers.
"""

import argparse
import json

import numpy

from service import forget_peak, serve, status, timed

WAYS = ("as it comes", "channels-last", "traced", "traced, channels-last")


class OnnxRuntime:
    def __init__(self, threads):
        import onnxruntime
        self.module = onnxruntime
        self.options = onnxruntime.SessionOptions()
        self.options.intra_op_num_threads = threads
        self.options.inter_op_num_threads = 1
        self.options.graph_optimization_level = \
            onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        self.options.log_severity_level = 3

    def load(self, model, picture):
        self.session = self.module.InferenceSession(
            model, self.options, providers=["CPUExecutionProvider"])
        self.inputs = {}
        for value in self.session.get_inputs():
            self.inputs[value.name] = (
                picture if len(value.shape) == 4 else style(value.shape[-1]))

    def run(self):
        return self.session.run(None, self.inputs)[0]


class OpenCv:
    def __init__(self, threads):
        import cv2
        cv2.setNumThreads(threads)
        self.module = cv2

    def load(self, model, picture):
        dnn = self.module.dnn
        self.network = dnn.readNetFromONNX(model)
        self.network.setPreferableBackend(dnn.DNN_BACKEND_OPENCV)
        self.network.setPreferableTarget(dnn.DNN_TARGET_CPU)
        self.picture = picture

    def run(self):
        self.network.setInput(self.picture, "image")
        return self.network.forward()


class Torch:
    def __init__(self, threads, way, double=False):
        import torch
        torch.set_num_threads(threads)
        self.torch = torch
        self.double = double
        self.set_way(way)

    def set_way(self, way):
        self.traced = way.startswith("traced")
        self.last = way.endswith("channels-last")

    def load(self, model, picture):
        from torchnet import Network
        torch = self.torch
        network = Network(model).eval()
        self.inputs = [torch.from_numpy(picture)]
        if len(network.inputs) > 1:
            columns = network.numbers["gate"].shape[0]
            self.inputs.append(torch.from_numpy(style(columns)))
        if self.double:
            network = network.double()
            self.inputs = [x.double() for x in self.inputs]
        if self.last:
            for buffer in network.buffers():
                if buffer.dim() == 4:
                    buffer.data = buffer.data.contiguous(
                        memory_format=torch.channels_last)
            self.inputs[0] = self.inputs[0].contiguous(
                memory_format=torch.channels_last)
        self.network = network
        if self.traced:
            with torch.inference_mode():
                traced = torch.jit.trace(network, self.inputs, check_trace=False)
                traced = torch.jit.freeze(traced.eval())
                self.network = torch.jit.optimize_for_inference(traced)

    def run(self):
        with self.torch.inference_mode():
            return self.network(*self.inputs).numpy()


def style(columns):
    one = numpy.zeros((1, columns), numpy.float32)
    one[0, 1] = 1
    return one


def try_ways(engine, model, picture):
    seconds = {}
    for way in WAYS:
        engine.set_way(way)
        engine.load(model, picture)
        times = [timed(engine.run)[0] for _ in range(4)]
        seconds[way] = min(times[2:])
    print(json.dumps(seconds))


def save(out, path):
    numpy.ascontiguousarray(out[0].transpose(1, 2, 0)).tofile(path)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("engine", choices=("onnxruntime", "torch", "opencv", "float64"))
    parser.add_argument("model")
    parser.add_argument("size")
    parser.add_argument("input")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--way", default=WAYS[0])
    parser.add_argument("--try", action="store_true", dest="tries")
    a = parser.parse_args()
    width, height = map(int, a.size.split("x"))
    picture = numpy.fromfile(a.input, numpy.float32).reshape(1, height, width, 3)
    picture = numpy.ascontiguousarray(picture.transpose(0, 3, 1, 2))
    if a.engine == "onnxruntime":
        engine = OnnxRuntime(a.threads)
    elif a.engine == "opencv":
        engine = OpenCv(a.threads)
    else:
        engine = Torch(a.threads, a.way, a.engine == "float64")
    before = forget_peak()
    if a.tries:
        try_ways(engine, a.model, picture)
        return
    seconds, _ = timed(lambda: engine.load(a.model, picture))
    serve(engine.run, lambda: {"before": before, "peak": status("VmHWM")},
          {"load": seconds}, save)


if __name__ == "__main__":
    main()
