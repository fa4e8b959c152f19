/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/train/synthetic.h"

#include <string.h>

#include "core/base/memory.h"
#include "core/train/synthetic-private.h"

struct _PstSynthetic
{
  guint64  seed;
  PstGrain grain;
};

double
pst_draw_normal (PstRandom *random)
{
  double r = sqrt (-2 * log (1 - pst_random_double (random)));

  return r * cos (2 * G_PI * pst_random_double (random));
}

double
pst_draw_laplace (PstRandom *random)
{
  double u = pst_random_double (random) - 0.5;

  return (u < 0 ? G_SQRT2 : -G_SQRT2) / 2 * log (1 - 2 * fabs (u) + 1e-12);
}

double
pst_draw_between (PstRandom *random, double low, double high)
{
  return low * pow (high / low, pst_random_double (random));
}

gboolean
pst_draw_chance (PstRandom *random, double share)
{
  return pst_random_double (random) < share;
}

/* Clipped so that dark and bright colours stay pale. */
void
pst_scene_colour (PstLeaf *leaf, const PstTone *tone)
{
  double light = CLAMP (tone->light, 0.01, 0.99);
  double room = MIN (light, 1.2 - light) + 0.04;
  double warm = CLAMP (tone->warm, -room, room);
  double green = CLAMP (tone->green, -room / 2, room / 2);
  double base = light - green * 2 / 3;

  leaf->colour[0] = (float) (base + warm);
  leaf->colour[1] = (float) (base + 2 * green);
  leaf->colour[2] = (float) (base - warm);
}

PstTone
pst_scene_tone (PstScene *scene, double light, double chroma)
{
  PstTone tone;

  tone = scene->tones[pst_random_below (&scene->random, scene->n_tones)];
  tone.light += light * pst_draw_normal (&scene->random);
  tone.warm += chroma * pst_draw_normal (&scene->random);
  tone.green += chroma * 0.5 * pst_draw_normal (&scene->random);
  return tone;
}

PstLeaf
pst_scene_leaf (PstLeafShape shape, double x, double y, double a, double b)
{
  PstLeaf leaf = { .shape = shape, .edge = 1.3f, .axis = { 1, 0 } };

  leaf.centre[0] = (float) x;
  leaf.centre[1] = (float) y;
  leaf.half[0] = (float) a;
  leaf.half[1] = (float) b;
  return leaf;
}

void
pst_scene_turn (PstLeaf *leaf, double angle)
{
  leaf->axis[0] = (float) cos (angle);
  leaf->axis[1] = (float) sin (angle);
}

void
pst_scene_texture (PstScene *scene, PstLeaf *leaf, double strength)
{
  PstRandom *random = &scene->random;
  double     scale = pst_draw_between (random, 0.3, 2);
  double     light, warm, green;

  light = strength * scene->rough * pst_draw_between (random, 0.4, 2.5);
  if (pst_draw_chance (random, scene->smooth)) /* paint, sky, skin, haze */
    light *= 0.12;
  light *= 0.4 + leaf->colour[1];
  warm = light * 0.25 * pst_draw_normal (random);
  green = light * 0.12 * pst_draw_normal (random);
  leaf->grain = (int) pst_random_below (
    random, 1 + pst_random_below (random, PST_GRAINS));
  leaf->scale[0] = leaf->scale[1] = (float) scale;
  if (pst_draw_chance (random, 0.35)) /* wood, grass, hair */
    leaf->scale[0] *= (float) pst_draw_between (random, 0.08, 0.7);
  for (int i = 0; i < 2; i++)
    leaf->offset[i] = (float) pst_random_range (random, 0, PST_GRAIN_SIDE);
  leaf->texture[0] = (float) (light + warm);
  leaf->texture[1] = (float) (light + green);
  leaf->texture[2] = (float) (light - warm);
}

void
pst_scene_shadow (PstScene *scene, PstLeaf *leaf, double reach,
                  double strength)
{
  reach = MIN (reach, 0.12 * scene->side);
  leaf->shadow = (float) strength;
  leaf->reach = (float) MAX (reach, 1);
  for (int i = 0; i < 2; i++)
    leaf->cast[i] = (float) (scene->sun[i] * reach * 0.6);
}

void
pst_scene_paint (PstScene *scene, const PstLeaf *leaf)
{
  pst_leaf_paint (leaf, scene->grain, &scene->canvas);
}

