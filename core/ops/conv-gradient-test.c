/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/kernels/gemm.h"
#include "core/ops/conv.h"
#include "core/ops/op-test.h"

/*
 * The gradients of one algorithm against those of conv-im2col-gradient.c,
 * which conv-test.c compares with differences, at sizes where that would take
 * too long: several slices and blocks, channels that fill no panel.
 */

typedef struct
{
  const char            *name;
  const PstConvGradient *algorithm;
  gint64                 n, c, h, w, k, size, stride;
  gint64                 pads[4];
  char                   mode;
  gint64                 upsample;
} Case;

#define WINOGRAD &pst_conv_winograd_gradient
#define STRIDED &pst_conv_strided_gradient
#define FLIPPED &pst_conv_flipped_gradient
#define DIRECT &pst_conv_direct_gradient

static const Case cases[] = {
  { "many-blocks", WINOGRAD, 1, 16, 90, 70, 16, 3, 1, { 1, 1, 1, 1 }, 'r', 1 },
  { "slices", WINOGRAD, 11, 32, 9, 14, 48, 3, 1, { 1, 1, 1, 1 }, 'c', 1 },
  { "weights", WINOGRAD, 5, 64, 14, 13, 80, 3, 1, { 1, 0, 2, 1 }, 'e', 1 },
  { "upsample", WINOGRAD, 2, 16, 31, 20, 32, 3, 1, { 1, 1, 1, 1 }, 'r', 2 },
  { "few", WINOGRAD, 2, 16, 20, 20, 3, 3, 1, { 1, 1, 1, 1 }, 'r', 1 },
  { "four", WINOGRAD, 3, 64, 30, 29, 128, 4, 1, { 0, 0, 0, 0 }, 'c', 1 },
  { "four-uneven", WINOGRAD, 2, 32, 11, 19, 16, 4, 1, { 1, 2, 2, 1 }, 'r', 1 },
  { "four-few", WINOGRAD, 9, 48, 12, 9, 7, 4, 1, { 0, 0, 0, 0 }, 'c', 1 },
  { "four-more", WINOGRAD, 1, 16, 8, 9, 37, 4, 1, { 2, 2, 2, 2 }, 'e', 1 },
  { "many-blocks", STRIDED, 1, 16, 150, 149, 32, 3, 2, { 1, 1, 1, 1 }, 'r',
    1 },
  { "slices", STRIDED, 9, 32, 20, 23, 48, 3, 2, { 1, 1, 1, 1 }, 'c', 1 },
  { "four", STRIDED, 3, 32, 63, 41, 64, 4, 2, { 0, 0, 0, 0 }, 'c', 1 },
  { "four-uneven", STRIDED, 2, 64, 31, 31, 40, 4, 2, { 1, 2, 2, 0 }, 'r', 1 },
  { "panels", STRIDED, 2, 48, 33, 30, 80, 3, 2, { 0, 1, 1, 0 }, 'r', 1 },
  { "upsample", STRIDED, 1, 16, 20, 17, 5, 3, 2, { 1, 0, 1, 1 }, 'e', 2 },
  { "first", FLIPPED, 3, 3, 41, 70, 16, 7, 1, { 3, 3, 3, 3 }, 'r', 1 },
  { "last", FLIPPED, 2, 16, 50, 37, 3, 7, 1, { 3, 3, 3, 3 }, 'r', 1 },
  { "last-upsample", FLIPPED, 2, 40, 20, 23, 8, 5, 1, { 2, 1, 0, 3 }, 'e', 2 },
  { "few", FLIPPED, 5, 5, 9, 8, 6, 3, 1, { 0, 0, 0, 0 }, 'c', 1 },
  { "strided", DIRECT, 3, 3, 51, 40, 32, 4, 2, { 0, 0, 0, 0 }, 'c', 1 },
  { "wide", DIRECT, 9, 20, 17, 22, 70, 5, 1, { 2, 2, 2, 2 }, 'r', 1 },
  { "steps", DIRECT, 2, 7, 30, 31, 9, 3, 3, { 1, 2, 1, 0 }, 'c', 1 },
};

typedef struct
{
  PstConv   conv;
  PstTensor weight;
  float    *x;
  float    *dy;
  float    *to[3]; /* dx, dw, db */
  gsize     size[3];
} Layer;

static float *
noise (gsize n, guint32 seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  float *data = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    data[i] = (float) g_rand_double_range (rand, -1.0, 1.0);
  return data;
}

