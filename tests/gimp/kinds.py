# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs within GIMP (python-fu-eval): the procedure on every kind of image.

Writes TAP to the file that PASTICHE_TAP names.
"""

import os
import sys

import gi
gi.require_version("Gimp", "3.0")
gi.require_version("Gegl", "0.4")
from gi.repository import Gegl, Gimp, Gio  # noqa: E402
import numpy as np  # noqa: E402

sys.path.insert(0, os.environ["PASTICHE_TESTS"])
from host import Tap  # noqa: E402

Gegl.init(None)
PROCEDURE = Gimp.get_pdb().lookup_procedure("plug-in-pastiche")
SRGB = "R'G'B'A float"
WIDTH, HEIGHT = 90, 70
P = Gimp.Precision


def photo(width=WIDTH, height=HEIGHT):
    """Something with shapes and colours, R'G'B'A float."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    data = np.empty((height, width, 4), np.float32)
    data[..., 0] = 0.5 + 0.4 * np.sin(x / 7)
    data[..., 1] = 0.5 + 0.4 * np.cos((x + 2 * y) / 11)
    data[..., 2] = 0.2 + 0.6 * (((x // 9 + y // 6) % 2) == 0)
    data[..., 3] = np.clip(y / max(height - 1, 1) * 1.4 - 0.2, 0, 1)
    return data


def rectangle(x, y, width, height):
    return Gegl.Rectangle.new(x, y, width, height)


def write(drawable, data, name=SRGB):
    height, width = data.shape[:2]
    buffer = drawable.get_buffer()
    buffer.set(rectangle(0, 0, width, height), name, data.tobytes())
    buffer.flush()
    drawable.update(0, 0, width, height)


def read(drawable, name=SRGB, kind=np.float32):
    size = rectangle(0, 0, drawable.get_width(), drawable.get_height())
    data = drawable.get_buffer().get(size, 1.0, name, Gegl.AbyssPolicy.NONE)
    shape = (drawable.get_height(), drawable.get_width(), -1)
    return np.frombuffer(bytes(data), kind).reshape(shape)


def new_image(base=Gimp.ImageBaseType.RGB, precision=P.U8_NON_LINEAR,
              alpha=True, data=None, parent=None, offsets=(0, 0), size=None):
    data = photo() if data is None else data
    height, width = data.shape[:2]
    size = size or (width, height)
    image = Gimp.Image.new_with_precision(*size, base, precision)
    add_layer(image, data, alpha, parent, offsets)
    return image


def add_layer(image, data, alpha=True, parent=None, offsets=(0, 0)):
    gray = image.get_base_type() == Gimp.ImageBaseType.GRAY
    kind = {(False, False): Gimp.ImageType.RGB_IMAGE,
            (False, True): Gimp.ImageType.RGBA_IMAGE,
            (True, False): Gimp.ImageType.GRAY_IMAGE,
            (True, True): Gimp.ImageType.GRAYA_IMAGE}[gray, alpha]
    layer = Gimp.Layer.new(image, "source", data.shape[1], data.shape[0],
                           kind, 100, Gimp.LayerMode.NORMAL)
    image.insert_layer(layer, parent, 0)
    layer.set_offsets(*offsets)
    write(layer, data)
    return layer


def call(image, drawables=None, mode=Gimp.RunMode.NONINTERACTIVE, **values):
    config = PROCEDURE.create_config()
    config.set_property("image", image)
    config.set_property("run-mode", mode)
    config.set_core_object_array(
        "drawables", drawables or image.get_selected_layers())
    for name, value in values.items():
        config.set_property(name.replace("_", "-"), value)
    return PROCEDURE.run(config)


def stylize(image, drawables=None, **values):
    """The new layer; an error is an exception."""
    result = call(image, drawables, **values)
    if result.index(0) != Gimp.PDBStatusType.SUCCESS:
        raise AssertionError(Gimp.get_pdb().get_last_error())
    return result.index(1)


def count(image):
    def below(layers):
        return sum(1 + (below(l.get_children()) if l.is_group() else 0)
                   for l in layers)
    return below(image.get_layers())


def expect(condition, *words):
    if not condition:
        raise AssertionError(" ".join(map(str, words)))


def expect_close(a, b, tolerance, what):
    difference = float(np.abs(a - b).max())
    expect(difference <= tolerance, what, "differ by", difference)


def extent(item):
    _, x, y = item.get_offsets()
    return x, y, item.get_width(), item.get_height()


def expect_failure(image, words, drawables=None, **values):
    before = count(image), image.is_dirty()
    result = call(image, drawables, **values)
    text = Gimp.get_pdb().get_last_error()
    expect(result.index(0) != Gimp.PDBStatusType.SUCCESS, "it went through")
    for word in words:
        expect(word.lower() in text.lower(), repr(word), "is not in", text)
    expect((count(image), image.is_dirty()) == before,
           "the image was touched")


# Kinds of images

KINDS = [
    ("RGB, 8 bit", "RGB", P.U8_NON_LINEAR, False),
    ("RGB with alpha, 8 bit", "RGB", P.U8_NON_LINEAR, True),
    ("RGB with alpha, 8 bit linear", "RGB", P.U8_LINEAR, True),
    ("RGB, 16 bit", "RGB", P.U16_NON_LINEAR, False),
    ("RGB with alpha, 16 bit linear", "RGB", P.U16_LINEAR, True),
    ("RGB with alpha, 32 bit integer", "RGB", P.U32_NON_LINEAR, True),
    ("RGB with alpha, half float", "RGB", P.HALF_NON_LINEAR, True),
    ("RGB, half float linear", "RGB", P.HALF_LINEAR, False),
    ("RGB with alpha, 32 bit float linear", "RGB", P.FLOAT_LINEAR, True),
    ("RGB, 32 bit float", "RGB", P.FLOAT_NON_LINEAR, False),
    ("RGB with alpha, 32 bit float perceptual", "RGB", P.FLOAT_PERCEPTUAL,
     True),
    ("RGB with alpha, 64 bit float", "RGB", P.DOUBLE_LINEAR, True),
    ("gray, 8 bit", "GRAY", P.U8_NON_LINEAR, False),
    ("gray with alpha, 8 bit", "GRAY", P.U8_NON_LINEAR, True),
    ("gray with alpha, 16 bit", "GRAY", P.U16_NON_LINEAR, True),
    ("gray, 32 bit float linear", "GRAY", P.FLOAT_LINEAR, False),
]
ALPHA = {"u8": ("A u8", np.uint8), "u16": ("A u16", np.uint16),
         "u32": ("A u32", np.uint32), "half": ("A half", np.uint16),
         "float": ("A float", np.uint32), "double": ("A double", np.uint64)}


def alpha_bytes(layer, precision):
    """Alpha as it lies in the image's own precision."""
    nick = precision.value_nick.split("-")[0]
    return read(layer, *ALPHA[nick])


def check_kind(base, precision, alpha, references):
    kind = getattr(Gimp.ImageBaseType, base)
    image = new_image(kind, precision, alpha)
    source = image.get_layers()[0]
    before = read(source)
    layer = stylize(image, style="amber")
    expect(image.get_layers()[0] == layer, "not above its source")
    expect(layer.get_name() == "Amber", "its name is", layer.get_name())
    expect(count(image) == 2, "layers:", count(image))
    expect(extent(layer) == extent(source), extent(layer))
    expect(layer.type() == source.type(), layer.type())
    expect(np.array_equal(read(source), before), "the source changed")
    if alpha:
        expect(np.array_equal(alpha_bytes(layer, precision),
                              alpha_bytes(source, precision)), "alpha changed")
    colors = read(layer)
    visible = colors[..., 3] > 0
    expect(np.abs(colors - before)[visible][..., :3].max() > 0.05,
           "nothing was painted")
    # The same photo gives the same painting in every precision.
    reference = references.setdefault((base, alpha), colors)
    tolerance = 0.06 if precision == P.U8_LINEAR else 0.03
    expect_close(colors[visible][:, :3], reference[visible][:, :3], tolerance,
                 "paintings")
    image.delete()


def check_strength_zero(precision):
    image = new_image(precision=precision)
    source = image.get_layers()[0]
    layer = stylize(image, style="amber", strength=0.0)
    seen = read(source)[..., 3] > 0
    expect(np.array_equal(read(layer)[seen], read(source)[seen]),
           "strength 0 changed the photo")
    image.delete()


def check_profile():
    """A wide-gamut image shows the same painting as its sRGB twin."""
    data = photo()
    plain = new_image(precision=P.U16_NON_LINEAR, data=data)
    wide = new_image(precision=P.U16_NON_LINEAR, data=data)
    wide.convert_color_profile(
        Gimp.ColorProfile.new_rgb_adobe(),
        Gimp.ColorRenderingIntent.RELATIVE_COLORIMETRIC, True)
    raw = read(wide.get_layers()[0], "R'G'B'A u16", np.uint16)
    expect(len(raw), "unreadable")
    a = read(stylize(plain, style="coral-reef"))
    b = read(stylize(wide, style="coral-reef"))
    seen = a[..., 3] > 0
    expect_close(a[seen], b[seen], 0.03, "paintings in sRGB and Adobe RGB")
    layer = wide.get_layers()[0]
    profile = wide.get_color_profile()
    expect(profile and "Adobe" in profile.get_label(), "the profile went")
    expect(layer.get_buffer() is not None, "no buffer")
    plain.delete()
    wide.delete()


def check_profile_zero():
    image = new_image(precision=P.U8_NON_LINEAR)
    image.set_color_profile(Gimp.ColorProfile.new_rgb_adobe())
    source = image.get_layers()[0]
    layer = stylize(image, strength=0.0)
    seen = read(source)[..., 3] > 0
    expect_close(read(layer)[seen], read(source)[seen], 1e-6, "photos")
    image.delete()


def check_out_of_range():
    data = photo()
    data[:20, :, :3] *= 4
    data[20:30, :, :3] -= 1
    data[5, 5, :3] = np.nan
    data[..., 3] = 1
    image = new_image(precision=P.FLOAT_NON_LINEAR, data=data)
    result = read(stylize(image, style="amber"))
    expect(np.isfinite(result).all(), "not finite")
    image.delete()


# Alpha

def check_hidden_colors():
    results = []
    for garbage in (0.0, 1.0, 37.0):
        data = photo()
        hidden = data[..., 3] == 0
        expect(hidden.any(), "nothing is hidden")
        data[hidden, :3] = garbage
        image = new_image(precision=P.FLOAT_NON_LINEAR, data=data)
        results.append(read(stylize(image, style="amber")))
        image.delete()
    for other in results[1:]:
        expect(np.array_equal(results[0][~hidden], other[~hidden]),
               "hidden colours shine through")


def check_all_hidden():
    data = photo()
    data[..., 3] = 0
    image = new_image(data=data)
    expect((read(stylize(image))[..., 3] == 0).all(), "alpha changed")
    image.delete()


# Places

def check_size(width, height):
    image = new_image(data=photo(width, height))
    layer = stylize(image)
    expect(extent(layer) == (0, 0, width, height), extent(layer))
    image.delete()


def check_offsets():
    image = new_image(offsets=(-20, 33), size=(64, 64))
    layer = stylize(image)
    expect(extent(layer) == (-20, 33, WIDTH, HEIGHT), extent(layer))
    image.delete()


def check_group():
    image = new_image()
    outer = Gimp.GroupLayer.new(image, "outer")
    image.insert_layer(outer, None, 0)
    inner = Gimp.GroupLayer.new(image, "inner")
    image.insert_layer(inner, outer, 0)
    add_layer(image, photo(20, 20), parent=inner)
    source = add_layer(image, photo(), parent=inner, offsets=(3, 4))
    add_layer(image, photo(20, 20), parent=inner)
    layer = stylize(image, [source])
    expect(layer.get_parent() == inner, "it is in", layer.get_parent())
    names = [child.get_id() for child in inner.get_children()]
    expect(names.index(layer.get_id()) + 1 == names.index(source.get_id()),
           "not right above its source")
    image.delete()


def check_group_itself():
    image = new_image()
    group = Gimp.GroupLayer.new(image, "group")
    image.insert_layer(group, None, 0)
    add_layer(image, photo(40, 30), parent=group, offsets=(10, 5))
    layer = stylize(image, [group])
    expect(extent(layer) == (10, 5, 40, 30), extent(layer))
    expect(layer.get_parent() is None, "it is within the group")
    expect(image.get_layers()[0] == layer, "not above the group")
    expect(not layer.is_group(), "it is a group")
    image.delete()


def check_empty_group():
    image = new_image()
    group = Gimp.GroupLayer.new(image, "group")
    image.insert_layer(group, None, 0)
    stylize(image, [group])
    image.delete()


def check_filters():
    """What is seen is painted, not what lies under a layer's filters."""
    image = new_image()
    images = len(Gimp.get_images())
    source = image.get_layers()[0]
    plain = read(stylize(image, [source], style="amber"))
    image.remove_layer(image.get_layers()[0])
    filter_ = Gimp.DrawableFilter.new(source, "gegl:invert-gamma", "Invert")
    source.append_filter(filter_)
    filtered = read(stylize(image, [source], style="amber"))
    image.remove_layer(image.get_layers()[0])
    source.merge_filters()
    merged = read(stylize(image, [source], style="amber"))
    seen = merged[..., 3] > 0
    expect_close(filtered[seen], merged[seen], 1e-5, "filtered and merged")
    expect(np.abs(plain - merged)[seen].max() > 0.02, "the filter was ignored")
    expect(len(Gimp.get_images()) == images, "an image was left behind")
    image.delete()


# Selections and masks

def mask_of(layer):
    mask = layer.get_mask()
    expect(mask is not None, "there is no mask")
    return read(mask, "Y u8", np.uint8)[..., 0]


def check_selection():
    image = new_image(offsets=(5, 5), size=(100, 100))
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 20, 25, 30, 20)
    layer = stylize(image)
    expect(extent(layer) == (20, 25, 30, 20), extent(layer))
    expect((mask_of(layer) == 255).all(), "the mask hides something")
    expect(not Gimp.Selection.is_empty(image), "the selection went")
    image.delete()


def check_ellipse():
    image = new_image(size=(100, 100))
    image.select_ellipse(Gimp.ChannelOps.REPLACE, 10, 10, 50, 40)
    layer = stylize(image)
    mask = mask_of(layer)
    expect(mask[0, 0] == 0 and mask[20, 25] == 255, "not the selection")
    image.delete()


def check_feathered():
    image = new_image(offsets=(-4, 3), size=(100, 100))
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 30, 30, 30, 20)
    Gimp.Selection.feather(image, 12)
    layer = stylize(image)
    x, y, width, height = extent(layer)
    mask = mask_of(layer)
    selection = read(image.get_selection(), "Y u8", np.uint8)[..., 0]
    expect(np.array_equal(mask, selection[y:y + height, x:x + width]),
           "the mask is not the selection")
    expect(len(np.unique(mask)) > 10, "not feathered")
    image.delete()


def check_selection_over_the_edge():
    image = new_image(offsets=(10, 10), size=(200, 200))
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 0, 0, 50, 40)
    layer = stylize(image)
    expect(extent(layer) == (10, 10, 40, 30), extent(layer))
    image.delete()


