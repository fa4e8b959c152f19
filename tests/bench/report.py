#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""README.md and plot.svg from results.json: report.py FOLDER"""

import json
import os
import sys
import textwrap

BATCH = 4
NAMES = {"onnxruntime": "onnxruntime", "torch": "PyTorch", "opencv": "OpenCV"}
NETWORKS = {"classical": "classical", "half-width": "half width", "bundled": "bundled"}
COLUMNS = ("pastiche", "pastiche-openblas", *NAMES)

HEADING = """# Pastiche against other engines

Made by `./dev bench`; the numbers are in [results.json](results.json).
"""

INTRODUCTION = """Every engine got two threads where nothing else is said, the same network and
the same picture. The engines wait in processes of their own and take turns,
round after round, so that all see the same noise. A cell holds the median of
the rounds; the most memory that the process took beyond what it held before
(its libraries and the picture); and, after ×, how many times Pastiche's that
is, for the time with the quartiles of that ratio over the rounds. The brackets
after Pastiche's own time are its quartiles; *plan* is what the engine said
before the start that it would take.

The networks are the one of Johnson et al. as in pytorch/examples with random
weights: *classical* with 32, 64 and 128 channels, *half width* with 16, 32 and
64; *bundled* is `models/brush.onnx`. *Through OpenBLAS* is Pastiche with
`PASTICHE_GEMM=openblas`. In the rows that say AVX2 all engines are held to
that. The error is Pastiche's largest difference from double precision,
relative to the range of the result.
"""

PICTURE = "![Time and memory of other engines relative to Pastiche's](plot.svg)\n"


def filled(text):
    return textwrap.fill(text, 79, break_long_words=False, break_on_hyphens=False) + "\n"


def mega(count):
    return f"{count / 1e6:,.0f} MB"


def seconds(value):
    return f"{value:.3f} s" if value < 1 else f"{value:.2f} s"


def span(three):
    """A median and its quartiles."""
    digits = 1 if three[0] >= 10 else 2
    return f"×{three[0]:.{digits}f} ({three[1]:.{digits}f}–{three[2]:.{digits}f})"


def amount(case, entry):
    """How fast, in the words of the case."""
    if case["kind"] == "training":
        return f"{BATCH * 3600 / entry['seconds'][0]:,.0f} pictures an hour"
    return seconds(entry["seconds"][0])


def spread(entry):
    middle, low, high = entry["seconds"]
    return f" ({(low - middle) / middle:+.0%} {(high - middle) / middle:+.0%})"


def better(case, name):
    """The entry of an engine in the best of its ways."""
    engines = case["engines"]
    entries = [e for n, e in engines.items()
               if n == name or (name == "torch" and n.startswith("torch-"))]
    done = [e for e in entries if "seconds" in e]
    if done:
        return min(done, key=lambda e: e["seconds"][0])
    return entries[0] if entries else None


def cell(case, name):
    entry = better(case, name)
    if entry is None:
        return "–"
    if "seconds" not in entry:
        return entry.get("failed", "–").replace("|", "/")
    text = amount(case, entry)
    if name == "pastiche":
        plan = f" (plan {mega(entry['engine'])})" if case["size"] == [4000, 3000] and \
            "engine" in entry else ""
        return f"{text}{spread(entry)}, {mega(entry['memory'])}{plan}"
    if "times" in entry:
        text += " " + span(entry["times"])
    text += ", " + mega(entry["memory"])
    ours = case["engines"]["pastiche"]
    if name != "pastiche-openblas" and ours.get("memory"):
        text += f" ×{entry['memory'] / ours['memory']:.1f}"
    return text


def label(name, case):
    if case["kind"] == "training":
        n = case["threads"]
        return "training, " + ("one thread" if n == 1 else f"{n} threads")
    what = NETWORKS[case["network"]]
    if case["kind"] == "stylize":
        what += ", `pst_stylize()`"
    elif case["kind"] == "apply":
        what += ", `pastiche apply`, files read and written"
    text = f"{what}, {case['size'][0]}x{case['size'][1]}"
    if case["budget"]:
        text += f" in {case['budget'] / 1e6:,.0f} MB"
    if name.startswith("avx2"):
        text += ", AVX2"
    return text


def table(results):
    versions = results["versions"]
    head = ["", "Pastiche", "through OpenBLAS"]
    head += [f"{title} {versions[name].partition('+')[0]}" for name, title in NAMES.items()]
    head += ["error"]
    lines = [head, ["---"] * len(head)]
    for name, case in results["cases"].items():
        row = [label(name, case)] + [cell(case, column) for column in COLUMNS]
        error = case["engines"]["pastiche"].get("error")
        lines.append(row + [f"{error:.1e}" if error else ""])
    return "\n".join("| " + " | ".join(row) + " |" for row in lines) + "\n"


def commits(results):
    """The commit that most cases were measured at, and those of the others."""
    of = {}
    for name, case in results["cases"].items():
        of.setdefault(case.get("commit", results["versions"]["pastiche"]), []).append(name)
    most = max(of, key=lambda commit: len(of[commit]))
    return most + "".join(f" ({commit} for {', '.join(names)})"
                          for commit, names in of.items() if commit != most)


