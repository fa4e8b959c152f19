/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/train/synthetic-leaf.h"

#include <math.h>
#include <string.h>

#define SIDE PST_GRAIN_SIDE
#define FIRST 4 /* points across the coarsest octave */

/* Twice as many points by the mask of quadratic B-splines (Chaikin, "An
 * algorithm for high-speed curve generation", 1974), along a row or column
 * that repeats. */
static void
enlarge (const float *from, int n, int step_from, float *to, int step_to)
{
  for (int i = 0; i < n; i++)
    {
      float a = from[i * step_from];
      float b = from[(i + 1) % n * step_from];

      to[2 * i * step_to] = 0.75f * a + 0.25f * b;
      to[(2 * i + 1) * step_to] = 0.25f * a + 0.75f * b;
    }
}

static void
make_unit (float *field, int n)
{
  double sum = 0, square = 0, deviation;

  for (int i = 0; i < n; i++)
    {
      sum += field[i];
      square += (double) field[i] * field[i];
    }
  sum /= n;
  deviation = sqrt (square / n - sum * sum);
  for (int i = 0; i < n; i++)
    field[i] = (float) ((field[i] - sum) / deviation);
}

/* Octaves of noise, each finer one @ratio times as strong as the one before:
 * in two dimensions the power then falls as f^(2 log2 (ratio) - 2). */
static void
fill_field (float *field, double ratio, PstRandom *random)
{
  g_autofree float *half = g_new (float, SIDE * SIDE);
  double            strength = 1;

  memset (field, 0, sizeof (float) * FIRST * FIRST);
  for (int n = FIRST;; n *= 2)
    {
      for (int i = 0; i < n * n; i++)
        field[i] += (float) (strength * pst_random_range (random, -1, 1));
      if (n == SIDE)
        break;
      for (int y = 0; y < n; y++)
        enlarge (field + y * n, n, 1, half + y * 2 * n, 1);
      for (int x = 0; x < 2 * n; x++)
        enlarge (half + x, n, 2 * n, field + x, 2 * n);
      strength *= ratio;
    }
  make_unit (field, SIDE * SIDE);
}

void
pst_grain_fill (PstGrain *grain, guint64 seed)
{
  static const double falls[PST_GRAINS] = { 1.4, 2, 2.4, 2.8, 3.4 };
  PstRandom           random;

  for (int i = 0; i < PST_GRAINS; i++)
    {
      pst_random_init (&random, seed, PST_STREAM_SYNTHETIC, G_MAXUINT64 - i);
      fill_field (grain->field[i], exp2 (1 - falls[i] / 2), &random);
    }
}

static inline float
grain_at (const float *field, float u, float v)
{
  int   i = (int) floorf (u), k = (int) floorf (v);
  float a = u - i, b = v - k;
  int   left = i & (SIDE - 1), right = (i + 1) & (SIDE - 1);
  int   top = (k & (SIDE - 1)) * SIDE, low = ((k + 1) & (SIDE - 1)) * SIDE;
  float p = field[top + left] + a * (field[top + right] - field[top + left]);
  float q = field[low + left] + a * (field[low + right] - field[low + left]);

  return p + b * (q - p);
}

static inline float
length (float x, float y)
{
  return sqrtf (x * x + y * y);
}

/* Distances from the edge to first order, negative inside: Quilez's, "2D
 * distance functions", where there is one. */
static inline float
ellipse (const PstLeaf *leaf, float x, float y)
{
  float a = x / leaf->half[0], b = y / leaf->half[1];
  float k = length (a, b);
  float g = length (a / leaf->half[0], b / leaf->half[1]);

  return k * (k - 1) / (g + 1e-9f);
}

static inline float
box (const PstLeaf *leaf, float x, float y)
{
  float a = fabsf (x) - leaf->half[0] + leaf->round;
  float b = fabsf (y) - leaf->half[1] + leaf->round;

  return length (MAX (a, 0), MAX (b, 0)) + MIN (MAX (a, b), 0) - leaf->round;
}

static inline float
polygon (const PstLeaf *leaf, float x, float y)
{
  float far = -1e9f;
  float squeeze = leaf->half[1] / leaf->half[0];

  for (int i = 0; i < leaf->corners; i++)
    far = MAX (far, x * squeeze * leaf->corner[i][0] + y * leaf->corner[i][1]);
  return far - leaf->half[1];
}

/* The radius is 1 + sum of wave times cosines of 2 to 5 times the angle. */
static inline float
blob (const PstLeaf *leaf, float x, float y)
{
  float a = x / leaf->half[0], b = y / leaf->half[1];
  float r = length (a, b) + 1e-9f;
  float c = a / r, s = b / r;
  float re = c, im = s, radius = 1;

  for (int i = 0; i < 4; i++)
    {
      float next = re * c - im * s;

      im = re * s + im * c;
      re = next;
      radius += leaf->wave[i] * (i & 1 ? im : re);
    }
  return (r - radius) * MIN (leaf->half[0], leaf->half[1]);
}

/* Bent as a parabola, thinner towards the ends. */
static inline float
stroke (const PstLeaf *leaf, float x, float y)
{
  float t = x / leaf->half[0];
  float over = MAX (fabsf (x) - leaf->half[0], 0);

  y -= leaf->round * leaf->half[0] * (t * t - 0.5f);
  return length (over, y) - leaf->half[1] * (1.1f - 0.7f * MIN (t * t, 1));
}

