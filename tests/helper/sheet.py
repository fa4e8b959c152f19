#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`pastiche sheet` from outside, with small models.

usage: sheet.py PASTICHE MODELS    (MODELS has mirror, painter and foreign)
"""
import os
import shutil
import subprocess
import sys
import tempfile

import training
from training import ENVIRONMENT, check

try:
    import numpy
    from PIL import Image
except ImportError as error:
    print(f"1..0 # SKIP {error}")
    sys.exit(0)

PASTICHE, MODELS = map(os.path.abspath, sys.argv[1:3])
MIRROR, PAINTER, FOREIGN = (os.path.join(MODELS, name + ".onnx")
                            for name in ("mirror", "painter", "foreign"))
LIMIT = 120  # seconds
GAP = 6
BOTH = ("--model", MIRROR, "--model", PAINTER)


class World(training.World):
    """A folder with a wide photo and a tall one."""

    def __enter__(self):
        self.keep = tempfile.TemporaryDirectory()
        self.folder = self.keep.name
        y, x = numpy.mgrid[:200, :300].astype(float)
        wide = numpy.stack([x / 300, y / 200, 0.5 + 0.4 * numpy.sin(x / 9) * numpy.cos(y / 7)], 2)
        self.wide = (wide * 255).astype(numpy.uint8)
        Image.fromarray(self.wide).save(self.path("wide.png"))
        Image.fromarray(self.wide.transpose(1, 0, 2)[::-1].copy()).save(self.path("tall.png"))
        return self

    def run(self, *words):
        return subprocess.run([PASTICHE, *words], cwd=self.folder, capture_output=True, text=True,
                              timeout=LIMIT, env={**ENVIRONMENT, "PASTICHE_MODELS": MODELS})

    def pixels(self, name):
        with Image.open(self.path(name)) as image:
            check(image.mode == "RGB", name, image.mode)
            return numpy.asarray(image).astype(int)

    def sheet(self, *words, out="sheet.png"):
        done = self.run("sheet", *words, "--out", out)
        check(done.returncode == 0 and not done.stderr, words, done)
        return self.pixels(out)


def cell(sheet, column, bottom, width, height, cell_width=None):
    """The pixels of a cell whose lower end is @bottom from the sheet's."""
    column_width = cell_width or width
    x = GAP + column * (column_width + GAP) + (column_width - width) // 2
    y = len(sheet) - bottom - height
    return sheet[y:y + height, x:x + width]


def difference(a, b):
    check(a.shape == b.shape and a.size, a.shape, b.shape)
    return abs(a - b).max()


def test_rows(world):
    """Photos down, styles across: what mirrors gives the photo's cell."""
    sheet = world.sheet("wide.png", "tall.png", *BOTH, "--width", "90")
    check(sheet.shape[1] == 4 * (90 + GAP) + GAP, sheet.shape)
    band = len(sheet) - (60 + 90 + 3 * GAP)
    check(10 < band < 60, band)
    for column in range(4):  # titles
        title = sheet[:band, GAP + column * 96:][:, :90]
        check(title.max() > 200 and title.min() == sheet[0, 0, 0], column)
    tall = [cell(sheet, i, GAP, 60, 90, 90) for i in range(4)]
    wide = [cell(sheet, i, 2 * GAP + 90, 90, 60) for i in range(4)]
    for cells in (wide, tall):
        check(difference(cells[0], cells[1]) <= 6, difference(cells[0], cells[1]))
        check(difference(cells[0], cells[2]) > 30 and difference(cells[2], cells[3]) > 30)
    check(abs(wide[0][:, :, 1] - numpy.linspace(0, 254, 60)[:, None]).max() < 8, wide[0])
    turned = wide[2].transpose(1, 0, 2)[::-1]  # a convolution's kernel is not turned
    check(difference(turned, tall[2]) > 3)


