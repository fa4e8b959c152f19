# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) the Pastiche authors
"""Pastiche's own sample picture: a lighthouse cove in evening light.

Everything (terrain, plants, buildings, boats, clouds) is made here by
arithmetic; nothing is loaded from a file. Written for Blender 3.4 (Cycles on
the CPU) with numpy and scipy:

    blender -b -P scene.py -- --size 1536x1024 --spp 200 --out sample.jpg
    blender -b -P scene.py -- --cam close --size 768x512 --out sample-2.jpg
"""
import argparse
import math
import random
import sys
import time

import bpy
import numpy as np
from mathutils import Matrix, Vector
from scipy.ndimage import map_coordinates

ap = argparse.ArgumentParser()
ap.add_argument("--size", default="480x320")
ap.add_argument("--spp", type=int, default=16)
ap.add_argument("--cam", default="main", choices=["main", "close"])
ap.add_argument("--clouds", type=int, default=1200, help="cloud map width")
ap.add_argument("--threads", type=int, default=0)
ap.add_argument("--exposure", type=float, default=0.5)
ap.add_argument("--limit", type=float, default=0, help="stop sampling after this many seconds")
ap.add_argument("--crop", default="", help="render only x0,x1,y0,y1 (fractions, from the lower left)")
ap.add_argument("--out", default="sample.png")
A = ap.parse_args(sys.argv[sys.argv.index("--") + 1:] if "--" in sys.argv else [])
T0 = time.time()


def log(*a):
    print("[%5.1fs]" % (time.time() - T0), *a, flush=True)


rng = np.random.default_rng(7)
random.seed(7)

# Light: the sun stands to the left of the camera (which looks along +Y).
SUN_AZ = math.radians(-98)      # from +Y, clockwise; negative is left
SUN_EL = math.radians(13)
SUN = np.array([math.sin(SUN_AZ) * math.cos(SUN_EL),
                math.cos(SUN_AZ) * math.cos(SUN_EL), math.sin(SUN_EL)])
SUN_E = 5.8
SUN_RGB = np.array([1.0, 0.76, 0.50])
HAZE_RGB = np.array([0.52, 0.60, 0.74]) * 0.62


# ------------------------------------------------------------------ noise
def _hash(ix, iy, seed):
    h = (ix.astype(np.int64) * 374761393 + iy.astype(np.int64) * 668265263
         + seed * 974634713) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 1274126177) & 0xFFFFFFFF
    return ((h ^ (h >> 16)) & 0xFFFFFF) / float(0xFFFFFF) * 2 - 1


def vnoise(x, y, seed=0):
    """Value noise and its two derivatives."""
    fx, fy = np.floor(x), np.floor(y)
    ix, iy = fx.astype(np.int64), fy.astype(np.int64)
    u, v = x - fx, y - fy
    su, sv = u**3 * (u * (u * 6 - 15) + 10), v**3 * (v * (v * 6 - 15) + 10)
    du, dv = 30 * u * u * (u * (u - 2) + 1), 30 * v * v * (v * (v - 2) + 1)
    a, b = _hash(ix, iy, seed), _hash(ix + 1, iy, seed)
    c, d = _hash(ix, iy + 1, seed), _hash(ix + 1, iy + 1, seed)
    k1, k2, k4 = b - a, c - a, a - b - c + d
    return (a + k1 * su + k2 * sv + k4 * su * sv,
            (k1 + k4 * sv) * du, (k2 + k4 * su) * dv)


def fbm(x, y, octaves=5, seed=0, gain=0.5, erode=0.0):
    """Fractal noise; erode > 0 damps detail on slopes, like weathering."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    x, y = np.broadcast_arrays(x, y)
    s = np.zeros(x.shape)
    dx, dy = np.zeros(x.shape), np.zeros(x.shape)
    amp = 1.0
    for o in range(octaves):
        n, a, b = vnoise(x, y, seed + o)
        dx += a * amp * (0.5 if erode else 0)
        dy += b * amp * (0.5 if erode else 0)
        s += amp * n / (1 + erode * (dx * dx + dy * dy))
        amp *= gain
        x, y = 1.6 * x - 1.2 * y + 3.1, 1.2 * x + 1.6 * y - 7.7
    return s


def sstep(a, b, x):
    t = np.clip((x - a) / (b - a), 0, 1)
    return t * t * (3 - 2 * t)


# ---------------------------------------------------------------- terrain
def height(x, y):
    """Height above the water, near part of the scene (metres)."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    wob = fbm(x / 9, y / 9, 4, 11) * 1.6
    # the bank we stand on; its shore swings away to the right
    ys = 15 + 0.035 * np.clip(x - 3, 0, None) ** 2 - 0.25 * np.clip(-x, 0, 30) + wob
    d = ys - y
    h = np.where(d > 0, 2.7 * (1 - np.exp(-np.maximum(d, 0) / 4.5)), d * 0.28)
    # headland with the lighthouse
    w2 = fbm(x / 16, y / 16, 4, 21)
    r = np.sqrt(((x - 33) / 26) ** 2 + ((y - 101) / 17) ** 2) + 0.20 * w2
    hl = 9.2 * sstep(1.12, 0.62, r) + 1.5 * sstep(1.35, 1.0, r) - 4.5 * sstep(0.9, 1.6, r)
    # wooded hill closing the view to the right
    r2 = np.sqrt(((x - 105) / 62) ** 2 + ((y - 125) / 62) ** 2) + 0.14 * w2
    hr = 27 * sstep(1.0, 0.15, r2) + 4 * sstep(1.16, 0.95, r2) - 5 * sstep(1.0, 1.5, r2)
    k = 0.9
    m = np.maximum(np.maximum(h, hl), hr)
    h = m + np.log(np.exp((h - m) / k) + np.exp((hl - m) / k) + np.exp((hr - m) / k)) * k - 0.1
    land = sstep(-0.6, 1.2, h)
    h = h + land * (0.45 * fbm(x / 5, y / 5, 5, 31) + 0.10 * fbm(x / 1.1, y / 1.1, 3, 41))
    return np.maximum(h, -12)


def hills(x, y):
    """Wooded far shore."""
    e = sstep(420, 640, y + 60 * fbm(x / 160, y / 160, 3, 51)) * sstep(1500, 900, y)
    lean = 0.55 + 0.45 * sstep(260, -420, x)
    return e * lean * (62 + 46 * fbm(x / 260, y / 260, 6, 52)) - 6


def mountains(x, y, y0, y1, top, scale, seed, cx, width):
    e = np.sin(np.pi * np.clip((y - y0) / (y1 - y0), 0, 1)) ** 0.8
    side = 0.35 + 0.65 * np.exp(-((x - cx) / width) ** 2)
    n = fbm(x / scale, y / scale, 11, seed, 0.5, erode=0.55)
    r = 1 - np.abs(fbm(x / scale * 0.9 + 9, y / scale * 0.9, 5, seed + 40, 0.45))
    return e * side * top * np.clip(0.30 + 0.45 * n + 0.42 * r, 0, None) - 0.02 * top


# ----------------------------------------------------------- mesh helpers
def mesh(name, verts, faces, mats=(), mat_index=None, smooth=True, attrs=None):
    """faces: an (n, 3) or (n, 4) array, or a list of such arrays."""
    me = bpy.data.meshes.new(name)
    verts = np.ascontiguousarray(verts, np.float32)
    fl = faces if isinstance(faces, list) else [faces]
    fl = [np.asarray(f, np.int32) for f in fl if len(f)]
    idx = np.concatenate([f.ravel() for f in fl])
    cnt = np.concatenate([np.full(len(f), f.shape[1], np.int32) for f in fl])
    me.vertices.add(len(verts))
    me.vertices.foreach_set("co", verts.ravel())
    me.loops.add(len(idx))
    me.loops.foreach_set("vertex_index", idx)
    me.polygons.add(len(cnt))
    st = np.zeros(len(cnt), np.int32)
    st[1:] = np.cumsum(cnt)[:-1]
    me.polygons.foreach_set("loop_start", st)
    me.polygons.foreach_set("loop_total", cnt)
    me.polygons.foreach_set("use_smooth", np.full(len(cnt), smooth))
    for m in mats:
        me.materials.append(m)
    if mat_index is not None:
        me.polygons.foreach_set("material_index", np.asarray(mat_index, np.int32))
    for k, v in (attrs or {}).items():
        at = me.attributes.new(k, "FLOAT", "POINT")
        at.data.foreach_set("value", np.ascontiguousarray(v, np.float32))
    me.update(calc_edges=True)
    return me


def put(me, loc=(0, 0, 0), rot=(0, 0, 0), scale=1.0, name=None):
    ob = bpy.data.objects.new(name or me.name, me)
    ob.location = loc
    ob.rotation_euler = rot
    ob.scale = (scale,) * 3 if np.isscalar(scale) else scale
    bpy.context.scene.collection.objects.link(ob)
    return ob


def grid(xs, ys):
    nx, ny = len(xs), len(ys)
    X, Y = np.meshgrid(xs, ys)
    i = np.arange(nx * ny).reshape(ny, nx)
    f = np.stack([i[:-1, :-1], i[:-1, 1:], i[1:, 1:], i[1:, :-1]], -1).reshape(-1, 4)
    return X.ravel(), Y.ravel(), f


