/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What dead leaves lack: skies, buildings, faces, lines, writing. */
#include "core/train/synthetic-private.h"

static double
range (PstScene *scene, double low, double high)
{
  return pst_random_range (&scene->random, low, high);
}

static gboolean
chance (PstScene *scene, double share)
{
  return pst_draw_chance (&scene->random, share);
}

/* Above the horizon: a smooth fall of light, perhaps with clouds. */
void
pst_scene_sky (PstScene *scene)
{
  static const PstTone skies[] = {
    { 0.62, -0.12, 0.01 }, /* blue */
    { 0.75, -0.03, 0.00 }, /* pale */
    { 0.55, -0.02, 0.00 }, /* grey */
    { 0.55, 0.14, -0.01 }, /* evening */
    { 0.16, -0.05, 0.00 }, /* night */
  };
  PstTone tone = skies[pst_random_below (&scene->random, 5)];
  double  y = scene->horizon, x = scene->canvas.width / 2.0;
  PstLeaf leaf;

  tone.light += 0.08 * pst_draw_normal (&scene->random);
  tone.warm += 0.03 * pst_draw_normal (&scene->random);
  leaf = pst_scene_leaf (PST_LEAF_BOX, x, 0, 2 * x, y);
  pst_scene_colour (&leaf, &tone);
  leaf.slope[1] = (float) range (scene, -0.1, 0.35);
  leaf.slope[0] = (float) (0.1 * pst_draw_normal (&scene->random));
  if (chance (scene, 0.5))
    {
      pst_scene_texture (scene, &leaf, 0.12);
      leaf.grain = 3;
      leaf.scale[1] = (float) (64 / scene->side *
                               pst_draw_between (&scene->random, 0.5, 3));
      leaf.scale[0] = leaf.scale[1] * (float) range (scene, 0.3, 1);
    }
  leaf.edge = (float) (1.5 + scene->blur / 2);
  pst_scene_paint (scene, &leaf);
}

/* A wall, upright or a little off, with rows of windows. */
void
pst_scene_building (PstScene *scene)
{
  double  h = scene->side * range (scene, 0.2, 0.7);
  double  w = h * range (scene, 0.3, 1.5);
  double  x = range (scene, 0, scene->canvas.width);
  double  y = range (scene, 0.2, 0.8) * scene->canvas.height;
  double  lean = 0.03 * pst_draw_laplace (&scene->random);
  int     across = 2 + (int) pst_random_below (&scene->random, 6);
  int     down = 2 + (int) pst_random_below (&scene->random, 7);
  double  fill = range (scene, 0.3, 0.85), tall = range (scene, 0.4, 0.9);
  PstTone wall = pst_scene_tone (scene, 0.06, 0.01);
  PstTone glass = pst_scene_tone (scene, 0.15, 0.02);
  PstLeaf leaf = pst_scene_leaf (PST_LEAF_BOX, x, y, w, h);

  glass.light = chance (scene, 0.7) ? wall.light * 0.45 : wall.light * 1.4;
  pst_scene_colour (&leaf, &wall);
  pst_scene_texture (scene, &leaf, 0.08);
  pst_scene_turn (&leaf, lean);
  leaf.slope[0] = (float) (0.12 * pst_draw_laplace (&scene->random));
  leaf.slope[1] = (float) (0.12 * pst_draw_laplace (&scene->random));
  pst_scene_shadow (scene, &leaf, 0.08 * h, 0.4);
  pst_scene_paint (scene, &leaf);
  for (int i = 0; i < across * down; i++)
    {
      double  u = ((i % across + 0.5) / across * 2 - 1) * w;
      double  v = ((i / across + 0.5) / down * 2 - 1) * h;
      PstLeaf pane;
      PstTone tone = glass;

      pane = pst_scene_leaf (PST_LEAF_BOX, x + u * cos (lean) - v * sin (lean),
                             y + u * sin (lean) + v * cos (lean),
                             fill * w / across, tall * h / down);
      tone.light += 0.05 * pst_draw_normal (&scene->random);
      pst_scene_colour (&pane, &tone);
      pst_scene_turn (&pane, lean);
      pane.slope[1] = (float) (0.2 * pst_draw_normal (&scene->random));
      pst_scene_shadow (scene, &pane, 0.3 * pane.half[0], 0.3);
      pst_scene_paint (scene, &pane);
    }
}