static void
choose_tones (PstScene *scene)
{
  PstRandom *random = &scene->random;
  PstTone    mean;
  double     vivid = pst_draw_between (random, 0.5, 2.2);
  double     spread = pst_random_range (random, 0.11, 0.27);

  mean.light = 0.42 + 0.12 * pst_draw_normal (random);
  mean.light = CLAMP (mean.light, 0.15, 0.75);
  mean.warm = 0.045 + 0.05 * pst_draw_normal (random);
  mean.green = 0.004 + 0.015 * pst_draw_normal (random);
  scene->n_tones = 3 + pst_random_below (random, PST_SCENE_TONES - 2);
  for (guint i = 0; i < scene->n_tones; i++)
    {
      PstTone *tone = &scene->tones[i];

      tone->light = mean.light + spread * pst_draw_normal (random);
      tone->warm = mean.warm + vivid * 0.095 * pst_draw_laplace (random);
      tone->green = mean.green + vivid * 0.034 * pst_draw_laplace (random);
    }
}

static void
choose_scene (PstScene *scene)
{
  PstRandom *random = &scene->random;
  double     sum = 0, angle = pst_random_range (random, 0, 2 * G_PI);

  scene->side = MIN (scene->canvas.width, scene->canvas.height);
  choose_tones (scene);
  scene->least = pst_draw_between (random, 0.8, 6);
  scene->most = scene->side * pst_draw_between (random, 0.15, 0.6);
  scene->most = MAX (scene->most, scene->least * 2);
  scene->power = pst_random_range (random, 2.3, 3.3);
  scene->calm = pst_random_range (random, 0.1, 1.05);
  scene->home = pst_random_range (random, 0.3, 1);
  scene->blur = pst_draw_chance (random, 0.4)
                  ? pst_draw_between (random, 2, 16) : 0;
  scene->rough = pst_draw_between (random, 0.5, 1.6);
  scene->smooth = pst_random_range (random, 0.25, 0.8);
  scene->sun[0] = cos (angle);
  scene->sun[1] = sin (angle);
  scene->grow = pst_random_below (random, 3) * G_PI_2;
  scene->spread = pst_draw_chance (random, 0.5)
                    ? pst_random_range (random, 0.02, 0.6) : 10;
  if (pst_draw_chance (random, 0.35))
    scene->horizon = scene->canvas.height *
                     pst_random_range (random, 0.2, 0.75);
  for (int i = 0; i < 2; i++)
    scene->drift[i] = pst_random_range (random, 0, PST_GRAIN_SIDE);
  for (int i = 0; i < 5; i++)
    scene->odds[i] = sum += pst_draw_between (random, 0.1, 1);
}

static PstLeafShape
draw_shape (PstScene *scene)
{
  double at = pst_random_double (&scene->random) * scene->odds[4];
  int    i = 0;

  while (i < 4 && at > scene->odds[i])
    i++;
  return (PstLeafShape) i;
}

static void
fill_corners (PstLeaf *leaf, PstRandom *random)
{
  leaf->corners = 3 + (int) pst_random_below (random, PST_LEAF_CORNERS - 2);
  for (int i = 0; i < leaf->corners; i++)
    {
      double at = i + pst_random_range (random, -0.3, 0.3);

      leaf->corner[i][0] = (float) cos (2 * G_PI * at / leaf->corners);
      leaf->corner[i][1] = (float) sin (2 * G_PI * at / leaf->corners);
    }
}

static void
fill_shape (PstLeaf *leaf, PstRandom *random, double radius)
{
  gboolean line = leaf->shape == PST_LEAF_STROKE;
  double   stretch = sqrt (pst_draw_between (random, line ? 3 : 1,
                                             line ? 12 : 3));

  leaf->half[0] = (float) (radius * stretch);
  leaf->half[1] = (float) (radius / stretch);
  if (line)
    leaf->round = (float) pst_random_range (random, -0.6, 0.6);
  else if (leaf->shape == PST_LEAF_BOX && pst_draw_chance (random, 0.4))
    leaf->round = leaf->half[1] * (float) pst_random_range (random, 0, 0.9);
  else if (leaf->shape == PST_LEAF_BLOB)
    for (int i = 0; i < 4; i++)
      leaf->wave[i] = (float) pst_random_range (random, -0.16, 0.16);
  else if (leaf->shape == PST_LEAF_POLYGON)
    fill_corners (leaf, random);
}

/* From -2 to 2 or so, smooth: how light a place is, and @turn apart, which
 * tones are at home there and how busy it is. */
