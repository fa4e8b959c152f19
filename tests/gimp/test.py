#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plug-in in real GIMP without a window; speaks TAP."""

import os
import re
import sys

from host import Host, Tap, need, skip_all

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LINE = """
(let* ((image (car (gimp-file-load RUN-NONINTERACTIVE "photo.jpg")))
       (layers (car (gimp-image-get-selected-layers image))))
  (plug-in-pastiche #:run-mode RUN-NONINTERACTIVE #:image image
                    #:drawables layers #:style "amber" #:strength 100.0)
  (gimp-file-save RUN-NONINTERACTIVE image "painting.png"))
"""
# Too large for 3 GB as floats, small for GIMP: its tiles are all the same.
HUGE = """
(let* ((image (car (gimp-image-new 16000 14000 GRAY)))
       (layer (car (gimp-layer-new image "l" 16000 14000 GRAY-IMAGE 100
                                   LAYER-MODE-NORMAL))))
  (gimp-image-insert-layer image layer 0 0)
  (plug-in-pastiche #:run-mode RUN-NONINTERACTIVE #:image image
                    #:drawables (vector layer)))
"""
MAKE_PHOTO = """
(let* ((image (car (gimp-image-new 64 48 RGB)))
       (layer (car (gimp-layer-new image "l" 64 48 RGB-IMAGE 100
                                   LAYER-MODE-NORMAL))))
  (gimp-image-insert-layer image layer 0 0)
  (gimp-drawable-fill layer FILL-WHITE)
  (gimp-file-save RUN-NONINTERACTIVE image "photo.jpg"))
"""


def kinds(host, tap):
    """The many cases, in one GIMP."""
    path = host.path("kinds.tap")
    done = host.python(os.path.join(HERE, "kinds.py"),
                       {"PASTICHE_TAP": path, "PASTICHE_TESTS": HERE}, 900)
    text = ""
    if os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            text = f.read()
    tap.take(text)
    complete = re.search(r"^1\.\.\d+$", text, re.M) is not None
    tap.ok("all kinds were tried", complete, done.stdout)


def readme_line():
    """The batch line that README.md tells people to copy."""
    path = os.path.join(ROOT, "README.md")
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as f:
        blocks = re.findall(r"^```[^\n]*\n(.*?)^```", f.read(), re.M | re.S)
    for block in blocks:
        if "plug-in-pastiche" in block and "gimp-console" in block:
            return block
    return None


def succeed(host, tap, name, script):
    result = host.path("painting.png")
    if os.path.exists(result):
        os.remove(result)
    done = host.batch(script)
    tap.ok(name, done.returncode == 0 and os.path.exists(result),
           f"exit code {done.returncode}\n{done.stdout}")


def fail(host, tap, name, script, words, env=None):
    done = host.batch(script, env=env)
    text = done.stdout.lower()
    missing = [word for word in words if word.lower() not in text]
    tap.ok(name, done.returncode != 0 and not missing,
           f"exit code {done.returncode}, missing {missing}\n{done.stdout}")


def from_readme(host, tap):
    """Runs README's own line in a shell, and once more with a bad style."""
    import subprocess
    block = readme_line()
    if block is None:
        tap.skip("README's batch line", "README.md has none")
        return
    names = re.findall(r'"([^" ]+\.(?:jpe?g|png|tiff?|xcf))\\?"', block)
    styles = re.findall(r'#:style \\?"([^"\\]+)', block)
    block = re.sub(r"^\$ ", "", block, flags=re.M)
    good = block.replace(names[0], host.path("photo.jpg")) \
                .replace(names[-1], host.path("painting.png"))
    for style in styles:
        good = good.replace(f'"{style}', '"amber')
    bad = good.replace('"amber', '"amberr')
    for script, expected in ((good, True), (bad, False)):
        done = subprocess.run(
            ["bash", "-c", script], env=host.env, cwd=host.folder, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=300, check=False)
        tap.ok("README's batch line " + ("works" if expected else
                                         "fails with an exit code"),
               (done.returncode == 0) == expected, done.stdout)


def translation(host, tap):
    """GIMP shows the menu in Chinese."""
    script = ("from gi.repository import Gimp\n"
              "p = Gimp.get_pdb().lookup_procedure('plug-in-pastiche')\n"
              "print('LABEL', p.get_menu_label(), '|', p.get_blurb())\n")
    for name, env in (
            ("menu in Chinese by LANGUAGE",
             {"LC_ALL": "en_US.UTF-8", "LANGUAGE": "zh_CN"}),
            ("menu in Chinese by locale",
             {"LC_ALL": "zh_CN.UTF-8", "LANGUAGE": ""})):
        done = host.batch(script, "python-fu-eval", env)
        if "cannot set locale" in done.stdout.lower() or \
                "locale not supported" in done.stdout.lower():
            tap.skip(name, "the locale is not there")
        else:
            tap.ok(name, "LABEL 风格迁移" in done.stdout, done.stdout)


def errors(host, tap):
    fail(host, tap, "a misspelt style fails with an exit code",
         LINE.replace('"amber"', '"ambre"'), ["ambre", "amber"])
    fail(host, tap, "missing models fail with an exit code", LINE,
         ["nowhere"], {"PASTICHE_MODELS": host.path("nowhere")})
    fail(host, tap, "strength beyond its range fails",
         LINE.replace("100.0", "500.0"), [])
    fail(host, tap, "an unknown argument fails",
         LINE.replace("#:strength", "#:strenth"), [])
    host.limit_memory(3000)
    succeed(host, tap, "a small picture needs little memory", LINE)
    fail(host, tap, "a picture too large for the memory fails with words",
         HUGE, ["memory", "GB", "scale it down"])


def main():
    need("gimp-console-3.0")
    if not os.path.exists(os.environ["PASTICHE_PLUGIN"]):
        skip_all("the plug-in was not built")
    tap = Tap()
    host = Host()
    try:
        kinds(host, tap)
        done = host.batch(MAKE_PHOTO)
        tap.ok("a photo to work on", done.returncode == 0, done.stdout)
        succeed(host, tap, "a Script-Fu line works", LINE)
        succeed(host, tap, "style and strength may be left out",
                re.sub(r"#:style \S+ #:strength 100.0", "", LINE))
        from_readme(host, tap)
        translation(host, tap)
        errors(host, tap)
    finally:
        host.close()
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