/* A part of a face at (u, v) in units of half its width and height. */
static void
feature (PstScene *scene, const PstLeaf *head, PstLeafShape shape, double u,
         double v, double a, double b, double bend, PstTone tone)
{
  double  x = u * head->half[0], y = v * head->half[1];
  PstLeaf leaf;

  leaf = pst_scene_leaf (shape,
                         head->centre[0] + x * head->axis[0] -
                           y * head->axis[1],
                         head->centre[1] + x * head->axis[1] +
                           y * head->axis[0],
                         a * head->half[0], b * head->half[0]);
  leaf.axis[0] = head->axis[0];
  leaf.axis[1] = head->axis[1];
  leaf.round = (float) bend;
  leaf.edge = (float) (head->edge + b * head->half[0] * 0.5);
  pst_scene_colour (&leaf, &tone);
  pst_scene_paint (scene, &leaf);
}

static void
paint_features (PstScene *scene, const PstLeaf *head, PstTone skin)
{
  PstTone dark = { 0.08 + 0.1 * skin.light, 0.02, 0 };
  PstTone shade = { skin.light * 0.7, skin.warm, skin.green };
  PstTone lips = { skin.light * 0.7, skin.warm + 0.03, skin.green - 0.025 };
  PstTone white = { MIN (skin.light + 0.25, 0.9), 0.01, 0 };
  double  gap = range (scene, 0.34, 0.46), v = range (scene, -0.2, 0);
  double  smile = range (scene, -0.1, 0.5);

  for (int s = -1; s <= 1; s += 2)
    {
      feature (scene, head, PST_LEAF_ELLIPSE, s * gap, v, 0.24, 0.14, 0,
               shade);
      feature (scene, head, PST_LEAF_ELLIPSE, s * gap, v, 0.17, 0.07, 0,
               white);
      feature (scene, head, PST_LEAF_ELLIPSE, s * gap, v, 0.07, 0.07, 0,
               dark);
      feature (scene, head, PST_LEAF_STROKE, s * gap, v - 0.2, 0.22, 0.05,
               0.25, dark);
    }
  feature (scene, head, PST_LEAF_BLOB, 0.05, 0.22, 0.14, 0.09, 0, shade);
  feature (scene, head, PST_LEAF_STROKE, 0, 0.52, 0.3, 0.07, -smile, lips);
}

/* Hair, shoulders, and a head with eyes, nose and mouth. */
void
pst_scene_face (PstScene *scene)
{
  double  b = scene->side * pst_draw_between (&scene->random, 0.08, 0.36);
  double  a = b * range (scene, 0.68, 0.85);
  double  x = range (scene, 0.15, 0.85) * scene->canvas.width;
  double  y = range (scene, 0.2, 0.65) * scene->canvas.height;
  PstTone skin = { range (scene, 0.22, 0.72), 0, 0 };
  PstTone hair = { range (scene, 0.05, 0.35), range (scene, 0, 0.08), 0 };
  PstTone cloth = pst_scene_tone (scene, 0.1, 0.04);
  PstLeaf leaf = pst_scene_leaf (PST_LEAF_ELLIPSE, x, y + 2.3 * b, 1.7 * b,
                                 1.3 * b);

  skin.warm = range (scene, 0.06, 0.13);
  skin.green = -range (scene, 0, 0.02);
  pst_scene_colour (&leaf, &cloth);
  pst_scene_texture (scene, &leaf, 0.1);
  pst_scene_paint (scene, &leaf);
  leaf = pst_scene_leaf (PST_LEAF_BLOB, x, y - 0.15 * b, 1.25 * a, 1.15 * b);
  leaf.wave[0] = (float) range (scene, -0.1, 0.1);
  leaf.ragged = (float) (0.05 * b);
  leaf.fray = (float) (16 / b);
  pst_scene_colour (&leaf, &hair);
  pst_scene_texture (scene, &leaf, 0.2);
  leaf.scale[1] *= 0.2f;
  pst_scene_paint (scene, &leaf);
  leaf = pst_scene_leaf (PST_LEAF_ELLIPSE, x, y, a, b);
  pst_scene_turn (&leaf, 0.12 * pst_draw_normal (&scene->random));
  pst_scene_colour (&leaf, &skin);
  pst_scene_texture (scene, &leaf, 0.03);
  leaf.bulge = (float) range (scene, 0.1, 0.35);
  leaf.slope[0] = (float) range (scene, -0.35, 0.35);
  pst_scene_shadow (scene, &leaf, 0.4 * b, 0.4);
  pst_scene_paint (scene, &leaf);
  paint_features (scene, &leaf, skin);
}

