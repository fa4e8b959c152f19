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
    raise Timeout(what)


def below(node, depth=40):
    """The nodes below @node, itself first."""
    yield node
    if depth == 0:
        return
    for i in range(node.get_child_count()):
        child = node.get_child_at_index(i)
        if child is not None:
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
    desktop = Atspi.get_desktop(0)
    for i in range(desktop.get_child_count()):
        application = desktop.get_child_at_index(i)
        if application is None:
            continue
        for j in range(application.get_child_count()):
            window = application.get_child_at_index(j)
            if window is not None and name in (window.get_name() or ""):
                return window
    return None


def tree(node, depth=0):
    lines = ["  " * depth + f"{node.get_role_name()} {node.get_name()!r}"]
    for i in range(node.get_child_count()):
        child = node.get_child_at_index(i)
        if child is not None and depth < 25:
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