def check_selection_context():
    """A selection's piece knows its surroundings: it is the same picture as
    the whole where the margin reaches the layer's edges."""
    image = new_image()
    source = image.get_layers()[0]
    whole = read(stylize(image, [source], style="amber"))
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 30, 30, 20, 20)
    part = read(stylize(image, [source], style="amber"))
    expect_close(part, whole[30:50, 30:50], 1e-6, "part and whole")
    image.delete()


def check_layer_mask():
    image = new_image()
    source = image.get_layers()[0]
    mask = source.create_mask(Gimp.AddMaskType.WHITE)
    source.add_mask(mask)
    values = np.tile(np.arange(WIDTH, dtype=np.uint8), (HEIGHT, 1))
    write(mask, values[..., None], "Y u8")
    layer = stylize(image, [mask])
    expect(np.array_equal(mask_of(layer), values), "the mask was not kept")
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 40, 10, 20, 20)
    layer = stylize(image, [source])
    expect(np.array_equal(mask_of(layer), values[10:30, 40:60]),
           "mask and selection")
    image.delete()


# Arguments

def check_default_style():
    image = new_image()
    expect(stylize(image).get_name() == "Amber", "not the first style")
    image.delete()


def check_style_case():
    image = new_image()
    expect(stylize(image, style="Blue-Hour").get_name() == "Blue Hour",
           "another style")
    image.delete()