static double
field_at (const PstScene *scene, const float *at, int turn)
{
  int u = (int) (at[0] / scene->side * 80 + scene->drift[0]) + 97 * turn;
  int v = (int) (at[1] / scene->side * 80 + scene->drift[1]) + 61 * turn;

  u &= PST_GRAIN_SIDE - 1;
  v &= PST_GRAIN_SIDE - 1;
  return scene->grain->field[PST_GRAINS - 1][v * PST_GRAIN_SIDE + u];
}

/* Small leaves keep to the tones of their place: crowns, meadows, crowds. */
static void
fill_colour (PstScene *scene, PstLeaf *leaf, double radius)
{
  PstTone tone = pst_scene_tone (scene, 0.07, 0.018);

  if (radius < 0.1 * scene->side &&
      pst_draw_chance (&scene->random, scene->home))
    {
      int    most = (int) scene->n_tones - 1;
      double at = (field_at (scene, leaf->centre, 1) + 1.5) / 3 * (most + 1);
      PstTone mine = scene->tones[CLAMP ((int) at, 0, most)];

      tone.light = mine.light + 0.35 * (tone.light - mine.light);
      tone.warm = mine.warm + 0.35 * (tone.warm - mine.warm);
      tone.green = mine.green + 0.35 * (tone.green - mine.green);
    }
  tone.light += 0.05 * field_at (scene, leaf->centre, 2);
  pst_scene_colour (leaf, &tone);
}

/* How a shape looks, besides its form. @depth: 0 far, 1 near */
static void
fill_look (PstScene *scene, PstLeaf *leaf, double radius, double depth)
{
  PstRandom *random = &scene->random;

  fill_colour (scene, leaf, radius);
  pst_scene_texture (scene, leaf, 0.16);
  for (int i = 0; i < 2; i++)
    leaf->slope[i] = (float) (0.15 * pst_draw_laplace (random));
  if (pst_draw_chance (random, 0.4))
    leaf->bulge = (float) pst_random_range (random, 0, 0.35);
  leaf->edge = (float) (1 + scene->blur * (1 - depth) * (1 - depth));
  if (pst_draw_chance (random, 0.15))
    leaf->edge += (float) (radius * pst_random_range (random, 0, 0.8));
  if (pst_draw_chance (random, 0.5))
    {
      leaf->ragged = (float) (pst_random_range (random, 0, 0.2) * radius);
      leaf->fray = (float) (pst_draw_between (random, 8, 60) / radius);
      leaf->fray = MIN (leaf->fray, 1.5f);
    }
  if (radius > 4 && pst_draw_chance (random, 0.06))
    {
      leaf->stripe = (float) pst_draw_between (random, 3, MAX (radius, 4));
      leaf->contrast = (float) (0.15 * fabs (pst_draw_laplace (random)));
    }
  if (radius > 2.5 && pst_draw_chance (random, 0.5))
    pst_scene_shadow (scene, leaf,
                      pst_draw_between (random, 0.15, 0.8) * radius,
                      pst_random_range (random, 0.1, 0.55));
}

/* A radius whose density falls as r^-power between the two bounds (Lee,
 * Mumford and Huang, 2001, section 4: 3 makes the picture look the same at
 * any size). */
static double
draw_radius (PstScene *scene)
{
  double p = 1 - scene->power;
  double low = pow (scene->least, p), high = pow (scene->most, p);

  return pow (low + (high - low) * pst_random_double (&scene->random), 1 / p);
}

/* FALSE where a leaf doesn't belong: in the sky, in a calm place. Those on
 * the ground become smaller towards the horizon. */
static gboolean
place (PstScene *scene, const float *at, double *radius)
{
  double down = at[1] - scene->horizon;

  if (*radius < 0.12 * scene->side &&
      field_at (scene, at, 0) < 4 * scene->calm - 2.2)
    return FALSE;
  if (scene->horizon == 0)
    return TRUE;
  if (down < 0)
    return down > -0.25 * scene->side * pst_random_double (&scene->random);
  *radius *= 0.2 + 1.2 * down / (scene->canvas.height - scene->horizon);
  return TRUE;
}

static void
paint_leaf (PstScene *scene, double depth)
{
  PstRandom *random = &scene->random;
  double     radius = draw_radius (scene);
  double     x = pst_random_range (random, 0, scene->canvas.width);
  double     y = pst_random_range (random, 0, scene->canvas.height);
  PstLeaf    leaf = pst_scene_leaf (draw_shape (scene), x, y, 0, 0);

  if (! place (scene, leaf.centre, &radius))
    return;
  fill_shape (&leaf, random, radius);
  pst_scene_turn (&leaf, scene->grow +
                           scene->spread * pst_draw_normal (random));
  fill_look (scene, &leaf, radius, depth);
  pst_scene_paint (scene, &leaf);
}