def test_styles(world):
    """All that is installed, or what is named in that order."""
    every = world.sheet("wide.png", "--width", "90", "--columns", "4")
    named = world.sheet("wide.png", "--width", "90", "--columns", "4", *BOTH)
    check(difference(every, named) == 0)
    check(every.shape[1] == 4 * 96 + GAP, every.shape)
    some = world.sheet("wide.png", "--width", "90", "--style", "dots, mirror", "--style",
                       "Stripes", "--columns", "4")
    for here, there in ((0, 0), (1, 3), (2, 1), (3, 2)):
        check(difference(cell(some, here, GAP, 90, 60), cell(every, there, GAP, 90, 60)) == 0)
    one = world.sheet("wide.png", "--width", "90", "--model", "dots")
    check(one.shape[1] == 2 * 96 + GAP, one.shape)
    foreign = world.sheet("wide.png", "--width", "90", "--model", FOREIGN, "--channels", "rgb")
    check(foreign.shape[1] == one.shape[1], foreign.shape)
    shutil.copy(PAINTER, world.path("other.onnx"))
    twins = world.sheet("wide.png", "--width", "90", "--model", PAINTER, "--model", "other.onnx",
                        "--style", "dots", "--columns", "3")
    check(twins.shape[1] == 3 * 96 + GAP, twins.shape)
    check(difference(cell(twins, 1, GAP, 90, 60), cell(twins, 2, GAP, 90, 60)) == 0)
    titles = twins[:len(twins) - 60 - 2 * GAP]  # told apart by their files
    check(difference(titles[:, 102:192], titles[:, 198:288]) > 100)


def test_crop(world):
    """Pixel by pixel what `apply` makes of the whole photo."""
    done = world.run("apply", PAINTER, "wide.png", "whole.png", "--style", "dots",
                     "--brush-size", "200")
    check(done.returncode == 0, done)
    whole = world.pixels("whole.png")
    words = ("--model", "dots", "--brush-size", "200")
    for crop, x, y, w, h in (("60x40+100+50", 100, 50, 60, 40), ("60x40", 120, 80, 60, 40),
                             ("400x40", 0, 80, 300, 40)):
        sheet = world.sheet("wide.png", *words, "--crop", crop, "--columns", "2")
        check(sheet.shape[1] == 2 * (w + GAP) + GAP, sheet.shape)
        check(difference(cell(sheet, 0, GAP, w, h), world.wide[y:y + h, x:x + w].astype(int)) == 0)
        check(difference(cell(sheet, 1, GAP, w, h), whole[y:y + h, x:x + w]) <= 1, crop)


def test_strengths(world):
    """Columns of a style; where there are several styles, rows of each."""
    whole = world.sheet("wide.png", "--width", "90", "--style", "stripes,dots", "--columns", "3")
    words = ("wide.png", "--width", "90", "--strength", "0,50,100", "--style")
    one = world.sheet(*words, "dots")
    check(one.shape[1] == 4 * 96 + GAP, one.shape)
    cells = [cell(one, i, GAP, 90, 60) for i in range(4)]
    check(difference(cells[0], cells[1]) <= 2, difference(cells[0], cells[1]))
    check(difference(cells[0], cells[2]) > 10 and difference(cells[2], cells[3]) > 10)
    check(difference(cells[3], cell(whole, 2, GAP, 90, 60)) == 0)
    both = world.sheet(*words, "stripes,dots")
    check(both.shape[1] == one.shape[1] and len(both) > 2 * len(one) - GAP, both.shape)
    check(difference(both[GAP - len(one):], one[GAP:]) == 0)


def test_grid(world):
    """One photo's cells are broken into rows, each with its titles."""
    single = world.sheet("wide.png", "--width", "90", "--columns", "4")
    sheet = world.sheet("wide.png", "--width", "90")
    check(sheet.shape[1] == 2 * 96 + GAP, sheet.shape)
    check(2 * len(single) - GAP <= len(sheet) <= 2 * len(single), sheet.shape)
    row = len(sheet) // 2
    check(difference(cell(sheet, 0, GAP, 90, 60), cell(single, 2, GAP, 90, 60)) == 0)
    check(difference(cell(sheet, 1, GAP, 90, 60), cell(single, 3, GAP, 90, 60)) == 0)
    check(sheet[row:row + 40].max() > 200)