def check_styles_differ():
    image = new_image()
    source = image.get_layers()
    a = read(stylize(image, source, style="amber"))
    b = read(stylize(image, source, style="coral-reef"))
    c = read(stylize(image, source, style="amber", strength=50.0))
    d = read(stylize(image, source, style="amber", brush_size=300.0))
    for other in (b, c, d):
        expect(np.abs(a - other).max() > 0.01, "no difference")
    image.delete()


def check_last_values():
    image = new_image()
    stylize(image, mode=Gimp.RunMode.WITH_LAST_VALS)
    expect(count(image) == 2, "no layer")
    image.delete()


def check_misspelt():
    image = new_image()
    expect_failure(image, ["amberr", "amber"], style="amberr")
    image.delete()


def check_indexed():
    image = new_image(alpha=False)
    image.convert_indexed(Gimp.ConvertDitherType.NONE,
                          Gimp.ConvertPaletteType.GENERATE, 16, False, False,
                          "")
    expect_failure(image, ["Image > Mode > RGB"])
    image.delete()


def check_outside():
    image = new_image(offsets=(0, 0), size=(300, 300))
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 200, 200, 50, 50)
    expect_failure(image, ["outside the layer", "Select > None"])
    image.delete()


def check_floating():
    image = new_image()
    source = image.get_layers()[0]
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 20, 20, 30, 30)
    Gimp.edit_copy([source])
    floating = Gimp.edit_paste(source, True)
    expect_failure(image, ["floating", "anchor"], [floating[0]])
    image.delete()