static void
paint_ground (PstScene *scene)
{
  double  x = scene->canvas.width / 2.0, y = scene->canvas.height / 2.0;
  PstLeaf leaf = pst_scene_leaf (PST_LEAF_BOX, x, y, 2 * x, 2 * y);
  PstTone tone = pst_scene_tone (scene, 0.1, 0.03);

  pst_scene_colour (&leaf, &tone);
  pst_scene_texture (scene, &leaf, 0.08);
  for (int i = 0; i < 2; i++)
    leaf.slope[i] = (float) (0.35 * pst_draw_laplace (&scene->random));
  pst_scene_paint (scene, &leaf);
  if (scene->horizon > 0)
    pst_scene_sky (scene);
}

/* How many leaves cover the picture @coverage times. */
static int
count_leaves (const PstScene *scene, double coverage)
{
  double p = 3 - scene->power, q = scene->power - 1;
  double ratio = scene->most / scene->least;
  double mean; /* of r^2 under the density of draw_radius() */

  mean = fabs (p) < 1e-3 ? log (ratio) : (pow (ratio, p) - 1) / p;
  mean *= q / (1 - pow (ratio, -q)) * scene->least * scene->least;
  return (int) (coverage * scene->canvas.width * scene->canvas.height /
                (G_PI * mean)) + 1;
}

static void
paint_scene (PstScene *scene)
{
  PstRandom *random = &scene->random;
  int        n = count_leaves (scene, pst_random_range (random, 1.5, 4));
  int        houses = pst_draw_chance (random, 0.2)
                        ? 1 + (int) pst_random_below (random, 4) : 0;
  gboolean   face = pst_draw_chance (random, 0.15);
  gboolean   lines = pst_draw_chance (random, 0.25);
  gboolean   writing = pst_draw_chance (random, 0.05);

  paint_ground (scene);
  for (int i = 0; i < n; i++)
    {
      if (i == n * 3 / 5)
        for (int k = 0; k < houses; k++)
          pst_scene_building (scene);
      if (i == n * 4 / 5 && writing)
        pst_scene_writing (scene);
      if (i == n * 9 / 10 && lines)
        pst_scene_lines (scene);
      if (i == n - n / 50 - 1 && face)
        pst_scene_face (scene);
      paint_leaf (scene, (double) i / n);
    }
}

/* Noise of a sensor, about normal, and rounding. */
static void
finish (PstScene *scene, PstPicture *picture)
{
  PstRandom   *random = &scene->random;
  const float *from = scene->canvas.data;
  gsize        n = (gsize) picture->width * picture->height * 3;
  float        noise = (float) pst_draw_between (random, 0.3, 3);

  for (gsize i = 0; i < n; i += 3)
    {
      guint64 bits = pst_random_next (random);

      for (int c = 0; c < 3; c++, bits >>= 16)
        {
          float grain = ((bits & 0xffff) / 32768.0f - 1) * noise * 1.7f;
          float value = from[i + c] * 255 + grain + 0.5f;

          picture->data[i + c] = (guint8) CLAMP (value, 0, 255);
        }
    }
}

PstSynthetic *
pst_synthetic_new (guint64 seed)
{
  PstSynthetic *synthetic = g_new0 (PstSynthetic, 1);

  synthetic->seed = seed;
  pst_grain_fill (&synthetic->grain, seed);
  return synthetic;
}

void
pst_synthetic_free (PstSynthetic *synthetic)
{
  g_free (synthetic);
}

PstPicture *
pst_synthetic_picture (const PstSynthetic *synthetic, guint64 index,
                       int width, int height)
{
  PstPicture *picture = pst_picture_new (width, height);
  gsize       bytes = sizeof (float) * 3 * width * height;
  PstScene    scene = { .grain = &synthetic->grain };

  scene.canvas.width = width;
  scene.canvas.height = height;
  scene.canvas.data = picture ? pst_memory_try_alloc (bytes) : NULL;
  if (! scene.canvas.data)
    {
      pst_picture_free (picture);
      return NULL;
    }
  memset (scene.canvas.data, 0, bytes);
  pst_random_init (&scene.random, synthetic->seed, PST_STREAM_SYNTHETIC,
                   index);
  choose_scene (&scene);
  paint_scene (&scene);
  finish (&scene, picture);
  pst_memory_free (scene.canvas.data, bytes);
  return picture;
}
