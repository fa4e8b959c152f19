# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares whole networks with onnxruntime: compare.py SOURCE-ROOT

PST_RUN_ONNX and PST_WRITE_NETWORKS name the two programs beside this file.
Every network runs as read, as written by our writer, and without fusions;
the largest difference may be 1e-4 of the range of onnxruntime's output, and
1e-3 where the plan saves memory by keeping maps in sixteen bits.
Models of others that declare one size run at another one, too: onnxruntime
gets a file in which the declared size is changed, we get the file as it is.
Prints TAP."""

import contextlib
import glob
import os
import subprocess
import sys
import tempfile

TOLERANCE = 1e-4
PACKED = 1e-3  # where maps are kept in sixteen bits


@contextlib.contextmanager
def silence():
    """Debian's onnxruntime writes thousands of lines to stderr."""
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
        import onnxruntime
except ImportError:
    print("1..0 # SKIP python3-onnxruntime is not installed")
    sys.exit(0)

try:
    import onnx
    import onnx.numpy_helper
except ImportError:
    onnx = None

import tensorfile

SOURCE = sys.argv[1]
SHARED = os.environ.get("PASTICHE_SHARED") or os.path.join(SOURCE, "..", "shared")
RUN = os.environ["PST_RUN_ONNX"]
WRITE = os.environ["PST_WRITE_NETWORKS"]


