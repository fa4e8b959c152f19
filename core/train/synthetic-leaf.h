/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/train/random.h"

/* One shape of a synthetic picture; private to synthetic*.c. */

#define PST_GRAIN_SIDE 256
#define PST_GRAINS 5
#define PST_LEAF_CORNERS 7

/**
 * PstGrain:
 *
 * Random fields that repeat every %PST_GRAIN_SIDE pixels, of mean 0 and
 * variance 1, the first the roughest: their power spectra fall as f^-1.4,
 * f^-2, f^-2.4, f^-2.8 and f^-3.4.
 */
typedef struct
{
  float field[PST_GRAINS][PST_GRAIN_SIDE * PST_GRAIN_SIDE];
} PstGrain;

void pst_grain_fill (PstGrain *grain, guint64 seed);

/* width x height pixels R, G, B, 0 to 1 and a little beyond. */
typedef struct
{
  int    width;
  int    height;
  float *data;
} PstCanvas;

typedef enum
{
  PST_LEAF_ELLIPSE,
  PST_LEAF_BOX,
  PST_LEAF_POLYGON,
  PST_LEAF_BLOB,
  PST_LEAF_STROKE,
} PstLeafShape;

/**
 * PstLeaf:
 *
 * Lengths are in pixels; x and y are along the shape's own axes, which the
 * angle turns.
 */
typedef struct
{
  PstLeafShape shape;
  float        centre[2];
  float        axis[2];    /* cosine and sine of the angle */
  float        half[2];    /* half its width and height */
  float        round;      /* box: radius of the corners; stroke: its bend, as
                              part of the length */
  int          corners;    /* polygon */
  float        corner[PST_LEAF_CORNERS][2];  /* normals of its sides */
  float        wave[4];    /* blob: amplitudes of 2, 3, 4, 5 turns */
  float        edge;       /* width over which it fades */
  float        ragged;     /* how far its edge strays */
  float        fray;       /* steps of a field for a pixel along the edge */
  float        colour[3];
  float        slope[2];   /* shading: change of brightness along each axis */
  float        bulge;      /* brighter in the middle, darker at the edge */
  int          grain;      /* which field */
  float        texture[3]; /* colours for the field's one */
  float        scale[2];   /* steps of the field for a pixel */
  float        offset[2];  /* in the field */
  float        stripe;     /* period along x; 0: none */
  float        contrast;   /* of the stripes */
  float        shadow;     /* how much darker it makes what is beneath */
  float        reach;      /* how far */
  float        cast[2];    /* which way */
} PstLeaf;

/* Paints @leaf and its shadow over what @canvas holds. */
void pst_leaf_paint (const PstLeaf *leaf, const PstGrain *grain,
                     PstCanvas *canvas);
