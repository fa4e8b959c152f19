#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`pastiche train` from outside, on pictures and a network made up here.

usage: train.py PASTICHE MAKE-TRAINING SOURCE-ROOT
"""
import glob
import json
import os
import re
import resource
import shutil
import signal
import struct
import subprocess
import sys
import zlib

from training import ENVIRONMENT, LIMIT, PASTICHE, check, events, kinds, main, run

ROOT = sys.argv[3]


def test_finishes(world):
    done = world.train(sample=2)
    check(done.returncode == 0, done.stderr)
    check("Finished" in done.stdout, done.stdout)
    width, height = struct.unpack(">II", world.read("small.step-000002.png")[16:24])
    check((width, height % 262) == (3 * 262 + 6, 27), width, height)  # titles above
    check(not done.stderr, done.stderr)
    world.usable()


def test_plain(world):
    """Without pretrained networks; the model has the recipe that was used."""
    os.remove(world.path("net.onnx"))
    done = world.train("--no-pretrained")
    check(done.returncode == 0, done.stderr)
    world.usable()
    with open(world.path("small.onnx"), "rb") as file:
        check(b"network=none" in file.read())


def test_odd_photos(world):
    """Each is passed over with a word, once, and the others are used."""
    done = world.train("--events", photos=".", steps=40)
    check(done.returncode == 0, done.stderr)
    notes = [event["text"] for event in events(done.stdout) if event["event"] == "note"]
    wanted = {"small.png": "too small (40 × 12; the shorter side must have 16",
              "text.png": "not a picture", "empty.jpg": "not a picture", "cut.jpg": "",
              "cut.png": "", "twin.jpg": "the same picture as", "huge.ppm": "too large"}
    for name, word in wanted.items():
        mine = [note for note in notes if name in note]
        check(len(mine) == 1, name, notes)
        check("passed over: " in mine[0] and word in mine[0].split("passed over: ")[1], mine)
        check(mine[0].split("passed over: ")[1].strip(), "no reason for", name)
    check(notes[-1] == f"Photos passed over: {len(wanted)}, for the reasons above", notes)
    check(any(re.fullmatch(r"Photos take up to \d+ MB of memory, .* 1 MB\.", note) for note in notes), notes)
    check(len(notes) == len(wanted) + 2, notes)
    check(not done.stderr, done.stderr)


def test_only_odd_photos(world):
    done = world.train(photos="odd")
    check(done.returncode == 1, done.returncode)
    check("None of the 6 photos" in done.stderr and "synthetic" in done.stderr, done.stderr)


def user_folder(world, n):
    """An environment whose user has n pictures, at a place of her own."""
    home = world.path(f"home{n}")
    os.makedirs(os.path.join(home, "Bilder"))
    os.makedirs(os.path.join(home, ".config"))
    with open(os.path.join(home, ".config/user-dirs.dirs"), "w") as file:
        file.write('XDG_PICTURES_DIR="$HOME/Bilder"\n')
    for i in range(n):
        source = world.path("photos/" + ("a.jpg", "b.png", "c.webp")[i % 3])
        name = os.path.join(home, "Bilder", f"{i}{os.path.splitext(source)[1]}")
        shutil.copy(source, name)
        with open(name, "ab") as file:  # not the same file
            file.write(b"%d" % i)
    return {**ENVIRONMENT, "HOME": home, "XDG_CONFIG_HOME": os.path.join(home, ".config")}


def test_no_photos(world):
    """Then the user's pictures, if there are enough, or pictures made up."""
    for n, word in ((60, "Bilder are taken"), (20, "Bilder has fewer than 50"), (0, "makes up")):
        done = world.train("--events", "--restart", photos=None, steps=2,
                           environment=user_folder(world, n))
        check(done.returncode == 0, done.stderr)
        found = events(done.stdout)
        notes = [event["text"] for event in found if event["event"] == "note"]
        check(any(word in note for note in notes), notes)
        check([event["photos"] for event in found if event["event"] == "start"]
              == [60 if n == 60 else 1000], found[:3])
    done = world.train("--restart", photos="synthetic", sample=2)
    check(done.returncode == 0 and "Samples: " in done.stdout, done)


def test_style_folder(world):
    """A style of a whole folder; what cannot be used in it is passed over."""
    done = world.train("--events", style="odd;photos;one.png")
    check(done.returncode == 0, done.stderr)
    notes = [event["text"] for event in events(done.stdout) if event["event"] == "note"]
    for name in ("small.png", "text.png", "empty.jpg", "cut.jpg", "cut.png", "huge.ppm"):
        check(len([note for note in notes if name in note and "passed over" in note]) == 1, notes)
    done = world.train("--restart", style="odd")
    check(done.returncode == 1 and "none of its 6 pictures" in done.stderr, done)


