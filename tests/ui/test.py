#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialog as a person meets it: Xvfb, real GIMP, AT-SPI; speaks TAP.

Started without a display it starts one, and itself again on it.
"""

import os
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "gimp"))
from host import Host, Tap, need, skip_all  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(HERE))
SCREEN = "1400x950x24"
TITLE = "Style Transfer"

# Keeps the layers' names in a file, for the test to look at.
SCRIPT = """
(define (names image)
  (map (lambda (layer) (car (gimp-item-get-name layer)))
       (vector->list (car (gimp-image-get-layers image)))))
(define (note text)
  (let ((port (open-output-file "{notes}")))
    (write text port)
    (close-output-port port)))
(let* ((image (vector-ref (car (gimp-get-images)) 0)))
  (plug-in-pastiche #:run-mode RUN-INTERACTIVE #:image image
    #:drawables (car (gimp-image-get-selected-layers image)))
  (note (names image)))
"""


def start_display():
    """Runs this file again on a display and a bus of its own."""
    need("Xvfb", "openbox", "dbus-run-session", "xdotool", "import", "gimp")
    try:
        import gi
        gi.require_version("Atspi", "2.0")
        from gi.repository import Atspi  # noqa: F401
    except (ImportError, ValueError):
        skip_all("AT-SPI for Python is not installed")
    if not os.path.exists(os.environ["PASTICHE_PLUGIN"]):
        skip_all("the plug-in was not built")
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", SCREEN,
         "-nolisten", "tcp"], pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as pipe:
        number = pipe.readline().strip()
    if not number:
        skip_all("Xvfb did not start")
    env = dict(os.environ, DISPLAY=":" + number, GDK_BACKEND="x11", GTK_MODULES="", LC_ALL="C.UTF-8")
    for name in ("WAYLAND_DISPLAY", "NO_AT_BRIDGE", "DBUS_SESSION_BUS_ADDRESS",
                 "AT_SPI_BUS_ADDRESS", "XDG_RUNTIME_DIR"):
        env.pop(name, None)
    tap = Tap()
    try:
        for name in TESTS:
            tap.take(run_on_bus(name, env))
    finally:
        server.terminate()
        server.wait()
    return tap.finish()


def run_on_bus(name, env):
    """Each test has a bus of its own: AT-SPI remembers what is gone."""
    with tempfile.TemporaryDirectory() as runtime:
        done = subprocess.run(
            ["dbus-run-session", "--", sys.executable, __file__, name],
            env={**env, "XDG_RUNTIME_DIR": runtime}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    text = done.stdout
    if not re.search(r"^1\.\.\d+$", text, re.M):
        text += f"\nnot ok 0 - {name} came to its end"
    return text


class Session:
    """GIMP with a picture, and the dialog on it."""

    def __init__(self, host, picture, script=None, env=None):
        self.notes = host.path("notes")
        if os.path.exists(self.notes):
            os.remove(self.notes)
        self.log = open(host.path("gimp.log"), "w+", encoding="utf-8",
                        errors="replace")
        command = ["gimp", "-n", "-s", "-d", "-f"]
        if script is not None:
            command += ["--batch-interpreter=plug-in-script-fu-eval", "-b",
                        script.format(notes=self.notes)]
        self.process = subprocess.Popen(
            command + [picture], env={**host.env, **(env or {})},
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def layers(self):
        """The names of the layers when the procedure has ended."""
        if not os.path.exists(self.notes):
            return None
        with open(self.notes, encoding="utf-8") as f:
            return re.findall(r'"([^"]*)"', f.read()) or None

    def words(self):
        self.log.flush()
        self.log.seek(0)
        return self.log.read()[-3000:]

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()


def bundled_models():
    folder = os.path.join(ROOT, "models")
    found = os.path.isdir(folder) and any(
        name.endswith(".onnx") for name in os.listdir(folder))
    return folder if found else None


def sample_picture(host):
    path = os.path.join(ROOT, "models", "sample", "sample.jpg")
    return path if os.path.exists(path) else make_picture(host, 800, 600)


def make_picture(host, width, height):
    path = host.path(f"picture-{width}.jpg")
    if not os.path.exists(path):
        subprocess.run(["convert", "-seed", "3", "-size", "200x150", "plasma:",
                        "-resize", f"{width}x{height}!", "-depth", "8",
                        "-strip", path], check=True)
    return path


def dialog_of(session):
    from desktop import find_window, wait
    dialog = wait("dialog", lambda: find_window(TITLE), 60)
    time.sleep(0.5)
    return dialog


def preview_is(dialog, words, name="Preview"):
    from desktop import find
    preview = find(dialog, ("image", "drawing area"), name)
    return preview is not None and preview.get_description() in words


def choose_style(dialog, index):
    """The style's title; chosen in the gallery."""
    from desktop import find
    styles = find(dialog, name="Styles")
    child = styles.get_child_at_index(index)
    styles.get_selection_iface().select_child(index)
    return child.get_name()


def spin(dialog, name):
    from desktop import find
    return find(dialog, ("spin button",), name)


def check_gallery(tap, dialog):
    from desktop import find
    styles = find(dialog, name="Styles")
    count = styles.get_child_count() if styles else 0
    names = [styles.get_child_at_index(i).get_name() for i in range(count)]
    tap.ok("the gallery names its styles", count >= 3 and all(names), names)


def check_controls(tap, dialog):
    from desktop import tree
    for name, value in (("Strength", 100), ("Brush size", 100)):
        one = spin(dialog, name)
        seen = one and one.get_value_iface().get_current_value()
        tap.ok(f"{name} starts at {value}", seen == value,
               f"{seen}\n" + "\n".join(tree(dialog)))


def check_preview(tap, dialog, artefacts):
    """The preview follows style and strength, and the dialog answers
    meanwhile."""
    from desktop import screenshot, wait
    wait("preview", lambda: preview_is(dialog, ("Painted",)), 120)
    tap.ok("the preview is painted when the dialog opens")
    title = choose_style(dialog, 1)
    spin(dialog, "Strength").get_value_iface().set_current_value(80)
    wait("painting", lambda: preview_is(dialog, ("Painting…",)), 10)
    begin = time.monotonic()
    spin(dialog, "Strength").get_value_iface().set_current_value(90)
    answered = time.monotonic() - begin
    tap.ok("the dialog answers while it paints", answered < 2.0,
           f"{answered} s")
    wait("preview", lambda: preview_is(dialog, ("Painted",)), 120)
    tap.ok("the preview follows style and strength")
    time.sleep(0.5)
    screenshot(TITLE, os.path.join(artefacts, "dialog.png"))
    tap.ok("a screenshot was taken")
    return title


def check_original(tap, dialog):
    from desktop import find, wait
    box = find(dialog, ("check box",), "Show original")
    box.get_action_iface().do_action(0)
    wait("before", lambda: preview_is(dialog, ("Before",)), 10)
    box.get_action_iface().do_action(0)
    wait("after", lambda: preview_is(dialog, ("Painted",)), 10)
    tap.ok("the original can be seen for comparison")


def test_stylize(tap, host, artefacts):
    from desktop import press, wait
    models = bundled_models()
    env = {"PASTICHE_MODELS": models} if models else {}
    session = Session(host, sample_picture(host), SCRIPT, env)
    try:
        dialog = dialog_of(session)
        check_gallery(tap, dialog)
        check_controls(tap, dialog)
        title = check_preview(tap, dialog, artefacts)
        check_original(tap, dialog)
        press(dialog, "Stylize")
        layers = wait("layers", session.layers, 300)
        tap.ok("Stylize adds the chosen style's layer",
               len(layers) == 2 and layers[0] == title, layers)
        check_undo(tap)
    except Exception:
        tap.say(session.words())
        raise
    finally:
        session.close()


def menu_item(window, *path):
    from desktop import find, wait
    menu = wait("menu bar", lambda: find(window, ("menu bar",)))
    for name in path:
        menu = wait(name, lambda m=menu, n=name: find(
            m, ("menu", "menu item", "check menu item"), n))
    return menu


def undo_name(window):
    item = menu_item(window, "Edit", "Undo")
    return item.get_name() if item else ""


def check_undo(tap):
    """One step back and the picture is as it was opened."""
    from desktop import Atspi, find_window, has_state, wait
    window = wait("image window", lambda: find_window("GIMP"), 30)
    wait("undo of the layer", lambda: TITLE in undo_name(window), 20)
    menu_item(window, "Edit", "Undo").get_action_iface().do_action(0)
    wait("nothing to undo", lambda: not has_state(
        menu_item(window, "Edit", "Undo"), Atspi.StateType.SENSITIVE), 20)
    tap.ok("one undo step takes the layer away")


def test_cancel(tap, host, _):
    """Cancel in the middle of the work leaves no layer."""
    from desktop import find, press, wait
    session = Session(host, make_picture(host, 4000, 3000), SCRIPT)
    try:
        dialog = dialog_of(session)
        spin(dialog, "Brush size").get_value_iface().set_current_value(30)
        time.sleep(0.3)
        press(dialog, "Stylize")
        bar = wait("progress bar", lambda: find(dialog, ("progress bar",)), 20)
        wait("progress", lambda: 0 < bar.get_value_iface().
             get_current_value() < 1, 60)
        tap.ok("the work shows its progress")
        begin = time.monotonic()
        press(dialog, "Cancel")
        layers = wait("layers", session.layers, 60)
        tap.ok("Cancel ends the work soon", time.monotonic() - begin < 10)
        tap.ok("Cancel leaves no layer", len(layers) == 1, layers)
    except Exception:
        tap.say(session.words())
        raise
    finally:
        session.close()


def test_cancel_at_once(tap, host, _):
    """Cancel while the preview is painted."""
    from desktop import press, wait
    session = Session(host, make_picture(host, 1200, 900), SCRIPT)
    try:
        dialog = dialog_of(session)
        press(dialog, "Cancel")
        layers = wait("layers", session.layers, 60)
        tap.ok("Cancel at once leaves no layer", len(layers) == 1, layers)
    except Exception:
        tap.say(session.words())
        raise
    finally:
        session.close()


def test_error(tap, host, _):
    """An error is told in the dialog, which stays for another try."""
    from desktop import find, press, wait
    host.limit_memory(1500)
    session = Session(host, make_picture(host, 10000, 8000), SCRIPT)
    try:
        dialog = dialog_of(session)
        wait("preview", lambda: preview_is(dialog, ("Painted",)), 120)
        press(dialog, "Stylize")
        wait("error", lambda: find(dialog, ("label",), "There is not enough"),
             60)
        tap.ok("an error is told in the dialog")
        press(dialog, "Cancel")
        layers = wait("layers", session.layers, 60)
        tap.ok("an error leaves no layer", len(layers) == 1, layers)
    except Exception:
        tap.say(session.words())
        raise
    finally:
        session.close()


def test_menu(tap, host, artefacts):
    """From the menu, in Chinese."""
    from desktop import find_window, press, screenshot, wait
    env = {"LC_ALL": "zh_CN.UTF-8", "LANGUAGE": "zh_CN"}
    if "zh_CN.utf8" not in subprocess.run(
            ["locale", "-a"], text=True, stdout=subprocess.PIPE,
            check=False).stdout:
        tap.skip("the dialog in Chinese", "there is no zh_CN.UTF-8 locale")
        return
    models = bundled_models()
    if models:
        env["PASTICHE_MODELS"] = models
    session = Session(host, sample_picture(host), None, env)
    try:
        window = wait("image window", lambda: find_window("– GIMP"), 120)
        time.sleep(2)
        item = menu_item(window, "滤镜", "艺术", "风格迁移")
        item.get_action_iface().do_action(0)
        dialog = wait("dialog", lambda: find_window("风格迁移"), 60)
        wait("preview", lambda: preview_is(dialog, ("已绘制",), "预览"),
             120)
        time.sleep(0.5)
        screenshot("风格迁移", os.path.join(artefacts, "dialog-zh_CN.png"))
        tap.ok("the menu opens the dialog, both in Chinese")
        press(dialog, "取消")
    except Exception:
        tap.say(session.words())
        raise
    finally:
        session.close()


TESTS = {
    "stylize": test_stylize,
    "cancel": test_cancel,
    "cancel-at-once": test_cancel_at_once,
    "error": test_error,
    "menu": test_menu,
}


def run_test(name):
    """One test, on the display and the bus that are there."""
    manager = subprocess.Popen(["openbox"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    tap = Tap()
    host = Host()
    try:
        TESTS[name](tap, host, os.environ["PASTICHE_ARTEFACTS"])
    except Exception:  # pylint: disable=broad-except
        import traceback
        tap.ok(name, False, traceback.format_exc())
    finally:
        host.close()
        manager.terminate()
        manager.wait()
    return tap.finish()


if __name__ == "__main__":
    sys.exit(run_test(sys.argv[1]) if sys.argv[1:] else start_display())
