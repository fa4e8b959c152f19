#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of `pastiche train`, read as a browser does.

usage: report.py PASTICHE MAKE-TRAINING
"""
import glob
import html.parser
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

from training import ENVIRONMENT, check, events, kinds, main


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


def page(world, name="small"):
    return Page(world.read(name + ".report.html").decode())


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
    check(world.folder not in world.read("small.report.html").decode(), "paths are shown")
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


def test_names(world):
    """Whatever folders the user's files lie in, the report does not tell."""
    with tempfile.TemporaryDirectory(prefix="secret") as other:
        shutil.copytree(world.path("photos"), other + "/holidays")
        shutil.copy(world.path("odd/cut.jpg"), other + "/holidays/cut.jpg")
        shutil.copy(world.path("one.png"), other)
        shutil.copy(world.path("net.onnx"), world.path("odd"))
        done = world.train("--data", world.path("odd"), photos=other + "/holidays",
                           style=other + "/one.png", sample=2, steps=20)
        check(done.returncode == 0, done.stderr)
    text = world.read("small.report.html").decode()
    for folder in (other, world.folder, os.path.expanduser("~") + "/"):
        check(folder not in text, folder, "is shown")
    found = page(world)
    check({"holidays", "net.onnx", "small.onnx"} <= set(found.texts("td")), found.texts("td"))
    check("pastiche train small.recipe --out small.onnx --threads 1 --data odd" in found.texts("td"),
          found.texts("td"))
    check(any(note.startswith("holidays/cut.jpg is passed over") for note in found.texts("li")),
          found.texts("li"))
    check("pictures=one.png" in found.texts("pre")[0], found.texts("pre"))


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


TESTS = {
    "a report is whole": test_report,
    "a report tells no folders": test_names,
    "a report survives a kill": test_report_resume,
    "a report that cannot be written": test_report_in_the_way,
}


if __name__ == "__main__":
    sys.exit(main(TESTS))
