/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/train/picture-layers.h"

#include <math.h>
#include <string.h>

#include "core/train/constants.h"
#include "core/train/losses.h"
#include "core/train/random.h"

#define WINDOW 7     /* of the local normalisation, as in core/eval */
#define QUIET 0.02f  /* likewise */
#define FILTERS 32
#define LARGEST 9    /* filter */
#define LAGS 5       /* each way, for correlations */
#define LAG 2        /* places from one to the next */

static PstValue *
number (PstGraph *graph, const char *name, float value)
{
  PstShape one = PST_SHAPE (1);

  return pst_constant_floats (graph, name, &one, &value);
}

static PstValue *
whole (PstGraph *graph, const char *name, gint64 value)
{
  PstShape one = PST_SHAPE (1);

  return pst_constant_ints (graph, name, &one, &value);
}

/* ITU-R BT.709: [N,3,H,W] -> [N,1,H,W] */
static PstValue *
luma (PstGraph *graph, PstValue *picture)
{
  const float parts[] = { 0.2126f, 0.7152f, 0.0722f };
  PstShape    shape = PST_SHAPE (1, 3, 1, 1);
  PstValue   *x;

  x = pst_graph_op (graph, "Conv", 2, picture,
                    pst_constant_floats (graph, "luma", &shape, parts));
  pst_node_set_ints (x->producer, "kernel_shape", PST_INTS (1, 1));
  return x;
}

/* Means over what lies in the window, fewer numbers at the border: of columns,
 * then of rows. */
static PstValue *
local_mean (PstGraph *graph, PstValue *x)
{
  enum { P = WINDOW / 2 };

  x = pst_graph_op (graph, "AveragePool", 1, x);
  pst_node_set_ints (x->producer, "kernel_shape", PST_INTS (WINDOW, 1));
  pst_node_set_ints (x->producer, "pads", PST_INTS (P, 0, P, 0));
  x = pst_graph_op (graph, "AveragePool", 1, x);
  pst_node_set_ints (x->producer, "kernel_shape", PST_INTS (1, WINDOW));
  pst_node_set_ints (x->producer, "pads", PST_INTS (0, P, 0, P));
  return x;
}

static PstValue *
binary (PstGraph *graph, const char *type, PstValue *a, PstValue *b)
{
  return pst_graph_op (graph, type, 2, a, b);
}

/* (y - m) / (s + 0.02); the root has a gradient where all is even. */
static PstValue *
luminance (PstGraph *graph, PstValue *picture, int shrink)
{
  PstValue *y = pst_loss_pool (graph, luma (graph, picture), shrink);
  PstValue *m = local_mean (graph, y), *s;

  s = binary (graph, "Sub", local_mean (graph, binary (graph, "Mul", y, y)),
              binary (graph, "Mul", m, m));
  s = binary (graph, "Add", pst_graph_op (graph, "Relu", 1, s),
              number (graph, "luminance.even", 1e-8f));
  s = binary (graph, "Add", pst_graph_op (graph, "Sqrt", 1, s),
              number (graph, "luminance.quiet", QUIET));
  return binary (graph, "Div", binary (graph, "Sub", y, m), s);
}

/* Uniform, and of length 1. */
static PstArray *
make_filters (int size, guint64 seed, guint64 index)
{
  PstShape  shape = PST_SHAPE (FILTERS, 3, size, size);
  PstArray *array = pst_array_new (PST_FLOAT32, &shape, TRUE);
  int       n = 3 * size * size;
  PstRandom random;

  if (! array)
    g_error ("There is no memory for filters");
  pst_random_init (&random, seed, PST_STREAM_FILTER, index);
  for (int k = 0; k < FILTERS; k++)
    {
      float *w = (float *) array->tensor.data + k * n;
      double squares = 0;

      for (int i = 0; i < n; i++)
        {
          w[i] = (float) pst_random_range (&random, -1, 1);
          squares += (double) w[i] * w[i];
        }
      for (int i = 0; i < n; i++)
        w[i] /= (float) sqrt (squares);
    }
  return array;
}

static PstValue *
random_filters (PstGraph *graph, PstValue *picture, int reach, guint64 seed)
{
  g_autofree char     *name = g_strdup_printf ("filters%d", reach);
  g_autoptr (PstArray) filters = NULL;
  PstValue            *x;
  int                  shrink = 1, size;

  while (reach / shrink > LARGEST)
    shrink *= 2;
  size = reach / shrink;
  filters = make_filters (size, seed, (guint64) reach);
  x = binary (graph, "Sub", picture, number (graph, "filters.grey", 0.5f));
  x = pst_graph_op (graph, "Conv", 2, pst_loss_pool (graph, x, shrink),
                    pst_graph_add_parameter (graph, name, filters));
  pst_node_set_ints (x->producer, "kernel_shape", PST_INTS (size, size));
  return pst_graph_op (graph, "Relu", 1, x);
}

/* Where @axis begins at 0, 2, … 8, and ends as much before its end: one more
 * axis of channels. */
static PstValue *
lags_of_axis (PstGraph *graph, PstValue *x, gint64 axis)
{
  enum { FAR = (LAGS - 1) * LAG };
  PstValue *axes = whole (graph, axis == 2 ? "lags.down" : "lags.right", axis);
  PstValue *some[LAGS];

  for (int k = 0; k < LAGS; k++)
    {
      g_autofree char *from = g_strdup_printf ("lags.from%d", k * LAG);
      g_autofree char *to = g_strdup_printf ("lags.to%d", k * LAG);
      gint64           end = k < LAGS - 1 ? k * LAG - FAR : G_MAXINT32;

      some[k] = pst_graph_op (graph, "Slice", 4, x,
                              whole (graph, from, k * LAG),
                              whole (graph, to, end), axes);
    }
  x = pst_graph_op (graph, "Concat", LAGS, some[0], some[1], some[2], some[3],
                    some[4]);
  pst_node_set_int (x->producer, "axis", 1);
  return x;
}

/* The drawing, and it again from places to the right of and below it. */
static PstValue *
lags (PstGraph *graph, PstValue *picture, int shrink)
{
  PstValue *x = luminance (graph, picture, shrink);

  x = lags_of_axis (graph, lags_of_axis (graph, x, 2), 3);
  return binary (graph, "Add", x, number (graph, "lags.one", 1));
}

/* The number after @word that @name ends with; 0 where there is none from
 * @low to @high. */
static int
read_size (const char *name, const char *word, int low, int high)
{
  gint64 size;

  if (! g_str_has_prefix (name, word) ||
      ! g_ascii_string_to_signed (name + strlen (word), 10, low, high, &size,
                                  NULL))
    return 0;
  return (int) size;
}

PstValue *
pst_picture_layer (PstGraph *graph, PstValue *picture, const char *name,
                   guint64 seed)
{
  int size = read_size (name, "luminance", 1, 32);

  if (size > 0)
    return luminance (graph, picture, size);
  size = read_size (name, "correlation", 1, 8);
  if (size > 0)
    return lags (graph, picture, size);
  size = read_size (name, "random", 3, 64);
  return size > 0 ? random_filters (graph, picture, size, seed) : NULL;
}
