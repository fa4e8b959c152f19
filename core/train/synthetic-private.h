/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <math.h>

#include "core/train/synthetic-leaf.h"

/* What synthetic*.c share. */

#define PST_SCENE_TONES 7 /* at most */

/* A colour by its mean, half of red minus blue, and a quarter of twice green
 * minus red and blue: axes along which those of photos hardly depend on each
 * other. */
typedef struct
{
  double light;
  double warm;
  double green;
} PstTone;

/* A picture while it is painted. */
typedef struct
{
  const PstGrain *grain;
  PstCanvas       canvas;
  PstRandom       random;
  double          side;     /* the shorter one, in pixels */
  PstTone         tones[PST_SCENE_TONES];
  guint           n_tones;
  double          least;    /* smallest radius, in pixels */
  double          most;     /* largest */
  double          power;    /* of the sizes' density */
  double          calm;     /* 0 to 1: how much is free of small leaves */
  double          home;     /* 0 to 1: how much small leaves keep to the tones
                               of their place */
  double          blur;     /* how far out of focus the farthest are */
  double          rough;    /* strength of textures */
  double          smooth;   /* share of what has hardly any */
  double          sun[2];   /* which way shadows fall */
  double          odds[5];  /* of the shapes, summed up */
  double          grow;     /* angle that leaves turn to */
  double          spread;   /* how much they stray from it */
  double          horizon;  /* y in pixels; 0: none */
  double          drift[2]; /* offset of the calm places */
} PstScene;

/* Draws: normal; Laplace's of deviation 1, which has long tails as chromas
 * have; log-uniform; TRUE with a probability. */
double   pst_draw_normal (PstRandom *random);
double   pst_draw_laplace (PstRandom *random);
double   pst_draw_between (PstRandom *random, double low, double high);
gboolean pst_draw_chance (PstRandom *random, double share);

PstTone pst_scene_tone (PstScene *scene, double light, double chroma);

/* An upright leaf of one colour without texture, shading and shadow. */
PstLeaf pst_scene_leaf (PstLeafShape shape, double x, double y, double a,
                        double b);
void    pst_scene_turn (PstLeaf *leaf, double angle);
void    pst_scene_colour (PstLeaf *leaf, const PstTone *tone);
void    pst_scene_texture (PstScene *scene, PstLeaf *leaf, double strength);
void    pst_scene_shadow (PstScene *scene, PstLeaf *leaf, double reach,
                          double strength);
void    pst_scene_paint (PstScene *scene, const PstLeaf *leaf);

/* synthetic-things.c */
void pst_scene_sky (PstScene *scene);
void pst_scene_building (PstScene *scene);
void pst_scene_face (PstScene *scene);
void pst_scene_lines (PstScene *scene);
void pst_scene_writing (PstScene *scene);
