#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`pastiche train` from outside, on pictures and a network made up here.

usage: train.py PASTICHE MAKE-TRAINING SOURCE-ROOT
"""
import fcntl
import glob
import html.parser
import json
import os
import pty
import re
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import traceback
import xml.etree.ElementTree
import zlib

PASTICHE, MAKE, ROOT = sys.argv[1:4]
LIMIT = 120  # seconds that one training may take

RECIPE = """[model]
title=Small
licence=CC0
width=4
blocks=1
[photos]
{paths}
min-size=16
{more}
[features]
network=net.onnx
content-layers=deep
style-layers=shallow;deep
[discriminator full]
channels=8;8
strides=2;1
[training]
steps={steps}
batch=2
crop=32
warm-up=0
sample-every={sample}
[style one]
pictures={style}
size=64
"""


class World:
    """A folder with all that a training needs."""

    def __enter__(self):
        self.keep = tempfile.TemporaryDirectory()
        self.folder = self.keep.name
        subprocess.run([MAKE, self.folder], check=True)
        return self

    def __exit__(self, *_):
        self.keep.cleanup()

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def words(self, *more, photos="photos", steps=3, sample=0, name="small", keys="",
              style="one.png"):
        recipe = self.path(name + ".recipe")
        paths = f"paths={photos}" if photos else ""
        with open(recipe, "w") as file:
            file.write(RECIPE.format(paths=paths, steps=steps, sample=sample, more=keys,
                                     style=style))
        return [PASTICHE, "train", recipe, "--out", self.path("small.onnx"), "--threads", "1",
                *more]

    def train(self, *more, before=None, environment=None, **keys):
        return subprocess.run(self.words(*more, **keys), capture_output=True, text=True,
                              preexec_fn=before, timeout=LIMIT, env=environment or ENVIRONMENT)

    def usable(self):
        """The model, as the helper reads it."""
        done = subprocess.run([PASTICHE, "info", self.path("small.onnx")], capture_output=True,
                              text=True, timeout=LIMIT, env=ENVIRONMENT)
        assert done.returncode == 0, done.stderr
        assert "one" in done.stdout, done.stdout


ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": ""}


def events(text):
    return [json.loads(line) for line in text.splitlines()]


def kinds(found):
    return [event["event"] for event in found]


def check(condition, *said):
    if not condition:
        raise AssertionError(" ".join(str(word) for word in said))


def test_finishes(world):
    done = world.train(sample=2)
    check(done.returncode == 0, done.stderr)
    check("Finished" in done.stdout, done.stdout)
    width, height = struct.unpack(">II", world.read("small.step-000002.png")[16:24])
    check((width, height % 260) == (3 * 260 - 4, 40), width, height)  # titles above
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
        done = subprocess.run(words, capture_output=True, text=True, timeout=LIMIT,
                              env=ENVIRONMENT)
        check(done.returncode == status, words, done)
        check(done.stderr.count("\n") == 1 and done.stderr.count(word) == 1, done.stderr)


class Page:
    """A report as its readers see it. It is HTML and XML at once."""

    SPACE = "{http://www.w3.org/1999/xhtml}"

    def __init__(self, text):
        self.root = xml.etree.ElementTree.fromstring(text)
        parser = PageParser()
        parser.feed(text)
        parser.close()
        check(not parser.open, "never closed", parser.open)
        check(parser.outside == [], "not in the file", parser.outside)
        check("script" not in parser.seen, parser.seen)

    def texts(self, tag):
        return ["".join(one.itertext()) for one in self.root.iter(self.SPACE + tag)]

    def sheets(self):
        """The steps of the sample sheets, in order."""
        found = [text for text in self.texts("figcaption") if "fter step" in text]
        return [int(re.search(r"step ([\d,]+)", text).group(1).replace(",", "")) for text in found]

    def steps(self):
        """How many steps the curve of the rate has points for."""
        svg = [one for one in self.root.iter("{http://www.w3.org/2000/svg}svg")
               if "".join(one[0].itertext()) == "Rate"]
        path = next(one for one in svg[0].iter() if one.get("class") == "a")
        return path.get("d").count("L") + 1


class PageParser(html.parser.HTMLParser):
    """Which tags there are, which stay open, and what is loaded from elsewhere."""

    def __init__(self):
        super().__init__()
        self.seen, self.open, self.outside = set(), [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.handle_startendtag(tag, attrs)

    def handle_startendtag(self, tag, attrs):
        self.seen.add(tag)
        for name, value in attrs:
            if name in ("src", "href") and not value.startswith("data:image/jpeg;base64,"):
                self.outside.append(value)

    def handle_endtag(self, tag):
        check(self.open and self.open.pop() == tag, "badly nested", tag)

    def handle_data(self, data):
        if self.open[-1:] == ["style"]:
            check("url(" not in data and "@import" not in data, data)


def page(world):
    return Page(world.read("small.report.html").decode())


def test_report(world):
    """Well-formed whatever titles and names hold; all that was asked for is there."""
    shutil.move(world.path("photos/a.jpg"), world.path("photos/<a> & 'b' \".jpg"))
    os.rename(world.path("odd/cut.jpg"), world.path("photos/cut.jpg"))
    keys = "[model]\ntitle=<b>Bold</b> & \"co\" \u00e9\u2603\n[style two]\npictures=photos\n" \
           "title=]]> <!-- </style> &amp; 'x'\ncredit=A \x01 & B\nsize=64\n[phase late]\nfrom=6\n" \
           "batch=1\n"
    done = world.train("--events", steps=9, sample=2, keys=keys)
    check(done.returncode == 0, done.stderr)
    told = [event for event in events(done.stdout) if event["event"] == "report"]
    check([event["step"] for event in told] == [2, 4, 6, 8, 9], told)
    check(told[-1]["text"] == world.path("small.report.html"), told[-1])
    found = page(world)
    check(found.texts("h1") == ['<b>Bold</b> & "co" \u00e9\u2603'], found.texts("h1"))
    check(set(found.texts("strong")) == {"one", "]]> <!-- </style> &amp; 'x'"}, found.texts("strong"))
    check(found.sheets() == [8, 2, 4, 6], found.sheets())
    check(found.steps() == 9, found.steps())
    all_text = "\n".join(found.root.itertext())
    for word in ("Finished: 9 steps", "cut.jpg is passed over", "pastiche train", "libvips 8", "seed",
                 "instruction set", "Discriminator \u201cfull\u201d", "From step 6 on",
                 "content-layers=deep"):
        check(word.lower() in all_text.lower(), word, all_text[-3000:])
    images = found.root.findall(".//" + Page.SPACE + "img")
    check(len(images) == 4 + 1 + 3 and all(image.get("alt") for image in images), len(images))


def test_report_resume(world):
    """Killed without a word and gone on with, a report has the curves from the first step on."""
    keys = {"steps": 1000000, "sample": 5, "keys": "[training]\nsave-seconds=0.5"}
    process = subprocess.Popen(world.words("--events", **keys), stdout=subprocess.PIPE, text=True,
                               env=ENVIRONMENT)
    try:
        saved = False
        for line in process.stdout:
            event = json.loads(line)
            saved = saved or event["event"] == "checkpoint" and event["step"] > 8
            if saved and event["event"] == "report":
                break
    finally:
        process.kill()
        process.communicate()
    page(world)  # whole, if not of the last step
    world.usable()
    done = world.train("--events", "--resume", "--steps", "1", **keys)
    check(done.returncode == 0, done.stderr)
    begin = events(done.stdout)[0]["step"]
    check(begin > 5, begin)
    check(page(world).sheets()[0] == begin // 5 * 5, page(world).sheets(), begin)
    done = world.train("--events", "--resume", "--steps", str(begin + 6), **keys)
    found = page(world)
    check(5 in found.sheets() and found.sheets()[0] == (begin + 6) // 5 * 5, found.sheets())
    check(min(begin, 400) <= found.steps() <= begin + 6, found.steps(), begin)
    text = "\n".join(found.root.itertext())
    check("Run from step 0 on" in text and f"Run from step {begin:,} on" in text, text[-2000:])


def test_report_in_the_way(world):
    """What cannot be written is told of once; the training does without."""
    os.mkdir(world.path("small.report.html"))
    done = world.train("--events", steps=8, sample=2)
    check(done.returncode == 0, done.stderr)
    notes = [event["text"] for event in events(done.stdout) if event["event"] == "note"]
    check(len([note for note in notes if "report cannot be written" in note]) == 1, notes)
    check("report" not in kinds(events(done.stdout)), done.stdout)
    check(not glob.glob(world.path("small.report.html?*")), os.listdir(world.folder))
    world.usable()


def quick(world, *more, minutes="0.03", models="models"):
    """Learns the style of a picture without a recipe, from a model as small as can be."""
    base = world.path("models/brush.onnx")
    if not os.path.exists(base):
        check(world.train().returncode == 0)
        os.rename(world.path("small.onnx"), base)
    words = [PASTICHE, "train", "--style", world.path("one.png"), "--data",
             world.path("photos"), "--minutes", minutes, "--out", world.path("mine.onnx"),
             "--threads", "1", *more]
    return subprocess.run(words, capture_output=True, text=True, timeout=LIMIT,
                          env={**ENVIRONMENT, "PASTICHE_MODELS": world.path(models)})


def info(world, *words):
    done = subprocess.run([PASTICHE, "info", *words], capture_output=True, text=True,
                          timeout=LIMIT,
                          env={**ENVIRONMENT, "PASTICHE_MODELS": world.path("models")})
    check(done.returncode == 0, done.stderr)
    return done.stdout


def test_quick(world):
    done = quick(world, "--title", "One; two", "--credit", "Me")
    check(done.returncode == 0 and not done.stderr, done)
    check("Finished" in done.stdout and world.path("models") in done.stdout, done.stdout)
    sheets = glob.glob(world.path("mine.step-*.png"))
    check(sheets, os.listdir(world.folder))
    told = info(world, world.path("mine.onnx"))
    check("one-two: One; two, Me" in told and "Styles: 1" in told, told)
    recipe = info(world, "--recipe", world.path("mine.onnx"))
    check("pictures=one.png" in recipe and world.folder not in recipe, recipe)
    painted = subprocess.run([PASTICHE, "apply", "-q", world.path("mine.onnx"),
                              world.path("photos/a.jpg"), world.path("painted.png")],
                             capture_output=True, text=True, timeout=LIMIT, env=ENVIRONMENT)
    check(painted.returncode == 0 and os.path.isfile(world.path("painted.png")), painted)
    listed = info(world, "--list")
    check("one" in listed and "features" not in listed, listed)
    steps = max(int(sheet[-10:-4]) for sheet in sheets)
    check("--resume" in quick(world).stderr, "it was begun anew without a word")
    done = quick(world, "--resume", minutes="0.001")
    check(done.returncode == 0 and "had all its time" in done.stdout, done)
    done = quick(world, "--title", "One; two", "--credit", "Me", "--resume", "--events",
                 "--steps", str(steps + 4), minutes="9")
    check(done.returncode == 0, done.stderr)
    check(events(done.stdout)[-1]["step"] == steps + 4, done.stdout)


def test_quick_kept(world):
    """The model's styles stay as they are beside the new one."""
    done = quick(world, "--keep-styles", "--title", "New", "--from", "one")
    check(done.returncode == 0, done.stderr)
    told = info(world, world.path("mine.onnx"))
    check("Styles: 2" in told and "new: New" in told and "one: one" in told, told)
    check("begin=one" in info(world, "--recipe", world.path("mine.onnx")))
    made = []
    for name in ("mine.onnx", "models/brush.onnx"):
        made.append(world.path(f"{len(made)}.png"))
        done = subprocess.run([PASTICHE, "apply", "-q", "--style", "one", world.path(name),
                               world.path("photos/a.jpg"), made[-1]], env=ENVIRONMENT,
                              capture_output=True, text=True, timeout=LIMIT)
        check(done.returncode == 0, done.stderr)
    check(world.read(made[0]) == world.read(made[1]), "the kept style looks otherwise")