class Build:
    """Collects boxes, tubes and the like into one mesh."""

    def __init__(self):
        self.v, self.q, self.t, self.qm, self.tm, self.n = [], [], [], [], [], 0

    def add(self, v, f, m=0):
        f = np.asarray(f) + self.n
        v = np.asarray(v, float)
        self.v.append(v)
        self.n += len(v)
        if f.shape[1] == 4:
            self.q.append(f)
            self.qm.append(np.full(len(f), m))
        else:
            self.t.append(f)
            self.tm.append(np.full(len(f), m))

    def box(self, lo, hi, m=0, M=None):
        v = np.array([[x, y, z] for z in (lo[2], hi[2]) for y in (lo[1], hi[1]) for x in (lo[0], hi[0])])
        if M is not None:
            v = v @ np.asarray(M)[:3, :3].T + np.asarray(M)[:3, 3]
        self.add(v, [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]], m)

    def lathe(self, prof, n=32, m=0, c=(0, 0), split=False):
        """prof: (radius, z) pairs."""
        for a, b in (zip(prof[:-1], prof[1:]) if split else [(None, None)]):
            p = [a, b] if split else prof
            th = np.arange(n) / n * 2 * np.pi
            v = np.concatenate([np.stack([c[0] + r * np.cos(th), c[1] + r * np.sin(th),
                                          np.full(n, z)], -1) for r, z in p])
            f = [[k * n + i, k * n + (i + 1) % n, (k + 1) * n + (i + 1) % n, (k + 1) * n + i]
                 for k in range(len(p) - 1) for i in range(n)]
            self.add(v, f, m)

    def tube(self, pts, rad, n=6, m=0):
        pts = np.asarray(pts, float)
        rad = np.broadcast_to(rad, (len(pts),))
        tan = np.gradient(pts, axis=0)
        tan /= np.linalg.norm(tan, axis=1)[:, None] + 1e-9
        up = np.where(np.abs(tan[:, 2:3]) > 0.9, [[1.0, 0, 0]], [[0, 0, 1.0]])
        a = np.cross(tan, up)
        a /= np.linalg.norm(a, axis=1)[:, None]
        b = np.cross(tan, a)
        th = np.arange(n) / n * 2 * np.pi
        v = (pts[:, None] + rad[:, None, None] * (np.cos(th)[None, :, None] * a[:, None]
                                                  + np.sin(th)[None, :, None] * b[:, None])).reshape(-1, 3)
        f = [[k * n + i, k * n + (i + 1) % n, (k + 1) * n + (i + 1) % n, (k + 1) * n + i]
             for k in range(len(pts) - 1) for i in range(n)]
        self.add(v, f, m)

    def mesh(self, name, mats, smooth=False, attrs=None):
        mi = np.concatenate(self.qm + self.tm)
        fl = ([np.concatenate(self.q)] if self.q else []) + ([np.concatenate(self.t)] if self.t else [])
        return mesh(name, np.concatenate(self.v), fl, mats, mi, smooth, attrs)


# -------------------------------------------------------------- materials
class Mat:
    """A thin layer over shader nodes."""

    def __init__(self, name):
        self.m = bpy.data.materials.new(name)
        self.m.use_nodes = True
        self.m.cycles.sample_as_light = False
        self.t = self.m.node_tree
        self.t.nodes.clear()
        self.pos = None

    def n(self, kind, ins=None, **props):
        nd = self.t.nodes.new("ShaderNode" + kind)
        for k, v in props.items():
            setattr(nd, k, v)
        for k, v in (ins or {}).items():
            self.set(nd.inputs[k], v)
        return nd

    def set(self, sock, v):
        if isinstance(v, bpy.types.NodeSocket):
            self.t.links.new(v, sock)
        elif isinstance(v, (tuple, list, np.ndarray)):
            v = [float(c) for c in v]
            sock.default_value = v + [1.0] if (sock.type == "RGBA" and len(v) == 3) else v
        else:
            sock.default_value = v

    def math(self, op, a, b=0.0, clamp=False):
        return self.n("Math", {0: a, 1: b}, operation=op, use_clamp=clamp).outputs[0]

    def ramp(self, x, lo, hi, a=0.0, b=1.0):
        return self.n("MapRange", {"Value": x, "From Min": lo, "From Max": hi, "To Min": a, "To Max": b},
                      interpolation_type="SMOOTHSTEP").outputs[0]

    def mix(self, f, a, b, blend="MIX"):
        return self.n("MixRGB", {0: f, 1: a, 2: b}, blend_type=blend).outputs[0]

    def noise(self, scale, detail=4.0, rough=0.5, vec=None, stretch=None, out="Fac", obj=False):
        if vec is None:
            vec = (self.n("TexCoord").outputs["Object"] if obj
                   else self.n("NewGeometry").outputs["Position"])
        if stretch:
            vec = self.n("Mapping", {"Vector": vec, "Scale": stretch}).outputs[0]
        return self.n("TexNoise", {"Vector": vec, "Scale": scale, "Detail": detail,
                                   "Roughness": rough}).outputs[out]

    def bump(self, h, dist, normal=None, strength=1.0):
        ins = {"Height": h, "Distance": dist, "Strength": strength}
        if normal is not None:
            ins["Normal"] = normal
        return self.n("Bump", ins).outputs[0]

    def attr(self, name):
        return self.n("Attribute", attribute_name=name).outputs["Fac"]

    def rand(self):
        return self.n("ObjectInfo").outputs["Random"]

    def bsdf(self, color, rough=0.8, normal=None, spec=0.3, **kw):
        ins = {"Base Color": color, "Roughness": rough, "Specular": spec}
        ins.update(kw)
        if normal is not None:
            ins["Normal"] = normal
        return self.n("BsdfPrincipled", ins).outputs[0]

    def out(self, shader, haze=True):
        if haze:
            d = self.n("CameraData").outputs["View Distance"]
            f = self.math("SUBTRACT", 1.0, self.math("EXPONENT", self.math("MULTIPLY", d, -1 / 5200.0)))
            z = self.n("SeparateXYZ", {0: self.n("NewGeometry").outputs["Position"]}).outputs[2]
            low = self.ramp(z, 0.0, 900.0, 1.0, 0.80)       # thicker near the water
            side = self.math("DIVIDE", self.n("SeparateXYZ", {0: self.n("NewGeometry").outputs["Position"]}).outputs[0], d)
            warm = self.ramp(side, -0.62, 0.25, 0.6, 0.0)  # towards the sun
            hz = self.mix(warm, HAZE_RGB, (0.56, 0.46, 0.41))
            em = self.n("Emission", {"Color": hz, "Strength": 1.0}).outputs[0]
            shader = self.n("MixShader", {0: self.math("MULTIPLY", f, low), 1: shader, 2: em}).outputs[0]
        self.t.links.new(shader, self.n("OutputMaterial").inputs[0])
        return self.m


def mat_plain(name, rgb, rough=0.7, vary=0.25, scale=3.0, bump=0.0, spec=0.3, **kw):
    m = Mat(name)
    n = m.noise(scale, 6, 0.6, obj=True)
    c = m.mix(m.ramp(n, 0.35, 0.7), [v * (1 - vary) for v in rgb], [min(1, v * (1 + vary)) for v in rgb])
    nm = m.bump(n, bump) if bump else None
    return m.out(m.bsdf(c, rough, nm, spec, **kw))


def mat_leaf(name, a, b, trans=0.45, rough=0.5):
    m = Mat(name)
    r = m.mix(m.rand(), a, b)
    k = m.attr("tint")
    c = m.mix(m.ramp(k, 0, 1, 0.0, 1.0), m.mix(1.0, r, (0.55, 0.6, 0.5), "MULTIPLY"),
              m.mix(1.0, r, (1.35, 1.25, 0.95), "MULTIPLY"))
    d = m.bsdf(c, rough, None, 0.25)
    t = m.n("BsdfTranslucent", {"Color": m.mix(1.0, c, (1.3, 1.25, 0.6), "MULTIPLY")}).outputs[0]
    return m.out(m.n("MixShader", {0: trans, 1: d, 2: t}).outputs[0])


def mat_ground():
    m = Mat("ground")
    geo = m.n("NewGeometry")
    z = m.n("SeparateXYZ", {0: geo.outputs["Position"]}).outputs[2]
    up = m.n("SeparateXYZ", {0: geo.outputs["True Normal"]}).outputs[2]
    n1, n2, n3 = m.noise(0.09, 5), m.noise(0.8, 6, 0.6), m.noise(5, 8, 0.65)
    grass = m.mix(m.ramp(n1, 0.35, 0.65), (0.070, 0.095, 0.022), (0.17, 0.15, 0.045))
    grass = m.mix(m.ramp(n3, 0.35, 0.75, 0.0, 0.7), grass, (0.035, 0.05, 0.015))
    rock = m.mix(m.ramp(n2, 0.3, 0.7), (0.10, 0.085, 0.07), (0.36, 0.31, 0.25))
    rock = m.mix(m.ramp(n3, 0.4, 0.7, 0, 0.8), rock, (0.06, 0.055, 0.05))
    bed = m.noise(0.5, 6, 0.6, stretch=(0.35, 0.35, 2.6))
    rock = m.mix(m.ramp(bed, 0.42, 0.62, 0, 0.75), rock, m.mix(1.0, rock, (0.42, 0.38, 0.35), "MULTIPLY"))
    steep = m.ramp(m.math("ADD", up, m.math("MULTIPLY", m.math("SUBTRACT", n2, 0.5), 0.35)), 0.88, 0.74)
    c = m.mix(steep, grass, rock)
    zn = m.math("ADD", z, m.math("MULTIPLY", m.math("SUBTRACT", n2, 0.5), 0.9))
    sand = m.mix(n3, (0.26, 0.21, 0.15), (0.42, 0.35, 0.26))
    c = m.mix(m.ramp(zn, 0.9, 0.5), c, m.mix(steep, sand, rock))
    c = m.mix(m.ramp(z, 0.22, 0.05, 0, 0.75), c, m.mix(1.0, c, (0.28, 0.27, 0.22), "MULTIPLY"))
    nm = m.bump(n3, 0.12, m.bump(n2, 0.5, m.bump(bed, 1.1)))
    return m.out(m.bsdf(c, 0.92, nm, 0.15))