def test_mixed_resume(world):
    """Bit for bit as without a break, whatever the pictures come from."""
    mixture = "photos:0.5;synthetic:0.3;one.png:0.2"
    check(world.train(photos=mixture, steps=12).returncode == 0)
    whole = world.read("small.onnx")
    check(world.train("--restart", "--steps", "5", photos=mixture, steps=12).returncode == 0)
    check(world.read("small.onnx") != whole)
    check(world.train("--resume", photos=mixture, steps=12).returncode == 0)
    check(world.read("small.onnx") == whole, "the models differ")


def interrupt(world, number):
    """Ends a long training after some steps; the step it ended at."""
    process = subprocess.Popen(world.words("--events", steps=1000000), stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
    try:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if json.loads(line)["event"] == "step":
                break
        process.send_signal(number)
        out, err = process.communicate(timeout=LIMIT)
    finally:
        process.kill()
    found = events("".join(lines) + out)
    check(process.returncode == 0, process.returncode, err)
    check(kinds(found)[-3:] == ["checkpoint", "report", "end"], kinds(found))
    check(found[-1]["text"] == "cancelled", found[-1])
    return found[-1]["step"]


def test_signal(world, number):
    step = interrupt(world, number)
    world.usable()
    done = world.train("--events", "--resume", "--steps", str(step + 3), steps=1000000)
    check(done.returncode == 0, done.stderr)
    found = events(done.stdout)
    check(found[0]["event"] == "start" and found[0]["step"] == step, found[0], step)
    check(found[-1]["step"] == step + 3, found[-1])
    world.usable()


def no_room():
    """Files end at 8 KiB, as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))


def test_full_disk(world):
    check(world.train().returncode == 0)
    names = ("small.onnx", "small.checkpoint.onnx")
    old = [world.read(name) for name in names]
    check(min(len(bytes_) for bytes_ in old) > 8192, "the files are too small for this test")
    before = sorted(os.listdir(world.folder))
    done = world.train("--resume", steps=6, before=no_room)
    check(done.returncode == 1, done.returncode)
    check("“small.checkpoint.onnx” cannot be written: " in done.stderr, done.stderr)
    check(done.stderr.count("\n") == 1 and done.stderr.count("small.checkpoint") == 1, done.stderr)
    check([world.read(name) for name in names] == old, "the old files have changed")
    check(sorted(os.listdir(world.folder)) == before, os.listdir(world.folder))
    done = world.train("--resume", "--events", steps=6)
    check(done.returncode == 0 and events(done.stdout)[0]["step"] == 3, done)
    done = world.train("--resume", steps=12, sample=8, before=no_room)
    check(done.returncode == 1, done.returncode)
    check("small.step-000008.png" in done.stderr, done.stderr)
    check(not glob.glob(world.path("*.step-*")), os.listdir(world.folder))


def test_again(world):
    """A training is not begun anew over another without a word."""
    check(world.train().returncode == 0)
    before = world.read("small.checkpoint.onnx")
    done = world.train(steps=2)
    check(done.returncode == 1 and "--restart" in done.stderr, done)
    check(world.read("small.checkpoint.onnx") == before)
    done = world.train("--restart", steps=2)
    check(done.returncode == 0, done)
    check(world.read("small.checkpoint.onnx") != before)


def test_refusals(world):
    """Each is one line that names what is wrong, once."""
    cases = [
        (world.words("--resume"), 1, "small.checkpoint.onnx"),
        ([PASTICHE, "train"], 2, "pastiche train RECIPE"),
        (world.words("--title", "Sea"), 2, "for --style PICTURE"),
        ([PASTICHE, "train", world.path("none.recipe")], 1, "none.recipe"),
        (world.words("--data", "/nowhere"), 1, "/nowhere/one.png"),
        (world.words(name="lost", photos="lost"), 1, "/lost. Name others"),
        (world.words("--until", "3"), 2, "--until"),
        (world.words(name="sheet", keys="sheet=photos/a.jpg;gone.jpg"), 1, "gone.jpg"),
        (world.words(name="thumbnail", keys="[model]\nthumbnail=odd/cut.jpg"), 1, "cut.jpg"),
    ]
    for words, status, word in cases:
        done = run(*words)
        check(done.returncode == status, words, done)
        check(done.stderr.count("\n") == 1 and done.stderr.count(word) == 1, done.stderr)


def write_grey(path, side=64):
    """A PNG file without anything to see."""
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = (b"\0" + b"\x80" * side) * side
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head)
                   + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def test_flat(world):
    """Photos of nothing are painted flat: the training goes back twice, then gives up."""
    os.mkdir(world.path("grey"))
    write_grey(world.path("grey/a.png"))
    keys = {"photos": "grey", "steps": 500,
            "keys": "[model]\nepsilon=1\n[training]\nguard-tries=2\nflat-pictures=10\n"}
    done = world.train("--events", **keys)
    check(done.returncode == 1, done)
    back = [event for event in events(done.stdout) if event["event"] == "rollback"]
    check([event["step"] for event in back] == [0, 0], back)
    check(abs(back[0]["rate"] - 2 * back[1]["rate"]) < 1e-9, back)
    check("were flat. Back to step 0" in back[0]["text"], back)
    check(done.stderr.count("\n") == 1 and "went back 2 times" in done.stderr, done.stderr)
    check(not os.path.exists(world.path("small.onnx")), os.listdir(world.folder))
    done = world.train(**keys)
    check(done.stdout.count("Back to step 0") == 2, done.stdout)


def test_help(_):
    done = run(PASTICHE, "train", "--help")
    check(done.returncode == 0 and "pastiche train [OPTION" in done.stdout, done)
    check("--resume" in done.stdout, done.stdout)


def recipe_keys():
    """(key, type, low, high) as the files in core/train have them."""
    text = ""
    for name in ("recipe-read.c", "recipe-patches.c"):
        with open(os.path.join(ROOT, "core/train", name), encoding="utf-8") as file:
            text += file.read()
    number = r"([0-9.e+-]+)"
    found = re.findall(r'\{ "([a-z0-9-]+)", PST_KEY_(\w+),\s+[^{}]*?,\s+' + number + r",\s+"
                       + number + r",\s+\w+ \}", text)
    plain = re.findall(r'"(?:photos|features)", "([a-z-]+)"|read_layers \(reader, "([a-z-]+)"'
                       r'|ints \(reader, group, "([a-z]+)"|words \(reader, GROUP, "([a-z]+)"',
                       text)
    check(len(found) > 40 and len(plain) >= 6, found, plain)
    return found + [("".join(names), "PLAIN", "0", "0") for names in plain]


def test_events_reference(_):
    """models/README.md tells of every event and its members."""
    with open(os.path.join(ROOT, "core/train/events.c"), encoding="utf-8") as file:
        text = file.read()
    with open(os.path.join(ROOT, "models/README.md"), encoding="utf-8") as file:
        told = file.read().split("## Events")[1].split("\n## ")[0]
    names = re.findall(r'"([a-z]+)"', re.search(r"kinds\[\] = \{(.*?)\}", text, re.DOTALL).group(1))
    names += re.findall(r'\{ "([a-z]+)", offsetof', text)
    names += re.findall(r"^  LOSS \((\w+)\)", text, re.MULTILINE)
    check(len(names) > 25, names)
    for name in names:
        check(f"`{name}`" in told, f"“{name}” is not told of")


def test_reference(_):
    """models/README.md tells of every key, and the range of each number."""
    with open(os.path.join(ROOT, "models/README.md"), encoding="utf-8") as file:
        rows = [line for line in file if line.startswith("|")]
    for key, kind, low, high in recipe_keys():
        mine = [row for row in rows if f"`{key}`" in row.split("|")[1]]
        check(mine, f"“{key}” is not in models/README.md")
        if kind in ("INT", "INT64", "NUMBER", "RANGE"):
            span = f"{float(low):.10g}–{float(high):.10g}"
            check(any(span in row.replace(",", "") for row in mine), key, span, mine)


TESTS = {
    "a training finishes": test_finishes,
    "a training needs no network": test_plain,
    "odd photos are passed over with a word": test_odd_photos,
    "a training without good photos ends": test_only_odd_photos,
    "without photos there is something to paint": test_no_photos,
    "a style comes from a folder": test_style_folder,
    "a mixture goes on to the bit": test_mixed_resume,
    "SIGINT ends with a checkpoint": lambda world: test_signal(world, signal.SIGINT),
    "SIGTERM ends with a checkpoint": lambda world: test_signal(world, signal.SIGTERM),
    "a full disk leaves the old files": test_full_disk,
    "a training is not overwritten without a word": test_again,
    "refusals say why": test_refusals,
    "flat pictures are noticed": test_flat,
    "the help names the command": test_help,
    "the reference has every key": test_reference,
    "the reference has every event": test_events_reference,
}


if __name__ == "__main__":
    sys.exit(main(TESTS))