static inline float
distance (const PstLeaf *leaf, float x, float y)
{
  switch (leaf->shape)
    {
    case PST_LEAF_BOX:
      return box (leaf, x, y);
    case PST_LEAF_POLYGON:
      return polygon (leaf, x, y);
    case PST_LEAF_BLOB:
      return blob (leaf, x, y);
    case PST_LEAF_STROKE:
      return stroke (leaf, x, y);
    case PST_LEAF_ELLIPSE:
    default:
      return ellipse (leaf, x, y);
    }
}

/* Half the sides of the upright rectangle that holds the leaf. */
static void
measure (const PstLeaf *leaf, float *across, float *down)
{
  float a = leaf->half[0], b = leaf->half[1], grown = 1;
  float c = fabsf (leaf->axis[0]), s = fabsf (leaf->axis[1]);

  if (leaf->shape == PST_LEAF_BLOB)
    for (int i = 0; i < 4; i++)
      grown += fabsf (leaf->wave[i]);
  else if (leaf->shape == PST_LEAF_POLYGON)
    grown = 2;
  a *= grown;
  b *= grown;
  if (leaf->shape == PST_LEAF_STROKE)
    {
      b = 1.1f * b + fabsf (leaf->round) * a / 2;
      a += 1.1f * leaf->half[1];
    }
  *across = c * a + s * b;
  *down = s * a + c * b;
}

typedef struct
{
  int left;
  int right;
  int top;
  int bottom;
} Area;

/* Where the leaf, shifted by @shift, is nearer than @reach. */
static Area
area_of (const PstLeaf *leaf, const PstCanvas *canvas, const float *shift,
         float reach)
{
  Area  area;
  float across, down, x = leaf->centre[0], y = leaf->centre[1];

  measure (leaf, &across, &down);
  if (shift)
    {
      x += shift[0];
      y += shift[1];
    }
  across += reach + 1;
  down += reach + 1;
  area.left = (int) CLAMP (x - across, 0, canvas->width);
  area.right = (int) CLAMP (x + across + 1, 0, canvas->width);
  area.top = (int) CLAMP (y - down, 0, canvas->height);
  area.bottom = (int) CLAMP (y + down + 1, 0, canvas->height);
  return area;
}

static void
paint_shadow (const PstLeaf *leaf, PstCanvas *canvas)
{
  Area area = area_of (leaf, canvas, leaf->cast, leaf->reach);

  for (int j = area.top; j < area.bottom; j++)
    for (int i = area.left; i < area.right; i++)
      {
        float  dx = i + 0.5f - leaf->centre[0] - leaf->cast[0];
        float  dy = j + 0.5f - leaf->centre[1] - leaf->cast[1];
        float  x = dx * leaf->axis[0] + dy * leaf->axis[1];
        float  y = dy * leaf->axis[0] - dx * leaf->axis[1];
        float  d = distance (leaf, x, y) / leaf->reach;
        float  part = CLAMP (0.5f - 0.5f * d, 0, 1);
        float *to = canvas->data + ((gsize) j * canvas->width + i) * 3;

        part = 1 - leaf->shadow * part * part * (3 - 2 * part);
        for (int c = 0; c < 3; c++)
          to[c] *= part;
      }
}

/* A wave of the given period with steep sides, -1 to 1. */
static inline float
stripe (float x, float period)
{
  float t = x / period - floorf (x / period);

  return CLAMP ((fabsf (2 * t - 1) - 0.5f) * 6, -1, 1);
}

static inline void
paint_pixel (const PstLeaf *leaf, const float *field, float x, float y,
             float part, float *to)
{
  float light, grain;
  float a = x / leaf->half[0], b = y / leaf->half[1];

  light = 1 + leaf->slope[0] * a + leaf->slope[1] * b +
          leaf->bulge * (0.5f - a * a - b * b);
  if (leaf->stripe > 0)
    light += leaf->contrast * stripe (x, leaf->stripe);
  grain = grain_at (field, x * leaf->scale[0] + leaf->offset[0],
                    y * leaf->scale[1] + leaf->offset[1]);
  light = MAX (light, 0);
  for (int c = 0; c < 3; c++)
    to[c] += part *
             ((leaf->colour[c] + leaf->texture[c] * grain) * light - to[c]);
}

void
pst_leaf_paint (const PstLeaf *leaf, const PstGrain *grain, PstCanvas *canvas)
{
  const float *field = grain->field[leaf->grain];
  const float *edge = grain->field[3];
  Area         area = area_of (leaf, canvas, NULL,
                               leaf->edge / 2 + 2.5f * leaf->ragged);

  if (leaf->shadow > 0)
    paint_shadow (leaf, canvas);
  for (int j = area.top; j < area.bottom; j++)
    for (int i = area.left; i < area.right; i++)
      {
        float dx = i + 0.5f - leaf->centre[0];
        float dy = j + 0.5f - leaf->centre[1];
        float x = dx * leaf->axis[0] + dy * leaf->axis[1];
        float y = dy * leaf->axis[0] - dx * leaf->axis[1];
        float d = distance (leaf, x, y);
        float part;

        if (leaf->ragged > 0 && fabsf (d) < 3 * leaf->ragged)
          d += leaf->ragged * grain_at (edge,
                                        x * leaf->fray + leaf->offset[0],
                                        y * leaf->fray + leaf->offset[1]);
        part = 0.5f - d / leaf->edge;
        if (part > 0)
          paint_pixel (leaf, field, x, y, MIN (part, 1),
                       canvas->data + ((gsize) j * canvas->width + i) * 3);
      }
}