def mat_rock():
    m = Mat("rock")
    n1, n2 = m.noise(0.9, 8, 0.62), m.noise(7, 8, 0.65)
    c = m.mix(m.ramp(n1, 0.32, 0.68), (0.11, 0.095, 0.08), (0.40, 0.345, 0.28))
    c = m.mix(m.ramp(n2, 0.45, 0.75, 0, 0.7), c, (0.05, 0.047, 0.04))
    c = m.mix(m.ramp(m.rand(), 0, 1, 0.0, 0.75), c, m.mix(1.0, c, (0.48, 0.43, 0.38), "MULTIPLY"))
    up = m.n("SeparateXYZ", {0: m.n("NewGeometry").outputs["Normal"]}).outputs[2]
    lich = m.math("MULTIPLY", m.ramp(up, 0.3, 0.9), m.ramp(m.noise(2.2, 6, 0.6), 0.52, 0.64))
    c = m.mix(m.math("MULTIPLY", lich, 0.8), c, (0.36, 0.26, 0.07))
    z = m.n("SeparateXYZ", {0: m.n("NewGeometry").outputs["Position"]}).outputs[2]
    wet = m.ramp(m.math("ADD", z, m.math("MULTIPLY", n1, 0.3)), 0.55, 0.25)
    c = m.mix(wet, c, m.mix(1.0, c, (0.25, 0.25, 0.22), "MULTIPLY"))
    rough = m.ramp(wet, 0, 1, 0.9, 0.35)
    return m.out(m.bsdf(c, rough, m.bump(n2, 0.05, m.bump(n1, 0.25)), 0.3))


def mat_mountain(name, snow, forest):
    m = Mat(name)
    geo = m.n("NewGeometry")
    z = m.n("SeparateXYZ", {0: geo.outputs["Position"]}).outputs[2]
    up = m.n("SeparateXYZ", {0: geo.outputs["Normal"]}).outputs[2]
    n1, n2 = m.noise(0.004, 8, 0.6), m.noise(0.03, 8, 0.65)
    rock = m.mix(m.ramp(n2, 0.3, 0.7), (0.12, 0.105, 0.10), (0.30, 0.26, 0.23))
    green = m.mix(n2, (0.022, 0.036, 0.014), (0.062, 0.068, 0.024))
    green = m.mix(m.ramp(n1, 0.5, 0.62), green, (0.15, 0.12, 0.045))
    zf = m.math("ADD", z, m.math("MULTIPLY", m.math("SUBTRACT", n1, 0.5), forest * 1.2))
    c = m.mix(m.ramp(zf, forest * 0.75, forest * 1.25), green, rock)
    c = m.mix(m.ramp(up, 0.76, 0.58), c, rock)
    zs = m.math("ADD", z, m.math("MULTIPLY", m.math("SUBTRACT", n2, 0.5), snow * 0.7))
    s = m.math("MULTIPLY", m.ramp(zs, snow * 0.9, snow * 1.12), m.ramp(up, 0.50, 0.66))
    c = m.mix(s, c, (0.86, 0.88, 0.92))
    return m.out(m.bsdf(c, 0.95, m.bump(n2, 5.0), 0.1))


def mat_water():
    m = Mat("water")
    depth = m.attr("depth")
    big = m.ramp(m.noise(0.022, 4, stretch=(0.30, 1, 1)), 0.36, 0.64, 0.16, 1.0)   # cat's paws
    dist = m.n("CameraData").outputs["View Distance"]
    near = m.math("DIVIDE", 1.0, m.math("ADD", 1.0, m.math("DIVIDE", dist, 55.0)))

    def waves(scale, angle, stretch, detail):
        v = m.n("Mapping", {"Vector": m.n("NewGeometry").outputs["Position"],
                            "Rotation": (0, 0, math.radians(angle)), "Scale": stretch}).outputs[0]
        return m.noise(scale, detail, 0.5, v)

    nm = m.bump(waves(0.10, 14, (0.45, 1, 1), 1), m.math("MULTIPLY", near, 0.55))
    nm = m.bump(waves(0.42, -24, (0.6, 1, 1), 2), m.math("MULTIPLY", m.math("MULTIPLY", big, near), 0.20), nm)
    nm = m.bump(waves(0.60, 33, (0.6, 1, 1), 2), m.math("MULTIPLY", m.math("MULTIPLY", big, near), 0.16), nm)
    nm = m.bump(waves(2.6, 8, (0.7, 1, 1), 3), m.math("MULTIPLY", m.math("MULTIPLY", big, near), 0.042), nm)
    fac = m.n("Fresnel", {"IOR": 1.333, "Normal": nm}).outputs[0]
    k = m.math("SUBTRACT", 1.0, m.math("EXPONENT", m.math("MULTIPLY", depth, -0.75)))
    clear = m.n("BsdfTransparent", {"Color": (0.62, 0.80, 0.76)}).outputs[0]
    body = m.n("BsdfDiffuse", {"Color": m.mix(m.ramp(depth, 0.3, 4.0), (0.030, 0.105, 0.095),
                                              (0.006, 0.030, 0.042))}).outputs[0]
    base = m.n("MixShader", {0: k, 1: clear, 2: body}).outputs[0]
    gl = m.n("BsdfGlossy", {"Roughness": m.ramp(dist, 10, 500, 0.02, 0.16), "Normal": nm, "Color": (0.96, 0.97, 1.0)}).outputs[0]
    s = m.n("MixShader", {0: fac, 1: base, 2: gl}).outputs[0]
    return m.out(s)


def mat_wood(name, rgb, axis="Y", wet=True):
    m = Mat(name)
    st = {"X": (1, 14, 14), "Y": (14, 1, 14), "Z": (14, 14, 1)}[axis]
    n = m.noise(1.6, 8, 0.65, stretch=st, obj=True)
    n2 = m.noise(0.9, 4, 0.5, obj=True)
    c = m.mix(m.ramp(n, 0.3, 0.7), [v * 0.45 for v in rgb], [min(1, v * 1.3) for v in rgb])
    c = m.mix(m.ramp(n2, 0.4, 0.7, 0, 0.5), c, [v * 0.6 for v in rgb])
    if wet:
        z = m.n("SeparateXYZ", {0: m.n("NewGeometry").outputs["Position"]}).outputs[2]
        c = m.mix(m.ramp(z, 0.35, 0.15), c, (0.025, 0.03, 0.018))
    return m.out(m.bsdf(c, 0.75, m.bump(n, 0.01), 0.25))


def mat_wall(name, rgb):
    m = Mat(name)
    n = m.noise(0.7, 6, 0.6, obj=True)
    streak = m.noise(1.0, 5, 0.6, stretch=(2.5, 2.5, 0.22), obj=True)
    c = m.mix(m.ramp(n, 0.35, 0.7), rgb, [v * 0.84 for v in rgb])
    c = m.mix(m.ramp(streak, 0.55, 0.72, 0, 0.55), c, [rgb[0] * 0.62, rgb[1] * 0.56, rgb[2] * 0.48])
    return m.out(m.bsdf(c, 0.85, None, 0.2))


def mat_roof(name, a, b):
    m = Mat(name)
    tc = m.n("TexCoord").outputs["Object"]
    w1 = m.n("TexWave", {"Vector": tc, "Scale": 1.3, "Distortion": 0.4, "Detail": 2.0},
             bands_direction="X").outputs["Fac"]
    w2 = m.n("TexWave", {"Vector": tc, "Scale": 1.1, "Distortion": 0.3}, bands_direction="Z",
             wave_profile="SAW").outputs["Fac"]
    n, n2 = m.noise(2.5, 6, 0.7, obj=True), m.noise(0.6, 4, obj=True)
    c = m.mix(m.ramp(n, 0.35, 0.65), a, b)
    c = m.mix(m.ramp(n2, 0.5, 0.7, 0, 0.5), c, (0.10, 0.085, 0.05))
    c = m.mix(m.ramp(w2, 0.0, 0.25, 0.55, 0.0), c, (0.03, 0.02, 0.015))
    return m.out(m.bsdf(c, 0.8, m.bump(w1, 0.06, m.bump(w2, 0.05)), 0.2))


# ------------------------------------------------------------ vegetation
def leaf_quads(c, size, out=None, droop=0.0):
    """One small folded quad for each centre."""
    n = len(c)
    d = rng.normal(size=(n, 3))
    if out is not None:
        d = d + out * 0.9
    d[:, 2] -= droop
    d /= np.linalg.norm(d, axis=1)[:, None]
    s = np.cross(d, rng.normal(size=(n, 3)))
    s /= np.linalg.norm(s, axis=1)[:, None] + 1e-9
    nrm = np.cross(d, s)
    L = size * rng.uniform(0.7, 1.3, (n, 1))
    v = np.stack([c, c + d * L * 0.5 + s * L * 0.32 + nrm * L * 0.10, c + d * L,
                  c + d * L * 0.5 - s * L * 0.32 + nrm * L * 0.10], 1).reshape(-1, 3)
    return v, np.arange(4 * n).reshape(n, 4)


def rot_about(v, axis, ang):
    axis = axis / np.linalg.norm(axis)
    return (v * math.cos(ang) + np.cross(axis, v) * math.sin(ang)
            + axis * np.dot(axis, v) * (1 - math.cos(ang)))