def session_new(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    options.log_severity_level = 4
    with silence():
        return onnxruntime.InferenceSession(
            path, options, providers=["CPUExecutionProvider"]
        )


def picture(shape, top, rng):
    """Waves and edges with some noise: like a photo, not white noise."""
    n, c, h, w = shape
    y, x = numpy.mgrid[0:h, 0:w] / max(h, w)
    out = numpy.empty(shape)
    for i in range(n):
        for j in range(c):
            a = rng.uniform(2, 20, 4)
            out[i, j] = (
                numpy.sin(a[0] * x + a[1] * y)
                + numpy.cos(a[2] * x * y)
                + (numpy.sin(a[3] * (x - y)) > 0)
            )
    out += rng.normal(0, 0.1, shape)
    out -= out.min()
    return (out * (top / out.max())).astype("float32")


def inputs_for(session, size):
    """One array for each input; size (N, H, W) where the model leaves it."""
    rng = numpy.random.default_rng(5)
    arrays = {}
    for info in session.get_inputs():
        free = [size[0], 3, size[1], size[2]]
        dims = [
            n if isinstance(n, int) and n > 0 else free[i]
            for i, n in enumerate(info.shape)
        ]
        if len(dims) == 4:
            top = 1.0 if info.name == "image" else 255.0
            arrays[info.name] = picture(dims, top, rng)
        else:  # weights of styles
            weights = rng.uniform(0, 1, dims)
            weights /= weights.sum(axis=-1, keepdims=True)
            arrays[info.name] = weights.astype("float32")
    return arrays


def difference(reference, ours):
    """Largest difference, as a part of the range."""
    if reference.shape != ours.shape:
        raise ValueError(f"{ours.shape} instead of {reference.shape}")
    reference, ours = reference.astype("float64"), ours.astype("float64")
    spread = reference.max() - reference.min()
    if not spread > 0:
        raise ValueError("the reference is the same everywhere: nothing to compare")
    worst = abs(reference - ours).max()
    if not worst == worst:
        raise ValueError("it holds NaN")
    return worst / spread


def run_ours(folder, model, names, arrays, options):
    files = []
    for i, name in enumerate(names):
        files.append(os.path.join(folder, f"in-{i}.pb"))
        tensorfile.save(files[-1], arrays[name])
    out = os.path.join(folder, "out")
    done = subprocess.run(
        [RUN, *options, model, out, *files], capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip() or f"status {done.returncode}")
    paths = sorted(
        glob.glob(glob.escape(out) + "-*.pb"),
        key=lambda path: int(path.rsplit("-", 1)[1][:-3]),
    )
    results = [tensorfile.load(path) for path in paths]
    for path in paths:
        os.unlink(path)
    return results


def compare(reference, results):
    if len(reference) != len(results):
        raise ValueError(f"{len(results)} outputs instead of {len(reference)}")
    return max(difference(a, b) for a, b in zip(reference, results))


class Tap:
    def __init__(self):
        self.count = 0
        self.failed = 0

    def line(self, good, text, note=""):
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {text}{note}", flush=True)

    def check(self, text, work, tolerance=TOLERANCE):
        try:
            figure = work()
        except Exception as error:  # each case speaks for itself
            self.line(False, text)
            print(f"# {type(error).__name__}: {error}", flush=True)
            return
        self.line(figure <= tolerance, f"{text}: {figure:.1e} of the range")


def scale_shape(numbers, old, new):
    """The target of a Reshape of a spelt-out enlargement: the last number
    is a width, of four the third a height, where they are more than 1."""
    numbers = list(numbers)
    if len(numbers) == 4 and numbers[2] > 1:
        numbers[2] = numbers[2] * new[0] // old[0]
    if numbers[-1] > 1:
        numbers[-1] = numbers[-1] * new[1] // old[1]
    return numbers


def resize_file(path, target, new):
    """Writes the model of a file as if exported at another height and
    width."""
    model = onnx.load(path)
    known = {item.name for item in model.graph.initializer}
    inputs = [info for info in model.graph.input if info.name not in known]
    old = [dim.dim_value for dim in inputs[0].type.tensor_type.shape.dim[2:]]
    for info in [*inputs, *model.graph.output]:
        for dim, size in zip(info.type.tensor_type.shape.dim[2:], new):
            dim.dim_value = size
    targets = {node.input[1] for node in model.graph.node if node.op_type == "Reshape"}
    for node in model.graph.node:
        for attribute in node.attribute:
            if node.op_type == "Constant" and node.output[0] in targets:
                numbers = onnx.numpy_helper.to_array(attribute.t)
                scaled = numpy.array(scale_shape(numbers, old, new), "int64")
                attribute.t.CopyFrom(onnx.numpy_helper.from_array(scaled))
            if attribute.name == "output_shape":  # a frame of one pixel around it
                attribute.ints[:] = [
                    (n - 2) * size // was + 2
                    for n, size, was in zip(attribute.ints, new, old)
                ]
    del model.graph.value_info[:]
    onnx.save(model, target)


def check_resized(tap, folder, path, label, size):
    changed = os.path.join(folder, "resized.onnx")
    resize_file(path, changed, size)
    try:
        session = session_new(changed)
        arrays = inputs_for(session, (1, *size))
        reference = session.run(None, arrays)
    except Exception as error:
        tap.line(False, f"{label} with another size runs in onnxruntime")
        print(f"# {error}".replace("\n", "\n# "))
        return
    for way, options, tolerance in (
        ("", [], TOLERANCE),
        (", the leanest way", ["--leanest"], PACKED),
    ):
        tap.check(
            f"{label} at {size[1]}x{size[0]} instead of its own size{way}",
            lambda: compare(
                reference,
                run_ours(folder, path, list(arrays), arrays, ["--any-size", *options]),
            ),
            tolerance,
        )


def check_model(tap, folder, path, label, sizes):
    for size in sizes:
        try:
            session = session_new(path)
            names = [info.name for info in session.get_inputs()]
            arrays = inputs_for(session, size)
            reference = session.run(None, arrays)
        except Exception as error:
            tap.line(False, f"{label} runs in onnxruntime")
            print(f"# {error}".replace("\n", "\n# "))
            return
        shown = "x".join(str(n) for n in arrays[names[0]].shape)
        ways = {"": []}
        if size is sizes[0]:
            copy = os.path.join(folder, "copy.onnx")
            ways = {
                "": ["--save", copy],
                ", unfused, one thread": ["--as-written", "--threads", "1"],
            }
        for way, options in ways.items():
            tap.check(
                f"{label} at {shown}{way}",
                lambda: compare(
                    reference, run_ours(folder, path, names, arrays, options)
                ),
            )
        if size is sizes[0]:
            tap.check(
                f"{label} at {shown}, our copy of the file in onnxruntime",
                lambda: compare(reference, session_new(copy).run(None, arrays)),
            )
            with contextlib.suppress(FileNotFoundError):
                os.unlink(copy)


def main():
    tap = Tap()
    print("TAP version 13")
    with tempfile.TemporaryDirectory(prefix="pastiche-golden-") as folder:
        written = os.path.join(folder, "written")
        os.mkdir(written)
        subprocess.run([WRITE, written], check=True)
        for path in sorted(glob.glob(os.path.join(written, "*.onnx"))):
            label = "our " + os.path.basename(path)[:-5]
            check_model(tap, folder, path, label, [(1, 48, 64), (2, 53, 37)])
        for path in sorted(glob.glob(os.path.join(SOURCE, "models", "*.onnx"))):
            label = os.path.basename(path)[:-5]
            check_model(tap, folder, path, label, [(1, 128, 160), (2, 93, 117)])
        data = os.path.join(SHARED, "data")
        if not os.path.isdir(data):
            tap.line(True, "models of others", " # SKIP there is no shared folder")
        for path in sorted(glob.glob(os.path.join(data, "style-models", "*", "*.onnx"))):
            label = os.path.basename(path)[:-5]
            check_model(tap, folder, path, label, [(1, 256, 256)])
            if onnx:
                check_resized(tap, folder, path, label, (400, 512))
            else:
                tap.line(True, f"{label} at 512x400", " # SKIP python3-onnx is not installed")
        for path in sorted(glob.glob(os.path.join(data, "feature-nets", "*.onnx"))):
            label = os.path.basename(path)[:-5]
            check_model(tap, folder, path, label, [(1, 96, 128), (2, 67, 51)])
    print(f"1..{tap.count}")
    return 1 if tap.failed else 0


sys.exit(main())