def test_formats(world):
    """By the name's ending; a file that was there keeps its mode."""
    world.sheet("wide.png", "--model", MIRROR, out="sheet.JPG")
    with Image.open(world.path("sheet.JPG")) as image:
        check(image.format == "JPEG", image.format)
    os.chmod(world.path("sheet.JPG"), 0o640)
    large = os.path.getsize(world.path("sheet.JPG"))
    world.sheet("wide.png", "--model", MIRROR, "--quality", "40", out="sheet.JPG")
    mode = os.stat(world.path("sheet.JPG")).st_mode
    check(mode & 0o777 == 0o640 and os.path.getsize(world.path("sheet.JPG")) < large, oct(mode))
    os.mkdir(world.path("photos"))
    shutil.copy(world.path("wide.png"), world.path("photos"))
    shutil.copy(world.path("tall.png"), world.path("photos"))
    folder = world.sheet("photos", "--model", MIRROR, "--width", "90")
    check(len(folder) > 150, folder.shape)


def test_refusals(world):
    """Each is one line that names what is wrong, and leaves what was there."""
    photo, out = ("wide.png",), ("--out", "kept.png")
    with open(world.path("kept.png"), "w", encoding="utf-8") as file:
        file.write("mine")
    with open(world.path("text.png"), "w", encoding="utf-8") as file:
        file.write("text")
    cases = [
        ((), 2, "PHOTO"),
        (photo, 2, "--out"),
        ((*photo, "--out", "kept.xyz"), 2, ".webp"),
        ((*photo, "--out", "nowhere/kept.png"), 1, "nowhere"),
        (("none.png", *out), 1, "none.png"),
        (("wide.png", "text.png", *out), 1, "text.png"),
        ((*photo, *out, "--model", "none.onnx"), 1, "none.onnx"),
        ((*photo, *out, "--model", "dost"), 1, "dots"),
        ((*photo, *out, "--style", "dost"), 1, "dots"),
        ((*photo, *out, "--model", PAINTER, "--style", "mirror"), 1, "stripes, dots"),
        ((*photo, *out, "--model", FOREIGN), 2, "--channels"),
        ((*photo, *out, "--strength", "300"), 2, "200"),
        ((*photo, *out, "--brush-size", "10"), 2, "25"),
        ((*photo, *out, "--width", "8"), 2, "16"),
        ((*photo, *out, "--width", "90", "--crop", "9x9"), 2, "pixel by pixel"),
        ((*photo, *out, "--crop", "60"), 2, "512x384"),
        ((*photo, *out, "--crop", "60x40+5"), 2, "512x384"),
        ((*photo, *out, "--crop", "60x0"), 2, "512x384"),
        ((*photo, *out, "--crop", "60x40+250+0"), 2, "300 × 200"),
        (("wide.png", "tall.png", *out, "--columns", "2"), 2, "--columns"),
        ((*photo, *out, "--columns", "-1"), 2, "columns"),
        ((*photo, *out, "--memory", "lots"), 2, "800M"),
        ((*photo, *out, "--memory", "50k"), 1, "too large"),
        ((*photo, *out, "--width", "90", "--memory", "900k"), 1, "memory"),
        ((*photo, *out, "--threads", "-1"), 2, "threads"),
        ((*photo, *out, "--quality", "0"), 2, "100"),
    ]
    for words, status, word in cases:
        done = world.run("sheet", *words)
        said = done.stderr.splitlines()
        check(done.returncode == status, words, done)
        check(len(said) == 1 and word in said[0], words, said)
        check(world.read("kept.png") == b"mine", words)
    check(not [name for name in os.listdir(world.folder) if name.startswith(".")])


def test_help(world):
    done = world.run("sheet", "--help")
    check(done.returncode == 0 and "pastiche sheet [OPTION" in done.stdout, done)
    check("sheet" in world.run("--help").stdout)


TESTS = {
    "photos down, styles across": test_rows,
    "which styles": test_styles,
    "a part, pixel by pixel": test_crop,
    "several strengths": test_strengths,
    "one photo in a grid": test_grid,
    "files": test_formats,
    "refusals say why": test_refusals,
    "--help": test_help,
}

if __name__ == "__main__":
    sys.exit(training.main(TESTS, World))