def broadleaf(seed, h=9.0, spread=0.62, leaf=0.17, per_tip=34, levels=5, mats=()):
    r = random.Random(seed)
    B = Build()
    tips = []

    def grow(p, d, length, rad, lev):
        pts, q, dd = [p], p, d
        for _ in range(3):
            dd = dd + np.array([r.gauss(0, .12), r.gauss(0, .12), r.gauss(0, .08) + 0.04])
            dd /= np.linalg.norm(dd)
            q = q + dd * length / 3
            pts.append(q)
        B.tube(pts, np.linspace(rad, rad * 0.68, 4), 7 if lev < 2 else 4)
        if lev >= 2:
            tips.append((pts[2], lev))
        if lev == levels:
            tips.append((q, lev))
            return
        k = 3 if lev else 4
        ph = r.uniform(0, 6.28)
        for i in range(k + (r.random() < 0.35)):
            ax = np.cross(dd, [0.3, 0.2, 1.0] if abs(dd[2]) < .9 else [1.0, 0, 0])
            nd = rot_about(dd, ax, spread * r.uniform(0.6, 1.35))
            nd = rot_about(nd, dd, ph + i * 6.283 / k + r.gauss(0, .3))
            at = pts[3] if i else pts[r.choice([2, 3])]
            grow(at, nd, length * r.uniform(0.62, 0.86), rad * 0.58, lev + 1)

    grow(np.zeros(3), np.array([0, 0, 1.0]), h * 0.27, h * 0.027, 0)
    P = np.array([t[0] for t in tips])
    per = np.array([per_tip if t[1] == levels else per_tip // 3 for t in tips])
    c = np.repeat(P, per, 0) + rng.normal(size=(per.sum(), 3)) * h * 0.034
    mid = P.mean(0)
    out = c - mid
    rad = np.linalg.norm(out, axis=1)
    out /= rad[:, None] + 1e-9
    v, f = leaf_quads(c, leaf, out, 0.35)
    n0 = B.n
    B.add(v, f, 1)
    tint = np.zeros(B.n)
    tv = np.clip(rad / np.percentile(rad, 97) * 0.6 + rng.normal(0, .18, len(c)) + 0.15, 0, 1)
    tint[n0:] = np.repeat(tv, 4)
    return B.mesh("tree%d" % seed, mats, True, {"tint": tint})


def conifer(seed, h=14.0, mats=()):
    r = random.Random(seed)
    B = Build()
    B.tube([[0, 0, 0], [0.05, 0, h * .5], [0, 0, h]], [h * .02, h * .012, 0.02], 7)
    cs, outs, tt = [], [], []
    z = h * 0.07
    while z < h * 0.985:
        R = (h - z) * 0.20 * (1 - 0.25 * math.exp(-z / h * 8)) * r.uniform(.8, 1.12)
        k = r.randint(5, 7)
        ph = r.uniform(0, 6.28)
        for i in range(k):
            a = ph + i * 6.283 / k + r.gauss(0, .2)
            Ri = R * r.uniform(.45, 1.25)
            t = np.linspace(0, 1, 5)
            rr = Ri * t
            zz = z - 0.30 * Ri * t + 0.22 * Ri * t**3
            pts = np.stack([rr * math.cos(a), rr * math.sin(a), zz], -1)
            B.tube(pts, np.linspace(0.02 + Ri * .012, 0.008, 5), 3)
            m = int(30 + 60 * Ri)
            u = np.sqrt(rng.uniform(0.02, 1, m))
            c = np.stack([np.interp(u, t, pts[:, j]) for j in range(3)], -1)
            side = np.array([-math.sin(a), math.cos(a), 0])
            c += side * (rng.normal(0, .16, (m, 1)) * Ri * (1.15 - u[:, None])) + rng.normal(0, .05, (m, 3))
            cs.append(c)
            outs.append(np.tile([math.cos(a), math.sin(a), -.25], (m, 1)))
            tt.append(np.clip(u * 0.8 + rng.normal(0, .15, m), 0, 1))
        z += h * 0.030 * r.uniform(.8, 1.25)
    c, o = np.concatenate(cs), np.concatenate(outs)
    v, f = leaf_quads(c, 0.24, o, 0.35)
    n0 = B.n
    B.add(v, f, 1)
    tint = np.zeros(B.n)
    tint[n0:] = np.repeat(np.concatenate(tt), 4)
    return B.mesh("conifer%d" % seed, mats, True, {"tint": tint})


def grass_patch(n, size, hgt, width, mats, dry=0.25, lean=0.5):
    """A tuft-covered square of curved blades."""
    cl = rng.uniform(-size / 2, size / 2, (max(4, n // 14), 2))
    base = cl[rng.integers(0, len(cl), n)] + rng.normal(0, size * 0.045, (n, 2))
    H = hgt * rng.uniform(0.4, 1.25, n)
    a = rng.uniform(0, 2 * np.pi, n)
    ln = lean * np.abs(rng.normal(0.5, 0.4, n))
    dx = np.cos(a) + 0.7                       # a little wind to the right
    dy = np.sin(a)
    V = []
    for t in (0, 0.4, 0.75, 1.0):
        w = width * (1 - t) ** 0.7 * 0.5 + 0.0006
        cx = base[:, 0] + dx * ln * H * t**2
        cy = base[:, 1] + dy * ln * H * t**2
        z = H * t * (1 - 0.25 * ln * t)
        px, py = -np.sin(a) * w, np.cos(a) * w
        V += [np.stack([cx + px, cy + py, z], -1), np.stack([cx - px, cy - py, z], -1)]
    v = np.stack(V, 1).reshape(-1, 3)
    i0 = np.arange(n)[:, None] * 8
    f = np.concatenate([i0 + [k, k + 1, k + 3, k + 2] for k in (0, 2, 4)])
    tint = np.repeat(np.clip(rng.normal(.45, .22, n), 0, 1), 8)
    mi = np.tile((rng.random(n) < dry).astype(int), 3)
    return mesh("grass", v, f, mats, mi, True, {"tint": tint})


def flower(kind, mats):
    """mats: stem, petal, centre."""
    B = Build()
    H = rng.uniform(.32, .55)
    b = rng.normal(0, .06, 2)
    B.tube([[0, 0, 0], [b[0] * .4, b[1] * .4, H * .6], [b[0], b[1], H]], [.004, .0032, .0025], 4, 0)
    top = np.array([b[0], b[1], H])
    if kind == "spike":                        # lupin-like
        for k in range(70):
            t = k / 70
            a, rr = k * 2.4, .032 * (1 - t * .75)
            c = top + [rr * math.cos(a), rr * math.sin(a), t * .24]
            v, f = leaf_quads(np.array([c]), .026, np.array([[math.cos(a), math.sin(a), .4]]) * 2)
            B.add(v, f, 1)
    else:
        n, R, cup = (5, .042, .55) if kind == "poppy" else (11, .026, .1)
        tilt = Matrix.Rotation(rng.uniform(.1, .8), 3, Vector((rng.normal(), rng.normal(), 0.01)).normalized())
        for k in range(n):
            a = k * 6.283 / n + rng.normal(0, .08)
            w = 6.283 / n * (.75 if kind == "poppy" else .38)
            P = [(0, 0, 0)]
            for rr, aa in ((.6, -w * .8), (1, -w * .45), (1.05, w * .45), (.6, w * .8)):
                P.append((R * rr * math.cos(a + aa), R * rr * math.sin(a + aa), R * cup * rr**2 + rng.normal(0, .002)))
            P = np.array([list(tilt @ Vector(p)) for p in P]) + top
            B.add(P, [[0, 1, 2], [0, 2, 3], [0, 3, 4]], 1)
        th = np.arange(8) * .7854
        c = np.stack([.011 * np.cos(th), .011 * np.sin(th), np.full(8, .007)], -1)
        c = np.concatenate([c, [[0, 0, .014]]])
        c = np.array([list(tilt @ Vector(p)) for p in c]) + top
        B.add(c, [[i, (i + 1) % 8, 8] for i in range(8)], 2)
    me = B.mesh("flower", mats, True)
    at = me.attributes.new("tint", "FLOAT", "POINT")
    at.data.foreach_set("value", np.full(B.n, .6, np.float32))
    return me


def boulder(seed, mat, sub=4):
    import bmesh
    bm = bmesh.new()
    bmesh.ops.create_icosphere(bm, subdivisions=sub, radius=1)
    r = np.random.default_rng(seed)
    planes = r.normal(size=(14, 3))
    planes /= np.linalg.norm(planes, axis=1)[:, None]
    offs = r.uniform(.52, .86, 14)
    for v in bm.verts:
        p = np.array(v.co)
        for nrm, o in zip(planes, offs):       # chip flat faces off
            d = p @ nrm - o
            if d > 0:
                p = p - nrm * d * .93
        k = float(fbm(p[0] * 2.3 + seed, p[1] * 2.3 + p[2] * 1.7, 5, seed)) * .085
        v.co = Vector(p * (1 + k) * np.array([1.15, .9, .72]))
    me = bpy.data.meshes.new("boulder")
    bm.to_mesh(me)
    bm.free()
    me.materials.append(mat)
    me.polygons.foreach_set("use_smooth", np.ones(len(me.polygons), bool))
    return me


# -------------------------------------------------------------- buildings
def house(w, d, h, pitch, mats, chim=1, seed=0):
    """mats: wall, roof, glass, frame, door, stone; ridge along x."""
    r = random.Random(seed)
    B = Build()
    B.box((-w / 2 - .06, -d / 2 - .06, -2.5), (w / 2 + .06, d / 2 + .06, .35), 5)
    B.box((-w / 2, -d / 2, 0), (w / 2, d / 2, h), 0)
    rh = d / 2 * pitch
    for s in (-1, 1):
        x = s * w / 2
        B.add([[x, -d / 2, h], [x, d / 2, h], [x, 0, h + rh]], [[0, 1, 2]], 0)
    ov, th = .38, .14
    for s in (-1, 1):
        e = [(-w / 2 - .25, s * (d / 2 + ov), h - ov * pitch), (w / 2 + .25, s * (d / 2 + ov), h - ov * pitch),
             (w / 2 + .25, 0, h + rh), (-w / 2 - .25, 0, h + rh)]
        v = np.array(e + [(x, y, z + th) for x, y, z in e])
        B.add(v, [[0, 1, 2, 3], [7, 6, 5, 4], [0, 4, 5, 1], [1, 5, 6, 2], [3, 7, 4, 0]], 1)
        B.box((-w / 2 - .2, s * (d / 2 + ov) - .05, h - ov * pitch - .10),
              (w / 2 + .2, s * (d / 2 + ov) + .05, h - ov * pitch + .02), 3)
    for i in range(chim):
        x = (-1, 1)[i % 2] * (w / 2 - .55)
        B.box((x - .35, -.3, h + rh * .4), (x + .35, .3, h + rh + 1.0), 5)
        B.box((x - .42, -.37, h + rh + .95), (x + .42, .37, h + rh + 1.1), 5)
        B.lathe([(.13, h + rh + 1.1), (.11, h + rh + 1.5), (.08, h + rh + 1.5)], 8, 1, (x, 0))

    def window(x, z, ww, hh, face):
        # face: (origin axis, sign): windows stand proud of the wall by a frame
        ax, s = face
        def bx(u0, u1, z0, z1, o0, o1, m):
            if ax == "y":
                a, b = s * (d / 2 + o0), s * (d / 2 + o1)
                B.box((u0, min(a, b), z0), (u1, max(a, b), z1), m)
            else:
                a, b = s * (w / 2 + o0), s * (w / 2 + o1)
                B.box((min(a, b), u0, z0), (max(a, b), u1, z1), m)
        bx(x - ww / 2, x + ww / 2, z, z + hh, -.05, .012, 2)
        t = .06
        for u0, u1, z0, z1 in ((x - ww / 2 - t, x - ww / 2, z, z + hh), (x + ww / 2, x + ww / 2 + t, z, z + hh),
                               (x - ww / 2 - t, x + ww / 2 + t, z + hh, z + hh + t),
                               (x - .025, x + .025, z, z + hh), (x - ww / 2, x + ww / 2, z + hh * .5 - .02, z + hh * .5 + .02)):
            bx(u0, u1, z0, z1, -.05, .05, 3)
        bx(x - ww / 2 - .14, x + ww / 2 + .14, z - .1, z, -.05, .12, 5)
        if r.random() < .7:                    # shutters
            bx(x - ww / 2 - t - ww * .5, x - ww / 2 - t, z, z + hh, 0, .045, 4)
            bx(x + ww / 2 + t, x + ww / 2 + t + ww * .5, z, z + hh, 0, .045, 4)

    k = max(2, int(w / 2.6))
    door = r.randrange(k)
    for s in (-1, 1):
        for i in range(k):
            x = (i + .5) / k * w - w / 2
            if i == door and s == -1:
                B.box((x - .5, -d / 2 - .03, 0), (x + .5, -d / 2 + .05, 2.1), 4)
                B.box((x - .62, -d / 2 - .05, 2.1), (x + .62, -d / 2 + .05, 2.25), 3)
            else:
                window(x, 1.0, .8, 1.15, ("y", s))
            if h > 4:
                window(x, 3.4, .75, 1.05, ("y", s))
    for s in (-1, 1):
        window(-d * .22, 1.0, .75, 1.1, ("x", s))
        window(d * .22, 1.0, .75, 1.1, ("x", s))
        window(0, h + rh * .12, .6, .9, ("x", s))
    return B.mesh("house", mats, False)


def lighthouse(mats):
    """mats: white, red, dark metal, glass, stone, lamp."""
    B = Build()
    B.lathe([(3.6, -3), (3.5, .2), (3.2, .9), (2.75, .9)], 48, 4, split=True)
    H = 15.5
    prof = [(2.65 - 1.0 * (t ** .85), .9 + t * (H - .9)) for t in np.linspace(0, 1, 40)]
    n = len(prof)
    for a, b, m in ((0, 15, 0), (15, 26, 1), (26, 40, 0)):
        B.lathe(prof[a:min(b + 1, n)], 48, m)
    B.lathe([(1.65, H - .5), (2.35, H), (2.4, H), (2.4, H + .22), (1.2, H + .22)], 48, 0, split=True)
    for k in range(20):
        a = k * 6.2832 / 20
        p = np.array([2.3 * math.cos(a), 2.3 * math.sin(a)])
        B.tube([[*p, H + .2], [*p, H + 1.25]], .03, 5, 2)
    for z in (.55, .9, 1.25):
        th = np.linspace(0, 6.2832, 49)
        B.tube(np.stack([2.3 * np.cos(th), 2.3 * np.sin(th), np.full(49, H + z)], -1), .028, 5, 2)
    B.lathe([(1.3, H + .2), (1.3, H + .95), (1.38, H + 1.0)], 32, 0, split=True)
    B.lathe([(1.22, H + 1.0), (1.22, H + 2.7)], 16, 3)
    for k in range(8):
        a = k * .7854
        p = np.array([1.24 * math.cos(a), 1.24 * math.sin(a)])
        B.tube([[*p, H + .95], [*p, H + 2.75]], .05, 5, 2)
    B.lathe([(.45, H + 1.1), (.6, H + 1.7), (.45, H + 2.3), (0.02, H + 2.4)], 20, 5)
    dome = [(1.55, H + 2.65), (1.55, H + 2.75)] + [
        (1.5 * math.cos(t), H + 2.75 + 1.15 * math.sin(t)) for t in np.linspace(0, 1.45, 14)]
    B.lathe(dome, 40, 1)
    B.lathe([(.2, H + 3.85), (.26, H + 4.0), (.2, H + 4.2), (.02, H + 4.3)], 14, 2)
    B.tube([[0, 0, H + 4.2], [0, 0, H + 5.6]], .03, 5, 2)
    for ang, z in ((-2.1, 4.2), (-1.7, 8.2), (-2.0, 12.0)):
        rad = 2.65 - 1.0 * ((z - .9) / (H - .9)) ** .85
        M = Matrix.Rotation(ang, 4, "Z") @ Matrix.Translation((rad - .12, 0, z))
        B.box((0, -.42, -.1), (.22, .42, 1.2), 0, M)
        B.box((0, -.28, .05), (.24, .28, 1.05), 3, M)
    M = Matrix.Rotation(-1.9, 4, "Z") @ Matrix.Translation((2.45, 0, .9))
    B.box((0, -.6, 0), (.35, .6, 2.3), 0, M)
    B.box((0, -.45, 0), (.38, .45, 2.1), 1, M)
    return B.mesh("lighthouse", mats, False)


def hull(L, W, D, mats, seats=True, deck=False):
    """mats: paint, stripe, wood. Open rowing boat along y, bow at +y."""
    B = Build()
    ns, nt = 28, 15
    t = np.linspace(0, 1, ns)
    half = W / 2 * np.where(t < .5, 1 - .32 * np.abs(1 - t / .5) ** 2.2, np.clip(1 - np.abs((t - .5) / .5) ** 2.4, 0.01, 1))
    sheer = D * (1 + .10 * (1 - t) ** 2 + .38 * t**3)
    keel = D * (.04 + .10 * (1 - t)**3 + .55 * np.clip((t - .8) / .2, 0, 1) ** 2)
    ph = np.linspace(-1, 1, nt)

    def shell(inset, drop):
        rows = []
        for i in range(ns):
            s = np.sign(ph) * np.abs(ph) ** .62
            x = (half[i] - inset) * s
            z = keel[i] + drop + (sheer[i] - keel[i] - drop) * np.abs(ph) ** 2.6
            rows.append(np.stack([x, np.full(nt, (t[i] - .5) * L), z], -1))
        return np.array(rows)

    o, n = shell(0, 0), shell(.035, .05)
    idx = np.arange(ns * nt).reshape(ns, nt)
    f = np.stack([idx[:-1, :-1], idx[1:, :-1], idx[1:, 1:], idx[:-1, 1:]], -1)
    stripe = np.zeros((ns - 1, nt - 1), bool)
    stripe[:, [0, -1]] = True
    B.add(o.reshape(-1, 3), f[~stripe], 0)
    B.add(o.reshape(-1, 3), f[stripe], 1)
    B.add(n.reshape(-1, 3), f.reshape(-1, 4)[:, ::-1], 2)
    B.add(np.concatenate([o[0], [[0, -L / 2, o[0, :, 2].max()]]]), [[i, i + 1, nt] for i in range(nt - 1)], 1)
    for e in (0, -1):
        B.tube(o[:, e] + [0, 0, .01], .035, 6, 2)
    B.tube(o[0], .03, 5, 2)
    if seats:
        for tt in (.16, .46, .74):
            i = int(tt * (ns - 1))
            z = keel[i] + (sheer[i] - keel[i]) * .62
            B.box((-half[i] * .95, o[i, 0, 1] - .13, z), (half[i] * .95, o[i, 0, 1] + .13, z + .035), 2)
        for s in (-1, 1):
            B.tube([[s * .22, -L * .42, D * .72], [s * .30, L * .34, D * .86]], .022, 6, 2)
    if deck:
        i0 = ns // 2
        v = np.stack([o[i0:, 0], o[i0:, -1]], 1).reshape(-1, 3) + [0, 0, -.02]
        k = np.arange(ns - i0 - 1) * 2
        B.add(v, np.stack([k, k + 1, k + 3, k + 2], -1), 2)
    return B


def sail(pts, belly, m, B, n=14):
    """Triangle a (tack), b (head), c (clew) bulging by belly."""
    a, b, c = (np.asarray(p, float) for p in pts)
    nrm = np.cross(b - a, c - a)
    nrm /= np.linalg.norm(nrm)
    V = []
    for i in range(n + 1):
        u = i / n
        l, r = a + (b - a) * u, c + (b - c) * u
        for j in range(n + 1):
            w = j / n
            p = l + (r - l) * w
            p = p + nrm * belly * math.sin(math.pi * w ** .75) * (1 - u) ** .5 * np.linalg.norm(r - l) \
                + (r - l) * .06 * math.sin(math.pi * u) * w
            V.append(p)
    idx = np.arange((n + 1) ** 2).reshape(n + 1, n + 1)
    f = np.stack([idx[:-1, :-1], idx[:-1, 1:], idx[1:, 1:], idx[1:, :-1]], -1).reshape(-1, 4)
    B.add(np.array(V), f, m)


# ------------------------------------------------------------------ clouds
def cloud_map(W):
    """Cumulus by marching rays through tiled 3-D noise; RGB radiance and cover."""
    SPAN, ELMAX = math.radians(120), math.radians(60)
    Hh = W // 2
    N = 96

    def tile_noise(cells, seed):
        g = np.random.default_rng(seed).uniform(-1, 1, (cells,) * 3)
        k = np.arange(N) * cells / N
        c = np.meshgrid(k, k, k, indexing="ij")
        return map_coordinates(g, c, order=3, mode="grid-wrap")

    def tile_worley(cells, seed):
        from scipy.spatial import cKDTree
        r = np.random.default_rng(seed)
        g = np.stack(np.meshgrid(*[np.arange(cells)] * 3, indexing="ij"), -1).reshape(-1, 3)
        p = (g + r.uniform(0, 1, g.shape)) * N / cells
        k = np.stack(np.meshgrid(*[np.arange(N)] * 3, indexing="ij"), -1).reshape(-1, 3) + .25
        d = cKDTree(p % N, boxsize=N).query(k, workers=1)[0].reshape(N, N, N)
        return 1 - d / (N / cells)

    base = sum(tile_noise(3 * 2**o, 5 + o) * .5**o for o in range(4))
    base = base / 1.1 * .5 + .5
    wor = tile_worley(5, 1) * .6 + tile_worley(10, 2) * .28 + tile_worley(20, 3) * .12
    shape = (base * .5 + wor * .62).astype(np.float32)
    det = (tile_worley(7, 4) * .55 + tile_worley(14, 5) * .3 + tile_worley(28, 6) * .15).astype(np.float32)
    log("cloud noise")

    def look(t, p, s):
        q = (p / s * N) % N
        return map_coordinates(t, q.T, order=1, mode="grid-wrap", prefilter=False)

    LO, HI = 1250.0, 3300.0

    def density(p, fine=True):
        z = (p[:, 2] - LO) / (HI - LO)
        cov = .5 + .5 * fbm(p[:, 0] / 4300 + 2.1, p[:, 1] / 4300 + 5.2, 3, 71)
        topz = .25 + .75 * sstep(.40, .85, cov)
        prof = sstep(0, .06, z) * sstep(1.0, .25, z / topz)
        s = look(shape, p * [1, 1, 1.15], 5200.0) + .66 * (cov - .50)
        d = s - (.80 - .26 * prof) * (1.0) - .22 * (1 - prof)
        if fine:
            k = d > -.02
            if k.any():
                e = look(det, p[k], 1100.0) * .55 + look(det, p[k] + 333, 310.0) * .45
                d[k] -= (.70 - e) * .46 * sstep(.34, 0.0, d[k])
        return np.clip(d, 0, .16) / .16 * (prof > 0)

    az = (np.arange(W) + .5) / W * SPAN - SPAN / 2
    el = (np.arange(Hh) + .5) / Hh * ELMAX
    img = np.zeros((Hh, W, 4), np.float32)
    sun_r = SUN_E / math.pi * SUN_RGB * 1.05
    cosf = None
    SIG = 1 / 85.0
    STEPS = 70
    for r0 in range(0, Hh, 16):
        e, a = np.meshgrid(el[r0:r0 + 16], az, indexing="ij")
        D = np.stack([np.sin(a) * np.cos(e), np.cos(a) * np.cos(e), np.sin(e)], -1).reshape(-1, 3)
        sz = np.maximum(D[:, 2], .012)
        # a slightly curved earth keeps the horizon finite
        t0 = np.minimum(LO / sz, 60000.0)
        t1 = np.minimum(HI / sz, t0 + 16000.0)
        dt = (t1 - t0) / STEPS
        T = np.ones(len(D))
        C = np.zeros((len(D), 3))
        dep = np.zeros(len(D))
        jit = rng.uniform(0, 1, len(D))
        far = LO / sz < 58000
        cosf = D @ SUN
        ph = .55 + .45 * ((1 - .55**2) / (1 + .55**2 - 2 * .55 * cosf) ** 1.5) * .55
        for s in range(STEPS):
            live = np.nonzero((T > .02) & far)[0]
            if not len(live):
                break
            t = t0[live] + (s + jit[live]) * dt[live]
            p = D[live] * t[:, None]
            dn = density(p)
            k = dn > .003
            if not k.any():
                continue
            i, p, dn, t = live[k], p[k], dn[k], t[k]
            tau = np.zeros(len(p))
            for q, step in ((45, 90), (160, 150), (380, 290), (800, 560)):
                tau += density(p + SUN * q, q < 300) * step
            z = np.clip((p[:, 2] - LO) / (HI - LO), 0, 1)
            lit = .72 * np.exp(-tau * SIG * .75) + .28 * np.exp(-tau * SIG * .13)
            pow_ = 1 - .45 * np.exp(-dn * 3.5)
            amb = (np.array([.36, .43, .58]) * (.34 + .66 * z[:, None] ** .7)) * .78
            L = sun_r * (lit * pow_ * ph[i])[:, None] * 1.12 + amb
            al = 1 - np.exp(-dn * SIG * dt[i])
            C[i] += (T[i] * al)[:, None] * L
            dep[i] += T[i] * al * t
            T[i] *= 1 - al
        cov = 1 - T
        dep = dep / np.maximum(cov, 1e-4)
        fade = np.exp(-dep / 30000.0)
        col = C / np.maximum(cov, 1e-4)[:, None]
        col = col * fade[:, None] + np.array([.62, .58, .56]) * .95 * (1 - fade[:, None])
        img[r0:r0 + 16] = np.concatenate([col, (cov * (0.25 + .75 * fade))[:, None]], -1).reshape(e.shape + (4,))
    log("clouds")
    im = bpy.data.images.new("clouds", W, Hh, alpha=True, float_buffer=True)
    im.colorspace_settings.name = "Non-Color"
    im.alpha_mode = "CHANNEL_PACKED"
    im.pixels.foreach_set(img.ravel())
    im.update()
    im.pack()
    return im


def world():
    im = cloud_map(A.clouds)
    w = bpy.data.worlds.new("sky")
    bpy.context.scene.world = w
    w.use_nodes = True
    t = w.node_tree
    t.nodes.clear()
    m = Mat.__new__(Mat)
    m.t = t
    sky = m.n("TexSky", sky_type="NISHITA", sun_disc=False, sun_elevation=SUN_EL, sun_rotation=SUN_AZ,
              air_density=1.1, dust_density=1.6, ozone_density=2.2, altitude=50)
    d = m.n("SeparateXYZ", {0: m.n("TexCoord").outputs["Generated"]})
    az = m.math("ARCTAN2", d.outputs[0], d.outputs[1])
    u = m.math("PINGPONG", m.math("ADD", m.math("DIVIDE", az, math.radians(120)), 4.5), 1.0)
    v = m.math("DIVIDE", m.math("ARCSINE", d.outputs[2]), math.radians(60))
    uv = m.n("CombineXYZ", {0: u, 1: v}).outputs[0]
    tx = m.n("TexImage", {"Vector": uv}, image=im, extension="EXTEND", interpolation="Cubic")
    skyc = m.mix(1.0, sky.outputs[0], (SKY_K,) * 3, "MULTIPLY")
    up = m.ramp(d.outputs[2], 0.0, 0.02)
    c = m.mix(m.math("MULTIPLY", tx.outputs["Alpha"], up), skyc, tx.outputs["Color"])
    bg = m.n("Background", {"Color": c, "Strength": 1.0})
    t.links.new(bg.outputs[0], m.n("OutputWorld").inputs[0])
    w.cycles.sampling_method = "MANUAL"
    w.cycles.sample_map_resolution = 512


SKY_K = 0.10


# ------------------------------------------------------------------- scene
def main():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    sc = bpy.context.scene
    world()

    ld = bpy.data.lights.new("sun", "SUN")
    ld.energy, ld.angle, ld.color = SUN_E, math.radians(.6), SUN_RGB
    ob = bpy.data.objects.new("sun", ld)
    ob.rotation_euler = Vector(SUN).to_track_quat("Z", "Y").to_euler()
    sc.collection.objects.link(ob)

    # ground and water
    gm = mat_ground()
    for x0, x1, y0, y1, st in ((-26, 34, -8, 30, .10), (-60, 190, 20, 215, .55)):
        x, y, f = grid(np.arange(x0, x1, st), np.arange(y0, y1, st))
        z = height(x, y)
        if st > .2:
            inner = (x > -25) & (x < 33) & (y < 29)
            z = np.where(inner, -13, z)
        put(mesh("ground", np.stack([x, y, z], -1), f, [gm]))
    s = np.sinh(np.linspace(-7.4, 7.4, 420)) * 18
    x, y, f = grid(s, np.concatenate([np.linspace(-10, 170, 300), 170 * np.exp(np.linspace(.02, 5.2, 120))]))
    dep = np.where((y < 230) & (np.abs(x) < 200), np.maximum(-height(x, y), 0), 12)
    put(mesh("water", np.stack([x, y, np.zeros_like(x)], -1), f, [mat_water()], attrs={"depth": dep}))
    log("near ground")

    # distance
    x, y, f = grid(np.linspace(-1500, 1300, 560), np.linspace(400, 1500, 220))
    fm = mat_mountain("hillside", 9000.0, 400.0)
    put(mesh("hills", np.stack([x, y, hills(x, y)], -1), f, [fm]))
    for (xr, y0, y1, n, top, scl, seed, cx, wd, snow, forest) in (
            (4200, 1900, 4600, (900, 520), 600, 1150, 61, -900, 1900, 5000.0, 330.0),
            (13000, 6500, 13500, (1200, 600), 3000, 3300, 83, -1900, 4600, 1500.0, 700.0)):
        x, y, f = grid(np.linspace(-xr, xr, n[0]), np.linspace(y0, y1, n[1]))
        put(mesh("mountains", np.stack([x, y, mountains(x, y, y0, y1, top, scl, seed, cx, wd)], -1), f,
                 [mat_mountain("mountain", snow, forest)]))
    log("mountains")

    # plants
    bark = mat_plain("bark", (.085, .06, .042), .9, .4, 6, .04)
    lf1 = mat_leaf("leaf", (.075, .12, .022), (.15, .15, .03))
    lf2 = mat_leaf("leaf autumn", (.22, .17, .03), (.30, .13, .025))
    lf3 = mat_leaf("needle", (.025, .055, .022), (.05, .075, .025), .2)
    br = [broadleaf(s, 9, sp, .2, 30, 5, [bark, l]) for s, sp, l in
          ((1, .60, lf1), (2, .72, lf1), (3, .52, lf1), (4, .64, lf2))]
    close = [broadleaf(s, 11, .50, .105, 46, 6, [bark, lf1]) for s in (5,)]
    small = [broadleaf(s, 9, .7, .34, 26, 4, [bark, lf1 if s < 14 else lf2]) for s in (11, 12, 13, 14)]
    co = [conifer(s, 14, [bark, lf3]) for s in (21, 22, 23)]
    log("trees", [len(m.polygons) for m in br + small + co])

    def zat(px, py):
        return float(height(px, py))

    def tree(me, px, py, sc_=1.0, sink=.15):
        put(me, (px, py, zat(px, py) - sink), (random.gauss(0, .03), random.gauss(0, .03), random.uniform(0, 6.28)),
            (sc_ * random.uniform(.9, 1.1), sc_ * random.uniform(.9, 1.1), sc_))

    for px, py, k, s_ in ((40, 108, 0, 1.0), (46, 103, 1, 1.15), (43, 112, 3, .95), (51, 98, 2, 1.1), (25.5, 109, 1, .75),
                          (37, 110, 2, .9), (31, 111, 0, .8), (54, 107, 3, 1.2), (49, 111, 0, 1.2)):
        tree(br[k], px, py, s_)
    tree(co[0], 46, 109, 1.0), tree(co[1], 56, 103, 1.15), tree(co[2], 41.5, 114, .95)
    # a tree of our own bank frames the right edge
    tree(close[0], 16.6, 21.5, 1.25), tree(br[0], 21, 31, .8), tree(br[3], 27, 40, .8)
    tree(co[1], 30, 48, .85), tree(br[2], 31, 56, 1.0)

    pts = rng.uniform([36, 55], [170, 190], (2600, 2))
    h = height(pts[:, 0], pts[:, 1])
    dens = fbm(pts[:, 0] / 22, pts[:, 1] / 22, 3, 91)
    for (px, py), hh, dn in zip(pts, h, dens):
        if hh > 2.2 and dn > -.25 and not (px < 58 and 84 < py < 116):
            tree(random.choice(br + co + co[:1]) if py < 130 else random.choice(small + co), px, py,
                 random.uniform(.6, 1.15))
    pts = rng.uniform([-1300, 420], [1100, 1150], (42000, 2))
    h = hills(pts[:, 0], pts[:, 1])
    dens = fbm(pts[:, 0] / 120, pts[:, 1] / 120, 3, 92)
    for (px, py), hh, dn in zip(pts, h, dens):
        if hh > 0.2 and dn > random.gauss(-.22, .16) and abs(px) < .60 * py + 40 and py < 980:
            con = dn > random.gauss(.22, .16)
            put(random.choice(co if con else small[:3] if random.random() < .9 else small), (px, py, hh - .5),
                (0, 0, random.uniform(0, 6.28)),
                random.uniform(.45, 1.05) if con else random.uniform(.5, 1.25))
    log("woods")

    # shrubs and rough grass on the headland
    gl = mat_leaf("grass", (.085, .135, .022), (.13, .15, .03), .5, .45)
    gd = mat_leaf("dry grass", (.30, .24, .09), (.38, .29, .11), .4, .6)
    rough = [grass_patch(260, 1.5, .55, .035, [gl, gd], .4, .6) for _ in range(4)]
    pts = rng.uniform([6, 22], [75, 122], (9000, 2))
    h = height(pts[:, 0], pts[:, 1])
    for (px, py), hh in zip(pts, h):
        if hh > 1.3 and abs(px) < .58 * py + 3 and math.hypot(px - 17.5, py - 95) > 3.6:
            if random.random() < .72:
                put(random.choice(rough), (px, py, hh - .08), (0, 0, random.uniform(0, 6.28)), random.uniform(.6, 1.2))
            elif random.random() < .20 and not (19 < px < 41 and 88 < py < 104):
                tree(random.choice(small), px, py, random.uniform(.10, .24), .35)

    # our bank: meadow and flowers
    fine = [grass_patch(620, 1.0, .34, .0085, [gl, gd], .22, .7) for _ in range(6)]
    pts = rng.uniform([-14, 1.2], [22, 24], (9000, 2))
    h = height(pts[:, 0], pts[:, 1])
    path = np.abs(pts[:, 0] + 2.5 + .9 * np.sin(pts[:, 1] / 4)) < .42      # trodden way to the jetty
    n = 0
    for (px, py), hh, pa in zip(pts, h, path):
        if hh > .95 and not pa and abs(px) < .57 * py + 1.4 and random.random() < .42:
            put(random.choice(fine), (px, py, hh - .02), (0, 0, random.uniform(0, 6.28)),
                random.uniform(.6, 1.25) * min(1, .55 + (hh - .95)))
            n += 1
    log("grass", n)
    stem = mat_leaf("stem", (.09, .14, .03), (.12, .17, .03), .3)
    petals = {"poppy": [mat_leaf("p1", (.62, .035, .015), (.75, .10, .02), .45)],
              "daisy": [mat_leaf("p2", (.80, .78, .70), (.85, .80, .60), .3),
                        mat_leaf("p3", (.80, .55, .04), (.85, .62, .06), .3)],
              "spike": [mat_leaf("p4", (.20, .10, .42), (.42, .14, .45), .35)]}
    cen = {"poppy": mat_plain("c1", (.02, .015, .02)), "daisy": mat_plain("c2", (.6, .38, .03)),
           "spike": stem}
    fl = {k: [flower(k, [stem, p, cen[k]]) for p in ps for _ in range(4)] for k, ps in petals.items()}
    pts = rng.uniform([-9, 2.2], [14, 17], (5200, 2))
    h = height(pts[:, 0], pts[:, 1])
    for i, ((px, py), hh) in enumerate(zip(pts, h)):
        c1, c2 = float(fbm(px / 2.2, py / 2.2, 2, 95)), float(fbm(px / 2.6, py / 2.6, 2, 96))
        kind = "poppy" if c1 > .22 else "spike" if c2 > .42 else "daisy" if c1 < -.28 else None
        if kind and abs(px + 2.5 + .9 * math.sin(py / 4)) > .55 and hh > 1.2 and abs(px) < .57 * py + .5 and random.random() < .62:
            put(random.choice(fl[kind]), (px, py, hh - .02), (0, 0, random.uniform(0, 6.28)), random.uniform(.85, 1.3))

    # rocks along the waterline
    rm = mat_rock()
    bo = [boulder(s, rm) for s in range(8)]
    pts = rng.uniform([-24, 8], [75, 125], (60000, 2))
    h = height(pts[:, 0], pts[:, 1])
    k = 0
    for (px, py), hh in zip(pts, h):
        near = py < 26
        if -.7 < hh < (.7 if near else 2.4) and random.random() < (.30 if near else .28) and abs(px) < .6 * py + 4:
            if near and -8.2 < px < -1.2 and random.random() < .92:
                continue
            s_ = (.16 + .9 * random.random() ** 4) if near else (.25 + 1.6 * random.random() ** 3)
            put(random.choice(bo), (px, py, hh + .12 * s_), [random.uniform(0, 6.28) for _ in range(3)], s_)
            k += 1
    pts = rng.uniform([5, 78], [62, 118], (2600, 2))
    hx = height(pts[:, 0] + .8, pts[:, 1]) - height(pts[:, 0] - .8, pts[:, 1])
    hy = height(pts[:, 0], pts[:, 1] + .8) - height(pts[:, 0], pts[:, 1] - .8)
    for (px, py), hh, sl in zip(pts, height(pts[:, 0], pts[:, 1]), np.hypot(hx, hy) / 1.6):
        if .5 < hh < 8.6 and sl > .62 and random.random() < .42:
            s_ = .5 + 1.7 * random.random() ** 2
            put(random.choice(bo), (px, py, hh - .25 * s_), (random.gauss(.25, .2), random.gauss(0, .2), random.uniform(0, 6.28)),
                (s_ * random.uniform(.8, 1.5), s_, s_ * random.uniform(.8, 1.6)))
    for px, py, s_ in ((4.6, 10.3, .62), (5.6, 10.9, .42), (7.4, 13.2, .9), (-8.6, 12.0, .8), (-7.4, 12.6, .45),
                       (11, 70, 2.2), (7.5, 94, 2.6), (5, 97, 1.7), (1.5, 99, 1.2)):
        put(random.choice(bo), (px, py, zat(px, py) + .2 * s_), [random.uniform(0, 6.28) for _ in range(3)], s_)
    log("rocks", k)

    # buildings
    white, ochre = mat_wall("white", (.78, .75, .69)), mat_wall("ochre", (.62, .46, .27))
    tile, slate = mat_roof("tile", (.34, .11, .05), (.52, .20, .09)), mat_roof("slate", (.10, .10, .115), (.19, .18, .19))
    red = mat_plain("red", (.50, .045, .03), .45, .2, 2)
    iron = mat_plain("iron", (.03, .03, .033), .5)
    stone = mat_plain("stone", (.27, .24, .20), .9, .45, 4, .05)
    frame = mat_plain("frame", (.74, .72, .68), .5, .1)
    g = Mat("glass")
    glass = g.out(g.bsdf((.02, .025, .03), .06, None, .9))
    lm = Mat("lamp")
    lamp = lm.out(lm.n("Emission", {"Color": (1, .72, .34), "Strength": 9.0}).outputs[0])
    g = Mat("lantern glass")
    f = g.math("ADD", g.math("MULTIPLY", g.n("Fresnel", {"IOR": 1.45}).outputs[0], 1.6), .08, True)
    lglass = g.out(g.n("MixShader", {0: f, 1: g.n("BsdfTransparent").outputs[0],
                                     2: g.n("BsdfGlossy", {"Roughness": .02}).outputs[0]}).outputs[0])
    put(lighthouse([white, red, iron, lglass, stone, lamp]), (17.5, 95, zat(17.5, 95) - .2), (0, 0, .15))
    doors = [mat_plain("d%d" % i, c, .55, .2) for i, c in enumerate(((.05, .16, .22), (.10, .20, .10), (.33, .06, .04)))]
    for i, (px, py, w, d, hh, rz, wall, roof) in enumerate((
            (26.2, 96.5, 9.5, 5.6, 2.9, .18, white, tile), (34.2, 99.5, 7.2, 5.4, 4.9, -.22, ochre, slate),
            (41.0, 94.5, 8.0, 5.2, 2.8, .55, white, tile), (63, 84, 9, 6, 5.0, .3, white, slate),
            (47.5, 90.0, 4.6, 3.6, 2.4, -.1, stone, tile), (52, 74, 7.5, 5.2, 2.8, .7, ochre, tile))):
        put(house(w, d, hh, .95, [wall, roof, glass, frame, doors[i % 3], stone], 1 + i % 2, i),
            (px, py, zat(px, py) + .1), (0, 0, rz))
    B = Build()                                  # a low dry-stone wall along the edge
    for i in range(60):
        px, py = 20.5 + i * .42, 90.2 + 1.3 * math.sin(i * .09) + .02 * i
        M = Matrix.Translation((px, py, zat(px, py) - .3)) @ Matrix.Rotation(random.gauss(0, .12), 4, "Z")
        B.box((-.26, -.25, 0), (.26, .25, 1.0 + random.uniform(-.1, .12)), 0, M)
    put(B.mesh("wall", [stone]))

    # jetty and boats
    plank = mat_wood("plank", (.30, .25, .19), "X")
    post = mat_wood("post", (.22, .18, .13), "Z")
    B = Build()
    for i in range(58):
        y0 = i * .245
        M = Matrix.Translation((random.gauss(0, .02), y0, .78 + random.gauss(0, .008))) @ Matrix.Rotation(random.gauss(0, .012), 4, "Z")
        B.box((-.78, 0, 0), (.78, .225, .055), 0, M)
    for s_ in (-.62, .62):
        B.box((s_ - .07, 0, .60), (s_ + .07, 14.2, .78), 0)
        for k, y0 in enumerate((.4, 3.0, 5.6, 8.2, 10.8, 13.6)):
            r_ = .09
            top = 1.35 if (k in (3, 5)) else .80
            x0 = s_ * 1.34
            B.tube([[x0 + random.gauss(0, .03), y0, -3], [x0, y0, top]], r_, 10, 1)
            B.lathe([(r_, top), (.001, top + .03)], 10, 1, (x0, y0))
    put(B.mesh("jetty", [plank, post], False), (-3.6, 12.3, 0), (0, 0, .16))
    paint = mat_plain("boat blue", (.035, .16, .25), .35, .2, 2, spec=.5)
    cream = mat_plain("boat cream", (.72, .66, .52), .4, .15, 2, spec=.5)
    rpaint = mat_plain("boat red", (.42, .05, .03), .4, .2, 2, spec=.5)
    inw = mat_wood("boat wood", (.42, .25, .12), "Y", False)
    rb = hull(4.3, 1.55, .62, [paint, cream, inw])
    put(rb.mesh("rowing boat", [paint, cream, inw], True), (-8.6, 25.5, -.13), (.01, .03, .95))
    put(rb.mesh("rowing boat 2", [cream, rpaint, inw], True), (-2.6, 24.6, -.13), (0, -.03, -.42))
    sailc = Mat("sail")
    n = sailc.noise(1.2, 3, obj=True)
    c = sailc.mix(n, (.62, .24, .10), (.74, .33, .15))
    sm = sailc.out(sailc.n("MixShader", {0: .45, 1: sailc.n("BsdfDiffuse", {"Color": c}).outputs[0],
                                         2: sailc.n("BsdfTranslucent", {"Color": c}).outputs[0]}).outputs[0])
    for px, py, rz, k, m_ in ((-24, 88, 1.05, 1.35, sm), (14, 330, .9, 1.4, None)):
        B = hull(7.2, 2.1, .95, None, False, True)
        B.tube([[0, .9, .6], [0, .85, 9.6]], [.075, .045], 8, 2)
        B.tube([[0, .8, 1.75], [1.15, -3.3, 1.65]], .05, 6, 2)
        B.tube([[0, 3.5, 1.2], [0, 4.4, 1.3]], .05, 6, 2)
        sail([(0, .75, 1.85), (0, .80, 9.3), (1.1, -3.2, 1.75)], .10, 3, B)
        sail([(0, 4.35, 1.35), (0, 1.0, 8.6), (.75, .9, 1.6)], .11, 3, B)
        B.tube([[0, .85, 9.5], [0, 4.4, 1.3]], .012, 4, 2)
        sm2 = m_ or mat_plain("sail white", (.8, .77, .7), .8, .05)
        put(B.mesh("yawl", [cream if m_ else paint, rpaint, inw, sm2], True), (px, py, -.25), (0, .09, rz), k)
    # a few gulls
    gm_ = mat_plain("gull", (.75, .75, .75), .7, .1)
    for px, py, pz, rz, fl_ in ((9, 60, 15, .4, .5), (12.5, 66, 19, .9, .2), (5.5, 72, 21.5, .2, -.25), (-6, 80, 17, .7, .4)):
        v = [(-.70, -.15, .28 * fl_), (-.34, .06, .22), (0, .12, 0), (0, -.14, 0), (-.34, -.12, .2), (.34, .06, .22),
             (.70, -.15, .28 * fl_), (.34, -.12, .2), (0, .32, .0), (0, -.34, 0), (.05, 0, -.06), (-.05, 0, -.06)]
        put(mesh("gull", np.array(v), [np.array([[0, 1, 4], [2, 5, 10], [8, 10, 11], [9, 10, 11], [6, 5, 7]]),
                                       np.array([[1, 2, 3, 4], [2, 5, 7, 3]])], [gm_]), (px, py, pz), (0, 0, rz), 1.1)

    # camera
    cd = bpy.data.cameras.new("camera")
    cam = bpy.data.objects.new("camera", cd)
    sc.collection.objects.link(cam)
    sc.camera = cam
    cd.clip_end = 60000
    cd.sensor_width = 36
    if A.cam == "main":
        cd.lens, cd.shift_y = 33, .045
        cam.location = (0, 0, zat(0, 0) + 1.75)
        cam.rotation_euler = (math.radians(90), 0, 0)
    else:
        cd.lens = 56
        cam.location = (-3, 22, 3.2)
        cam.rotation_euler = (Vector((25.0, 95, 14.6)) - cam.location).to_track_quat("-Z", "Y").to_euler()
    cd.dof.use_dof = True
    cd.dof.focus_distance = 40
    cd.dof.aperture_fstop = 11

    # render
    w, h = (int(v) for v in A.size.split("x"))
    r = sc.render
    r.engine = "CYCLES"
    r.resolution_x, r.resolution_y, r.resolution_percentage = w, h, 100
    if A.crop:
        r.use_border = True
        r.border_min_x, r.border_max_x, r.border_min_y, r.border_max_y = (float(v) for v in A.crop.split(","))
    if A.threads:
        r.threads_mode, r.threads = "FIXED", A.threads
    c = sc.cycles
    c.device = "CPU"
    c.samples = A.spp
    c.time_limit = A.limit
    c.use_denoising = False
    c.use_adaptive_sampling = True
    c.adaptive_threshold = .02
    c.max_bounces, c.diffuse_bounces, c.glossy_bounces = 6, 2, 3
    c.transmission_bounces, c.transparent_max_bounces = 3, 8
    c.caustics_reflective = c.caustics_refractive = False
    c.sample_clamp_indirect = 4
    c.blur_glossy = .3
    c.seed = 3
    v = sc.view_settings
    v.view_transform, v.look = "Filmic", "Medium High Contrast"
    v.exposure = A.exposure
    # a touch of lens: faint glow and fringing
    sc.use_nodes = True
    t = sc.node_tree
    t.nodes.clear()
    rl, gla, co_ = (t.nodes.new("CompositorNode" + k) for k in ("RLayers", "Glare", "Composite"))
    gla.glare_type, gla.quality, gla.threshold, gla.size, gla.mix = "FOG_GLOW", "HIGH", 1.2, 7, -.93
    t.links.new(rl.outputs[0], gla.inputs[0])
    hs = t.nodes.new("CompositorNodeHueSat")
    hs.inputs["Saturation"].default_value = 1.1
    t.links.new(gla.outputs[0], hs.inputs["Image"])
    t.links.new(hs.outputs[0], co_.inputs[0])
    ims = r.image_settings
    if A.out.endswith(".jpg"):
        ims.file_format, ims.quality = "JPEG", 90
    else:
        ims.file_format = "PNG"
    r.use_stamp = False
    for k in dir(r):
        if k.startswith("use_stamp"):
            setattr(r, k, False)
    import os
    r.filepath = os.path.abspath(A.out)
    log("scene ready: %d objects" % len(sc.objects))
    bpy.ops.render.render(write_still=True)
    log("done")


main()