/* Poles, wires, twigs. */
void
pst_scene_lines (PstScene *scene)
{
  int     n = 2 + (int) pst_random_below (&scene->random, 8);
  double  angle = range (scene, 0, G_PI);
  PstTone tone = pst_scene_tone (scene, 0.15, 0.02);

  for (int i = 0; i < n; i++)
    {
      double  thick = pst_draw_between (&scene->random, 0.6,
                                        0.02 * scene->side + 1);
      PstLeaf leaf;

      leaf = pst_scene_leaf (PST_LEAF_STROKE,
                             range (scene, 0, scene->canvas.width),
                             range (scene, 0, scene->canvas.height),
                             scene->side * range (scene, 0.2, 0.9), thick);
      pst_scene_turn (&leaf,
                      angle + 0.08 * pst_draw_laplace (&scene->random));
      leaf.round = (float) (0.04 * pst_draw_laplace (&scene->random));
      pst_scene_colour (&leaf, &tone);
      pst_scene_paint (scene, &leaf);
    }
}

/* A board with rows of marks. */
void
pst_scene_writing (PstScene *scene)
{
  double  tall = pst_draw_between (&scene->random, 2, 0.03 * scene->side + 2);
  double  h = tall * range (scene, 3, 12), w = h * range (scene, 0.8, 2.5);
  double  x = range (scene, 0.1, 0.9) * scene->canvas.width;
  double  y = range (scene, 0.1, 0.9) * scene->canvas.height;
  PstTone paper = { range (scene, 0.6, 0.9), 0.02, 0 };
  PstTone ink = { range (scene, 0.05, 0.3), 0, 0 };
  PstLeaf leaf = pst_scene_leaf (PST_LEAF_BOX, x, y, w, h);

  if (chance (scene, 0.3))
    {
      paper = pst_scene_tone (scene, 0.1, 0.05);
      ink.light = paper.light > 0.5 ? 0.1 : 0.85;
    }
  pst_scene_colour (&leaf, &paper);
  pst_scene_texture (scene, &leaf, 0.02);
  pst_scene_shadow (scene, &leaf, 0.1 * h, 0.3);
  pst_scene_paint (scene, &leaf);
  for (double v = y - 0.85 * h; v < y + 0.85 * h; v += 2.6 * tall)
    for (double u = x - 0.9 * w; u < x + 0.85 * w;
         u += tall * range (scene, 0.9, 1.3))
      {
        if (chance (scene, 0.18)) /* between words */
          continue;
        leaf = pst_scene_leaf (PST_LEAF_STROKE, u, v, tall * 0.6,
                               tall * 0.17 + 0.3);
        leaf.round = (float) (chance (scene, 0.5) ? range (scene, -1, 1) : 0);
        pst_scene_turn (&leaf, G_PI_2 * pst_random_below (&scene->random, 4) +
                                 range (scene, -0.3, 0.3));
        pst_scene_colour (&leaf, &ink);
        pst_scene_paint (scene, &leaf);
      }
}