def machine(results):
    m, v = results["machine"], results["versions"]
    known = [title for flag, title in
             (("avx2", "AVX2"), ("avx512f", "AVX-512"), ("amx_tile", "AMX"))
             if flag in m["instructions"]]
    return (f"Machine: {m['processor']} ({', '.join(known) or m['system'].split()[0]}), "
            f"{m['cores']} cores, {m['memory'] / 1e9:.0f} GB of memory, {m['system']}. "
            f"Pastiche {commits(results)}, built with gcc {v['gcc']}, "
            f"OpenBLAS {v['OpenBLAS'].partition('+')[0]}.")


def notes(results):
    """What the table leaves out."""
    said = []
    start = results["cases"].get("bundled/512", {}).get("start")
    if start:
        middle, low, high = (1e3 * seconds for seconds in start)
        said.append("Reading the bundled style's file, planning for 512x512 and taking the "
                    f"memory took {middle:.0f} ms ({low:.0f}–{high:.0f}) in a fresh process.")
    ways = sorted({e["way"] for c in results["cases"].values()
                   for e in c["engines"].values() if "way" in e})
    if results["quick"]:
        said.append("This was a quick run: few rounds, PyTorch traced and frozen.")
    elif ways:
        said.append("PyTorch ran in the fastest of four ways for each network and size "
                    "(as it comes, channels-last, traced and frozen, both); these were: "
                    + "; ".join(ways) + ".")
    if any("opencv" in case["engines"] for case in results["cases"].values()):
        said.append("OpenCV got the network with size and style written into the file, "
                    "since it cannot work them out.")
    busy = {n: c["others"] for n, c in results["cases"].items() if c["others"] > 0.05}
    if busy:
        said.append("Other programs took a share of the processors during " +
                    ", ".join(f"{n} ({s:.0%})" for n, s in busy.items()) + ".")
    said.append(f"All of it took {results['minutes']:.0f} minutes.")
    return " ".join(said)


def plotted(results):
    """Cases with peers, and those peers' ratios of time and memory."""
    rows = []
    for name, case in results["cases"].items():
        ours = case["engines"].get("pastiche", {})
        ratios = {}
        for peer in NAMES:
            entry = better(case, peer)
            if entry and "times" in entry and ours.get("memory"):
                ratios[peer] = (entry["times"], entry["memory"] / ours["memory"])
        if ratios:
            rows.append((label(name, case).replace("`", ""), ratios))
    return rows


def plot(results, path):
    import matplotlib
    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "pastiche",
                                "font.size": 9, "font.family": "sans-serif"})
    from matplotlib import pyplot
    rows = plotted(results)
    colours = dict(zip(NAMES, ("#3b6ea5", "#d9822b", "#6a9f58")))
    figure, panels = pyplot.subplots(1, 2, figsize=(9, 1.1 + 0.42 * len(rows)), sharey=True)
    height = 0.26
    for panel, title in zip(panels, ("time", "memory")):
        for k, peer in enumerate(NAMES):
            at = [i + (k - 1) * height for i, (_, r) in enumerate(rows) if peer in r]
            got = [r[peer] for _, r in rows if peer in r]
            if title == "time":
                values = [t[0] for t, _ in got]
                spreads = [[t[0] - t[1] for t, _ in got], [t[2] - t[0] for t, _ in got]]
                bars = {"xerr": spreads, "error_kw": {"lw": 0.8, "ecolor": "#444"}}
            else:
                values, bars = [m for _, m in got], {}
            panel.barh(at, values, height, color=colours[peer], label=NAMES[peer], **bars)
        panel.axvline(1, color="black", lw=1)
        panel.set_title(f"{title}, Pastiche = 1", fontsize=10)
        panel.grid(axis="x", color="#ddd", lw=0.6)
        panel.set_axisbelow(True)
        panel.spines[["top", "right", "left"]].set_visible(False)
        panel.tick_params(axis="y", length=0)
        panel.set_xlim(left=0)
    panels[0].set_yticks(range(len(rows)), [name for name, _ in rows])
    panels[0].invert_yaxis()
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="lower center", ncols=3, frameon=False)
    figure.tight_layout(rect=(0, 0.3 / figure.get_figheight(), 1, 1))
    figure.savefig(path, metadata={"Date": None} if path.endswith(".svg") else None)
    pyplot.close(figure)


def write(results, folder):
    parts = [HEADING, filled(machine(results)), INTRODUCTION, table(results),
             filled(notes(results))]
    if plotted(results):
        try:
            plot(results, os.path.join(folder, "plot.svg"))
            parts.insert(3, PICTURE)
        except ImportError:
            print("There is no plot, since matplotlib is not installed.", file=sys.stderr)
    with open(os.path.join(folder, "README.md"), "w", encoding="utf-8") as file:
        file.write("\n".join(parts))


def main():
    folder = sys.argv[1]
    with open(os.path.join(folder, "results.json"), encoding="utf-8") as file:
        results = json.load(file)
    write(results, folder)
    if sys.argv[2:]:  # for looking at it where there is no browser
        plot(results, sys.argv[2])


if __name__ == "__main__":
    main()