def check_channel():
    image = new_image()
    channel = Gimp.Channel.new(image, "c", WIDTH, HEIGHT, 50,
                               Gegl.Color.new("red"))
    image.insert_channel(channel, None, 0)
    expect_failure(image, ["channel", "select a layer"], [channel])
    image.delete()


def check_two_layers():
    image = new_image()
    add_layer(image, photo())
    expect_failure(image, ["one layer"], image.get_layers())
    image.delete()


def check_menu():
    expect(PROCEDURE.get_menu_paths() == ["<Image>/Filters/Artistic"],
           PROCEDURE.get_menu_paths())
    expect(PROCEDURE.get_blurb() and PROCEDURE.get_help(), "no help text")


def main():
    with open(os.environ["PASTICHE_TAP"], "w", encoding="utf-8") as out:
        tap = Tap(out)
        references = {}
        for name, base, precision, alpha in KINDS:
            tap.run("kind: " + name, check_kind, base, precision, alpha,
                    references)
        for size in ((1, 1), (3, 200), (200, 3), (2, 2)):
            tap.run("size: %dx%d" % size, check_size, *size)
        for precision in (P.U8_NON_LINEAR, P.U16_NON_LINEAR):
            tap.run("strength 0 is the photo, " + precision.value_nick,
                    check_strength_zero, precision)
        for name, check in sorted(globals().items()):
            if name.startswith("check_") and check.__code__.co_argcount == 0:
                tap.run(name[6:].replace("_", " "), check)
        print(f"1..{tap.count}", file=out)


main()
