/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/style/net.h"

#include <string.h>

#include "core/kernels/kernels.h"

#define MIN_SIZE 32 /* of the network's input, margins included */

static int
padded (int size, int fixed, int step)
{
  int wanted = MAX (size + 2 * PST_NET_MARGIN, MIN_SIZE);

  return fixed ? fixed : (wanted + step - 1) / step * step;
}

static int
margin (int size, int fixed)
{
  return fixed ? MAX ((fixed - size) / 2, 0) : PST_NET_MARGIN;
}

PstPlan *
pst_net_plan (PstModel *model, int width, int height, guint n_workers,
              guint64 budget, guint64 *smallest, GError **error)
{
  const PstModelFacts *facts = pst_model_get_facts (model);

  return pst_model_plan (model, padded (width, facts->width, facts->step),
                         padded (height, facts->height, facts->step),
                         n_workers, budget, smallest, error);
}

static const PstShape *
plan_shape (const PstNet *net, PstPlan *plan)
{
  GPtrArray *inputs = pst_graph_get_inputs (pst_plan_get_graph (plan));
  int        i = pst_model_get_facts (net->model)->image_input;

  return &((const PstValue *) inputs->pdata[i])->info.shape;
}

void
pst_net_settle (PstNet *net, PstPlan *plan)
{
  PstBench       *bench = net->bench;
  const PstShape *shape = plan_shape (net, plan);

  if (bench->width != shape->dim[3] || bench->height != shape->dim[2] ||
      bench->run_bytes != pst_plan_get_memory (plan))
    pst_model_drop_run (bench);
}

gboolean
pst_net_open (PstNet *net, PstPlan *plan, int width, int height,
              GError **error)
{
  const PstModelFacts *facts = pst_model_get_facts (net->model);
  const PstShape      *shape = plan_shape (net, plan);
  PstBench            *bench = net->bench;

  pst_net_settle (net, plan);
  if (! bench->run)
    bench->run = pst_run_new (plan, bench->pool, error);
  if (! bench->run)
    return FALSE;
  bench->run_bytes = pst_plan_get_memory (plan);
  bench->width = shape->dim[3];
  bench->height = shape->dim[2];
  net->tensor = pst_run_get_input (bench->run, facts->image_input);
  net->width = width;
  net->height = height;
  net->left = margin (width, facts->width);
  net->top = margin (height, facts->height);
  /* the identity style passes grain on, so it gets none */
  net->grain = 0;
  if (facts->grain > 0 && net->weights)
    net->grain = facts->grain
                 * CLAMP (facts->identity ? 1 - net->weights[0] : 1, 0.0f,
                          1.0f);
  return TRUE;
}

static float *
tensor_row (const PstNet *net, int y)
{
  return (float *) net->tensor->data
         + ((gsize) (y + net->top) * net->tensor->shape.dim[3] + net->left)
               * 3;
}

static void
add_grain (const PstNet *net, int y, float *row)
{
  const PstKernels *kernels = pst_kernels ();
  float             grain[PST_GRAIN_RUN];

  for (int x = 0; x < net->width; x += PST_GRAIN_RUN)
    {
      kernels->grain_run (x, y, net->grain, grain);
      for (int i = 0; i < MIN (PST_GRAIN_RUN, net->width - x); i++, row += 3)
        for (int c = 0; c < 3; c++)
          row[c] += grain[i];
    }
}

static void
mirror_columns (const PstNet *net, float *row)
{
  int width = net->width;
  int end = (int) net->tensor->shape.dim[3] - net->left;

  for (int x = -net->left; x < 0; x++)
    memcpy (row + 3 * x, row + 3 * pst_image_reflect (x, width),
            3 * sizeof (float));
  for (int x = width; x < end; x++)
    memcpy (row + 3 * x, row + 3 * pst_image_reflect (x, width),
            3 * sizeof (float));
}

static void
swap_colours (float *row, int n)
{
  for (int x = 0; x < n; x++, row += 3)
    {
      float first = row[0];

      row[0] = row[2];
      row[2] = first;
    }
}

void
pst_net_put (PstNet *net, int y, float *row)
{
  const PstModelFacts *facts = pst_model_get_facts (net->model);
  float                range = facts->high - facts->low;
  float                low = facts->low;
  float               *to = tensor_row (net, y);

  if (net->grain > 0)
    add_grain (net, y, row);
  for (int i = 0; i < 3 * net->width; i++)
    to[i] = low + range * pst_image_unit (row[i]);
  if (facts->bgr)
    swap_colours (to, net->width);
  mirror_columns (net, to);
}

/* Row @y, outside of the picture, margins included. */
static void
mirror_row (const PstNet *net, int y)
{
  memcpy (tensor_row (net, y) - 3 * net->left,
          tensor_row (net, pst_image_reflect (y, net->height)) - 3 * net->left,
          net->tensor->shape.dim[3] * 3 * sizeof (float));
}

static void
mirror_rows (const PstNet *net)
{
  int end = (int) net->tensor->shape.dim[2] - net->top;

  for (int y = -net->top; y < 0; y++)
    mirror_row (net, y);
  for (int y = net->height; y < end; y++)
    mirror_row (net, y);
}

gboolean
pst_net_forward (PstNet *net, GCancellable *cancellable,
                 PstProgressFunc progress, gpointer data, GError **error)
{
  const PstModelFacts *facts = pst_model_get_facts (net->model);
  PstRun              *run = net->bench->run;

  mirror_rows (net);
  if (facts->style_input >= 0)
    memcpy (pst_run_get_input (run, facts->style_input)->data, net->weights,
            facts->n_columns * sizeof (float));
  if (! pst_run_forward (run, cancellable, progress, data, error))
    return FALSE;
  net->tensor = (PstTensor *) pst_run_get_output (run, 0);
  return TRUE;
}

static inline void
take_row (const PstNet *net, int y, gboolean add, float *row)
{
  const PstModelFacts *facts = pst_model_get_facts (net->model);
  float                scale = 1 / (facts->high - facts->low);
  float                low = facts->low;
  const float         *from = tensor_row (net, y);

  for (int i = 0; i < 3 * net->width; i++)
    row[i] = (add ? row[i] : 0) + pst_image_unit ((from[i] - low) * scale);
}

static void
load_row (gconstpointer data, int y, float *row)
{
  const PstNet *net = data;

  take_row (net, y, FALSE, row);
  if (pst_model_get_facts (net->model)->bgr)
    swap_colours (row, net->width);
}

void
pst_net_add (const PstNet *net, int y, float *row)
{
  gboolean bgr = pst_model_get_facts (net->model)->bgr;

  if (bgr)
    swap_colours (row, net->width);
  take_row (net, y, TRUE, row);
  if (bgr)
    swap_colours (row, net->width);
}

PstRows
pst_net_rows (const PstNet *net)
{
  return (PstRows){ net->width, net->height, 3, load_row, net };
}
