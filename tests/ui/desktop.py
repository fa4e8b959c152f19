# SPDX-License-Identifier: GPL-3.0-or-later
"""A display, a session bus and eyes and hands on it (AT-SPI) for tests."""

import os
import subprocess
import time

import gi
gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402


class Timeout(Exception):
    pass


def wait(what, function, seconds=60):
    """The first true value of @function."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            value = function()
        except GLib.Error:  # something went while it was looked at
            value = None
        if value:
            return value
        time.sleep(0.1)
    raise Timeout(f"{what}; there are {windows()}")


def below(node, depth=40):
    """The nodes below @node, itself first."""
    yield node
    if depth == 0:
        return
    for child in children(node):
        yield from below(child, depth - 1)


def find(node, role=None, name=None):
    for one in below(node):
        if role is not None and one.get_role_name() not in role:
            continue
        if name is not None and not (one.get_name() or "").startswith(name):
            continue
        return one
    return None


def find_window(name):
    """A window of any program."""
    for application in children(Atspi.get_desktop(0)):
        for window in children(application):
            if name in (window.get_name() or ""):
                return window
    return None


def windows():
    """Names of all windows, for messages."""
    desktop = Atspi.get_desktop(0)
    return [f"{a.get_name()}: {w.get_name()}" for a in children(desktop)
            for w in children(a)]


def children(node):
    found = [node.get_child_at_index(i) for i in range(node.get_child_count())]
    return [child for child in found if child is not None]


def tree(node, depth=0):
    lines = ["  " * depth + f"{node.get_role_name()} {node.get_name()!r}"]
    for child in children(node) if depth < 25 else ():
        lines += tree(child, depth + 1)
    return lines


BUTTON = ("push button", "button")


def press(window, name):
    button = find(window, BUTTON, name)
    if button is None:
        raise Timeout(f"button {name}\n" + "\n".join(tree(window)))
    button.get_action_iface().do_action(0)


def has_state(node, state):
    return node.get_state_set().contains(state)


def screenshot(name, path):
    """Of the window with that title."""
    windows = subprocess.run(
        ["xdotool", "search", "--onlyvisible", "--name", f"^{name}$"],
        text=True, stdout=subprocess.PIPE, check=False).stdout.split()
    if not windows:
        raise Timeout("window " + name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    subprocess.run(["import", "-window", windows[0], path], check=True)
