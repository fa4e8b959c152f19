/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/style/net.h"

#include "core/style/grain.h"

#include <string.h>

#define MIN_SIZE 32 /* of the network's input, margins included */
#define MULTIPLE 4  /* it halves the size twice */

typedef struct
{
  const PstModelFacts *facts;
  const PstImage      *from;
  PstImage            *to;
  const PstPatch      *patch;
  int                  left; /* margins */
  int                  top;
  PstTensor           *tensor; /* 1 × 3 × height × width, channels last */
  float                grain;  /* standard deviation */
} Transfer;

static int
padded (int size, int fixed)
{
  int wanted = MAX (size + 2 * PST_NET_MARGIN, MIN_SIZE);

  return fixed ? fixed : (wanted + MULTIPLE - 1) / MULTIPLE * MULTIPLE;
}

static int
margin (int size, int fixed)
{
  return fixed ? MAX ((fixed - size) / 2, 0) : PST_NET_MARGIN;
}

gboolean
pst_net_memory (PstModel *model, int width, int height, guint n_workers,
                gsize *bytes, GError **error)
{
  const PstModelFacts *facts = pst_model_get_facts (model);
  g_autoptr (PstPlan)  plan = NULL;

  plan = pst_model_plan (model, padded (width, facts->width),
                         padded (height, facts->height), n_workers, error);
  if (! plan)
    return FALSE;
  *bytes = pst_plan_get_memory (plan);
  return TRUE;
}

/* A run of the given input size: the last one, or a new one. */
static PstRun *
take_run (PstNet *net, int width, int height, GError **error)
{
  PstBench           *bench = net->bench;
  g_autoptr (PstPlan) plan = NULL;

  if (bench->run && bench->width == width && bench->height == height)
    return bench->run;
  pst_model_drop_run (bench);
  plan = pst_model_plan (net->model, width, height, bench->n_workers, error);
  if (! plan)
    return NULL;
  bench->run = pst_run_new (plan, bench->pool, error);
  bench->run_bytes = pst_plan_get_memory (plan);
  bench->width = width;
  bench->height = height;
  return bench->run;
}

/* NaN counts as 0. */
static inline float
unit (float x)
{
  return x > 0 ? (x < 1 ? x : 1) : 0;
}

static void
put_row (gpointer data, gsize y, guint worker)
{
  const Transfer      *t = data;
  const PstModelFacts *facts = t->facts;
  int                  width = t->tensor->shape.dim[3];
  float                range = facts->high - facts->low;
  int                  row = t->patch->y - t->top + (int) y;
  int                  red = facts->bgr ? 2 : 0;
  const float         *from;
  float               *to = (float *) t->tensor->data + y * width * 3;

  row = pst_image_reflect (row, t->from->height);
  from = pst_image_row (t->from, row);
  for (int x = 0; x < width; x++, to += 3)
    {
      int          column = t->patch->x - t->left + x;
      const float *p;
      float        grain;

      if (column < 0 || column >= t->from->width)
        column = pst_image_reflect (column, t->from->width);
      p = from + 3 * column;
      grain = t->grain > 0 ? t->grain * pst_grain (column, row) : 0;
      to[red] = facts->low + range * unit (p[0] + grain);
      to[1] = facts->low + range * unit (p[1] + grain);
      to[2 - red] = facts->low + range * unit (p[2] + grain);
    }
}

static void
get_row (gpointer data, gsize y, guint worker)
{
  const Transfer      *t = data;
  const PstModelFacts *facts = t->facts;
  const PstPatch      *patch = t->patch;
  int                  width = t->tensor->shape.dim[3];
  float                scale = 1 / (facts->high - facts->low);
  int                  red = facts->bgr ? 2 : 0;
  const float         *from = t->tensor->data;
  float               *to = pst_image_row (t->to, patch->y + (int) y);

  from += ((y + t->top) * width + t->left) * 3;
  to += 3 * patch->x;
  for (int x = 0; x < patch->width; x++, from += 3, to += 3)
    {
      float r = unit ((from[red] - facts->low) * scale);
      float g = unit ((from[1] - facts->low) * scale);
      float b = unit ((from[2 - red] - facts->low) * scale);

      if (patch->fade_x)
        {
          float weight = patch->fade_x[x] * patch->fade_y[y];

          to[0] += weight * r;
          to[1] += weight * g;
          to[2] += weight * b;
        }
      else
        {
          to[0] = r;
          to[1] = g;
          to[2] = b;
        }
    }
}

gboolean
pst_net_paint (PstNet *net, const PstImage *from, const PstPatch *patch,
               PstImage *to, GCancellable *cancellable,
               PstProgressFunc progress, gpointer data, GError **error)
{
  const PstModelFacts *facts = pst_model_get_facts (net->model);
  const PstPatch       whole = { 0, 0, from->width, from->height, NULL, NULL };
  Transfer             t = { facts, from, to, patch ? patch : &whole };
  int                  height = padded (t.patch->height, facts->height);
  PstRun              *run;

  /* the identity style passes grain on, so it gets none */
  if (facts->grain > 0 && net->weights)
    t.grain = facts->grain * CLAMP (facts->identity ? 1 - net->weights[0] : 1,
                                    0.0f, 1.0f);
  t.left = margin (t.patch->width, facts->width);
  t.top = margin (t.patch->height, facts->height);
  run = take_run (net, padded (t.patch->width, facts->width), height, error);
  if (! run)
    return FALSE;
  t.tensor = pst_run_get_input (run, facts->image_input);
  pst_pool_run (net->bench->pool, height, put_row, &t);
  if (facts->style_input >= 0)
    memcpy (pst_run_get_input (run, facts->style_input)->data, net->weights,
            facts->n_columns * sizeof (float));
  if (! pst_run_forward (run, cancellable, progress, data, error))
    return FALSE;
  t.tensor = (PstTensor *) pst_run_get_output (run, 0);
  pst_pool_run (net->bench->pool, t.patch->height, get_row, &t);
  return TRUE;
}
