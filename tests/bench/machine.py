# SPDX-License-Identifier: GPL-3.0-or-later
"""What the figures were measured on; no names of hosts or people."""

import os
import platform
import re
import subprocess


def _line(path, key):
    try:
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line.startswith(key):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return ""


def _run(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""


def _instructions():
    flags = _line("/proc/cpuinfo", "flags").split()
    known = ("avx2", "fma", "avx512f", "avx512_bf16", "avx512_fp16", "amx_tile")
    return [name for name in known if name in flags]


def describe():
    memory = int((_line("/proc/meminfo", "MemTotal") or "0").split()[0]) * 1024
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        text = file.read()
    numbers = [re.search(rf"^{key}\s*:\s*(.*)$", text, re.MULTILINE)
               for key in ("cpu family", "model", "stepping")]
    return {
        "processor": _line("/proc/cpuinfo", "model name") or platform.machine(),
        "model": [m and int(m.group(1)) for m in numbers],
        "instructions": _instructions(),
        "cores": len(os.sched_getaffinity(0)),
        "memory": memory,
        "system": f"Linux {platform.release()}, {_pretty()}",
    }


def _pretty():
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return "unknown"


def _package(name):
    return _run("dpkg-query", "-W", "-f", "${Version}", name)


def versions(commit):
    return {
        "pastiche": commit,
        "onnxruntime": _package("python3-onnxruntime"),
        "torch": _package("python3-torch"),
        "opencv": _package("python3-opencv"),
        "OpenBLAS": _package("libopenblas0-pthread"),
        "gcc": _run("gcc", "-dumpfullversion").strip(),
    }