def test_quick_refusals(world):
    for words, models, word in (
            (("--from", "nobody"), "models", "nobody"),
            (("--from", world.path("net.onnx")), "models", "no style model of Pastiche's"),
            (("--from", world.path("gone.onnx")), "models", "gone.onnx"),
            (("--features", world.path("net.onnx")), "models", "relu2_1"),
            ((), "photos", "brush.onnx"),
            (("--from", world.path("models/brush.onnx")), "photos", "features.onnx")):
        done = quick(world, *words, models=models)
        check(done.returncode == 1, words, done)
        check(done.stderr.count("\n") == 1 and word in done.stderr, word, done.stderr)
        check(not os.path.exists(world.path("mine.onnx")), words)


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
    done = subprocess.run([PASTICHE, "train", "--help"], capture_output=True, text=True,
                          timeout=LIMIT, env=ENVIRONMENT)
    check(done.returncode == 0 and "pastiche train [OPTION" in done.stdout, done)
    check("--resume" in done.stdout, done.stdout)


def on_terminal(words, columns):
    """What a program writes to a terminal of so many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, env=ENVIRONMENT)
    os.close(theirs)
    said = b""
    try:
        while True:
            try:
                said += os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
    finally:
        process.kill()
        os.close(ours)
    check(process.wait() == 0, said)
    return said.decode()


def test_terminal(world):
    os.rename(world.path("odd/cut.jpg"), world.path("photos/cut.jpg"))
    for columns in (40, 80, 200):
        said = on_terminal(world.words("--restart", steps=400, sample=200), columns)
        check("step 400 of 400" in said and "100 % " in said, said)
        check(" left" in said or columns < 80, said)
        bars = [part for part in re.split(r"[\r\n]+|\x1b\[K", said) if part.startswith("[")]
        check(bars, said)
        check(max(len(bar) for bar in bars) < columns, columns, bars)
        check(("off the photo by" in bars[-1]) == (columns == 200), columns, bars[-1])
        check(("judges right" in bars[-1]) == (columns == 200), columns, bars[-1])
        for name in ("small.onnx", "small.checkpoint.onnx", "small.report.html"):
            check(f"{world.path(name)}: the " in said.split("Finished after 400 steps. Saved:")[1], said)


def test_log(world):
    """Without a terminal nothing is drawn over, and short trainings say little."""
    done = world.train(steps=30, sample=20)
    check(done.returncode == 0, done.stderr)
    check("\r" not in done.stdout and "\x1b" not in done.stdout, done.stdout)
    steps = [line for line in done.stdout.splitlines() if " · step " in line]
    check(len(steps) == 1 and steps[0].startswith("100 % · step 30 of 30 · off"), done.stdout)
    check(f"Samples: {world.path('small.step-000020.png')}" in done.stdout, done.stdout)


def test_interrupted(world):
    process = subprocess.Popen(world.words(steps=1000000, sample=2), stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
    try:
        for line in process.stdout:
            if "Samples" in line:
                break
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=LIMIT)
    finally:
        process.kill()
    check(process.returncode == 0 and not err, process.returncode, err)
    said = re.search(r"Stopped after (\d+) steps. Saved:\n(.*)", out, re.DOTALL)
    check(said and int(said.group(1)) > 1, out)
    for name in ("small.onnx", "small.checkpoint.onnx", "small.report.html"):
        check(f"{world.path(name)}: the " in said.group(2) and os.path.isfile(world.path(name)), out)
    check("--resume" in said.group(2), out)


def recipe_keys():
    """(key, type, low, high) as the files in core/train have them."""
    text = ""
    for name in ("recipe.c", "recipe-patches.c"):
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
    "a report is whole": test_report,
    "a report survives a kill": test_report_resume,
    "a report that cannot be written": test_report_in_the_way,
    "a style is learnt without a recipe": test_quick,
    "a model's styles are kept": test_quick_kept,
    "refusals without a recipe say why": test_quick_refusals,
    "the help names the command": test_help,
    "the bar fits the terminal": test_terminal,
    "a log has few lines": test_log,
    "Ctrl-C says what was saved": test_interrupted,
    "the reference has every key": test_reference,
    "the reference has every event": test_events_reference,
}


def main():
    print(f"1..{len(TESTS)}", flush=True)
    failed = 0
    for number, (name, test) in enumerate(TESTS.items(), 1):
        problem = ""
        try:
            with World() as world:
                test(world)
        except Exception:  # pylint: disable=broad-exception-caught
            problem = traceback.format_exc()
        failed += bool(problem)
        print(f"{'not ok' if problem else 'ok'} {number} - {name}")
        for line in problem.splitlines():
            print(f"# {line}")
        sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