static void
layer_init (Layer *layer, const Case *row)
{
  PstConv *conv = &layer->conv;

  *conv = (PstConv) {
    .n = row->n, .c = row->c, .h = row->h, .w = row->w, .k = row->k,
    .kh = row->size, .kw = row->size, .stride_y = row->stride,
    .stride_x = row->stride, .dilation_y = 1, .dilation_x = 1, .groups = 1,
    .upsample = row->upsample, .mode = row->mode, .weight = &layer->weight,
  };
  memcpy (conv->pads, row->pads, sizeof conv->pads);
  conv->grid.h = conv->h * conv->upsample + conv->pads[0] + conv->pads[2];
  conv->grid.w = conv->w * conv->upsample + conv->pads[1] + conv->pads[3];
  conv->oh = (conv->grid.h - conv->kh) / conv->stride_y + 1;
  conv->ow = (conv->grid.w - conv->kw) / conv->stride_x + 1;
  pst_conv_fill_tables (conv, g_malloc (pst_conv_table_bytes (conv)));
  layer->size[0] = conv->n * conv->h * conv->w * conv->c;
  layer->size[1] = conv->k * conv->c * conv->kh * conv->kw;
  layer->size[2] = conv->k;
  layer->x = noise (layer->size[0], 1);
  layer->dy = noise (conv->n * conv->oh * conv->ow * conv->k, 2);
  for (int i = 0; i < 3; i++)
    layer->to[i] = noise (layer->size[i], 3); /* which is added to */
  layer->weight = (PstTensor) {
    .dtype = PST_FLOAT32,
    .shape = PST_SHAPE (conv->k, conv->c, conv->kh, conv->kw),
    .data = noise (layer->size[1], 4),
  };
  pst_tensor_layout_plain (&layer->weight);
}

static void
layer_clear (Layer *layer)
{
  g_free (layer->conv.grid.row);
  g_free (layer->weight.data);
  g_free (layer->x);
  g_free (layer->dy);
  for (int i = 0; i < 3; i++)
    g_free (layer->to[i]);
}

/* Those of the three that @mask has. */
static void
run (Layer *layer, const PstConvGradient *algorithm, guint threads, int mask)
{
  g_autoptr (PstPool) pool = pst_pool_new (threads);
  PstTensor           dw = layer->weight;
  PstCall             call = { .pool = pool, .n_workers = threads };
  gsize               shared = 0, each = 0;

  dw.data = layer->to[1];
  algorithm->scratch (&layer->conv, &shared, &each);
  call.worker_bytes = pst_memory_align (each);
  call.shared = pst_memory_try_alloc (shared + 1);
  call.worker_base = pst_memory_try_alloc (call.worker_bytes * threads + 1);
  memset (call.shared, 255, shared); /* not a number */
  memset (call.worker_base, 255, call.worker_bytes * threads);
  algorithm->backward (&layer->conv, &call, call.shared, layer->x, layer->dy,
                       mask & 1 ? layer->to[0] : NULL, mask & 2 ? &dw : NULL,
                       mask & 4 ? layer->to[2] : NULL);
  pst_memory_free (call.shared, shared + 1);
  pst_memory_free (call.worker_base, call.worker_bytes * threads + 1);
}

static void
compare (const Layer *a, const Layer *b, double tolerance)
{
  for (int i = 0; i < 3; i++)
    {
      double largest = 1.0;

      for (gsize j = 0; j < a->size[i]; j++)
        largest = MAX (largest, fabs (b->to[i][j]));
      for (gsize j = 0; j < a->size[i]; j++)
        if (! (fabs (a->to[i][j] - b->to[i][j]) <= tolerance * largest))
          g_error ("gradient %d at %" G_GSIZE_FORMAT ": %g, must be %g", i, j,
                   a->to[i][j], b->to[i][j]);
    }
}

static void
test_gradient (gconstpointer data)
{
  const Case *row = data;
  Layer       wanted, layer;

  pst_gemm_init ();
  layer_init (&wanted, row);
  g_assert_true (row->algorithm->fits (&wanted.conv));
  run (&wanted, &pst_conv_im2col_gradient, 1, 7);
  layer_init (&layer, row);
  run (&layer, row->algorithm, 3, 7);
  compare (&layer, &wanted, 2e-5);
  for (int mask = 1; mask < 8; mask *= 2) /* the same one by one, in order */
    {
      Layer other;

      layer_init (&other, row);
      run (&other, row->algorithm, 1, mask);
      run (&other, row->algorithm, 2, 7 - mask);
      compare (&other, &layer, 0.0);
      layer_clear (&other);
    }
  layer_clear (&layer);
  layer_clear (&wanted);
}

void
pst_test_conv_gradient (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path =
          g_strdup_printf ("/ops/conv-gradient/%s/%s",
                           cases[i].algorithm->name, cases[i].name);

      g_test_add_data_func (path, &cases[i], test_gradient);
    }
}
