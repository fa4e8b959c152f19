/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/style/foreign.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/memory.h"
#include "core/graph/rewrite.h"

#define PROBE_SIZE 128
#define MAX_FIXED_SIZE 8192
#define MAX_PROBE_PIXELS ((gint64) 1 << 22)
#define MAX_PROBE_MEMORY ((guint64) 1 << 30)
#define MAX_PROBE_COST 3e11 /* multiplications: seconds on one core */

void
pst_foreign_explain (const char *path, GError **error)
{
  g_autofree char *text = NULL;

  if (! error)
    return;
  if (! g_error_matches (*error, PST_ERROR, PST_ERROR_UNSUPPORTED) &&
      ! g_error_matches (*error, PST_ERROR, PST_ERROR_SHAPE))
    {
      g_prefix_error (error, "%s: ", path);
      return;
    }
  text = g_steal_pointer (&(*error)->message);
  (*error)->message = g_strdup_printf (
      _ ("%s cannot be used: %s. Export the network again, for one picture of "
         "any size and with numbers of the type float32, or take another "
         "file."),
      path, text);
}

static PstValue *
transpose (PstGraph *graph, PstValue *x, const gint64 order[4])
{
  x = pst_graph_op (graph, "Transpose", 1, x);
  pst_node_set_ints (x->producer, "perm", order, 4);
  return x;
}

/* A network whose pictures are [N, H, W, 3], as TensorFlow has them, made one
 * of [N, 3, H, W]; NULL for any other. */
static PstGraph *
colours_first (PstGraph *graph)
{
  static const gint64 to_last[] = { 0, 2, 3, 1 }, to_first[] = { 0, 3, 1, 2 };
  GPtrArray          *inputs = pst_graph_get_inputs (graph);
  GPtrArray          *keys = pst_graph_get_metadata_keys (graph);
  const PstValue     *input = inputs->len == 1 ? inputs->pdata[0] : NULL;
  const PstValue     *output;
  PstGraph           *turned;
  PstShape            shape;
  PstValue           *x;
  g_autoptr (GPtrArray) results = NULL;

  if (! input || pst_graph_get_outputs (graph)->len != 1 ||
      input->info.shape.rank != 4 || input->info.shape.dim[3] != 3 ||
      input->info.shape.dim[1] == 3)
    return NULL;
  output = pst_graph_get_outputs (graph)->pdata[0];
  shape = input->info.shape;
  shape = PST_SHAPE (shape.dim[0], 3, shape.dim[1], shape.dim[2]);
  turned = pst_graph_new ();
  pst_graph_set_opset (turned, pst_graph_get_opset (graph));
  x = pst_graph_add_input (turned, input->name, input->info.dtype, &shape);
  x = transpose (turned, x, to_last);
  results = pst_graph_append (turned, graph, &x, NULL);
  pst_graph_add_output (turned,
                        transpose (turned, results->pdata[0], to_first),
                        output->name);
  for (guint i = 0; i < keys->len; i++)
    pst_graph_set_metadata (turned, keys->pdata[i],
                            pst_graph_get_metadata (graph, keys->pdata[i]));
  pst_graph_seal (turned);
  return turned;
}

/* The one input and its size. */
static gboolean
examine_input (PstGraph *graph, const char *path, PstModelFacts *facts,
               GError **error)
{
  GPtrArray      *inputs = pst_graph_get_inputs (graph);
  GPtrArray      *outputs = pst_graph_get_outputs (graph);
  const PstValue *input = inputs->len ? inputs->pdata[0] : NULL;
  const PstShape *shape = input ? &input->info.shape : NULL;

  if (inputs->len != 1 || outputs->len != 1 || shape->rank != 4 ||
      input->info.dtype != PST_FLOAT32 || shape->dim[1] != 3)
    {
      g_set_error (error, PST_ERROR, PST_ERROR_UNSUPPORTED,
                   _ ("%s is not a style network: it must have one input "
                      "that takes pictures of three colours, and one output."),
                   path);
      return FALSE;
    }
  facts->image_input = 0;
  facts->style_input = -1;
  facts->height = MAX (shape->dim[2], 0);
  facts->width = MAX (shape->dim[3], 0);
  if (facts->height > MAX_FIXED_SIZE || facts->width > MAX_FIXED_SIZE)
    {
      g_set_error (error, PST_ERROR, PST_ERROR_UNSUPPORTED,
                   _ ("%s works at %d × %d pixels only, which is more than "
                      "can be used."),
                   path, facts->width, facts->height);
      return FALSE;
    }
  return TRUE;
}

static PstNode *
first_node (PstGraph *graph)
{
  GPtrArray *nodes = pst_graph_get_nodes (graph);
  PstValue  *input = pst_graph_get_inputs (graph)->pdata[0];

  for (guint i = 0; i < nodes->len; i++)
    {
      PstNode *node = nodes->pdata[i];

      for (int k = 0; k < node->n_in; k++)
        if (node->in[k] == input)
          return node;
    }
  return NULL;
}

/* The three numbers that the first node adds or subtracts for each channel. */
static gboolean
channel_means (PstGraph *graph, float mean[3])
{
  PstNode     *node = first_node (graph);
  const float *bias;
  int          n;

  if (! node)
    return FALSE;
  bias = pst_node_get_floats (node, "bias", &n);
  if (strcmp (node->op->type, "ImageScaler") == 0 && n == 3)
    {
      memcpy (mean, bias, 3 * sizeof (float));
      return TRUE;
    }
  if (strcmp (node->op->type, "Sub") != 0 &&
      strcmp (node->op->type, "Add") != 0)
    return FALSE;
  for (int k = 0; k < node->n_in; k++)
    {
      PstArray *array = node->in[k] ? node->in[k]->array : NULL;

      if (array && array->tensor.dtype == PST_FLOAT32 &&
          pst_tensor_count (&array->tensor) == 3)
        {
          for (int c = 0; c < 3; c++)
            mean[c] = pst_tensor_get (&array->tensor, c);
          return TRUE;
        }
    }
  return FALSE;
}

/* ImageNet's means are 123.68, 116.779, 103.939 for red, green, blue (or
 * 0.485, 0.456, 0.406). */
static PstOrder
order_of_means (const float mean[3])
{
  double first = fabs (mean[0]) / MAX (fabs (mean[1]), 1e-9);
  double last = fabs (mean[2]) / MAX (fabs (mean[1]), 1e-9);
  double red = 123.68 / 116.779;
  double blue = 103.939 / 116.779;

  if (fabs (first - red) < 0.02 && fabs (last - blue) < 0.02)
    return PST_ORDER_RGB;
  if (fabs (first - blue) < 0.02 && fabs (last - red) < 0.02)
    return PST_ORDER_BGR;
  return PST_ORDER_UNKNOWN;
}

static PstOrder
find_order (PstGraph *graph)
{
  const char *format;
  float       mean[3];

  format = pst_graph_get_metadata (graph, "Image.BitmapPixelFormat");
  if (format && g_ascii_strncasecmp (format, "Bgr", 3) == 0)
    return PST_ORDER_BGR;
  if (format && g_ascii_strncasecmp (format, "Rgb", 3) == 0)
    return PST_ORDER_RGB;
  if (channel_means (graph, mean))
    return order_of_means (mean);
  return PST_ORDER_UNKNOWN;
}

/* A test picture with edges, slopes and colours, as a photo has them. */
static void
fill_probe (PstTensor *image, float white)
{
  int    height = image->shape.dim[2];
  int    width = image->shape.dim[3];
  float *p = image->data;

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++, p += 3)
      {
        double u = (double) x / width;
        double v = (double) y / height;
        double disc = hypot (u - 0.4, v - 0.5) < 0.25 ? 0.5 : 0;
        double wave = 0.1 * sin (40 * u + 25 * v * v);

        p[0] = white * CLAMP (0.15 + 0.6 * u + wave, 0, 1);
        p[1] = white * CLAMP (0.2 + 0.4 * v + disc, 0, 1);
        p[2] = white * CLAMP (0.8 - 0.5 * u * v - disc, 0, 1);
      }
}

static int
compare_floats (gconstpointer a, gconstpointer b)
{
  float x = *(const float *) a;
  float y = *(const float *) b;

  return (x > y) - (x < y);
}

/* The 2nd and the 98th of 100 parts of the numbers in @tensor. */
static void
find_spread (const PstTensor *tensor, float *low, float *high)
{
  gint64            n = pst_tensor_count (tensor);
  g_autofree float *sorted = g_memdup2 (tensor->data, n * sizeof (float));

  qsort (sorted, n, sizeof (float), compare_floats);
  *low = sorted[n / 50];
  *high = sorted[n - 1 - n / 50];
}

/* What range the network's output has for a picture of 0 to @white. */
static gboolean
probe (PstPlan *plan, float white, float *low, float *high, GError **error)
{
  g_autoptr (PstRun) run = pst_run_new (plan, NULL, error);

  if (! run)
    return FALSE;
  fill_probe (pst_run_get_input (run, 0), white);
  if (! pst_run_forward (run, NULL, NULL, NULL, error))
    return FALSE;
  find_spread (pst_run_get_output (run, 0), low, high);
  return TRUE;
}

/* A plan for the test picture. It is made while a file is only looked at, so
 * a network that would take long or much is not tried: %NULL without an
 * error. */
static PstPlan *
plan_probe (PstGraph *graph, const PstModelFacts *facts, GError **error)
{
  PstShape shape = PST_SHAPE (1, 3, facts->height ? facts->height : PROBE_SIZE,
                              facts->width ? facts->width : PROBE_SIZE);
  PstPlanOptions options = {
    .input_shapes = &shape, .n_workers = 1,
    .budget = MIN (MAX_PROBE_MEMORY, pst_memory_available () / 2 + 1),
  };
  g_autoptr (GError)  problem = NULL;
  g_autoptr (PstPlan) plan = NULL;
  const PstValue     *out;

  if (shape.dim[2] * shape.dim[3] > MAX_PROBE_PIXELS)
    return NULL;
  plan = pst_plan_new (graph, &options, &problem);
  if (! plan)
    {
      if (! g_error_matches (problem, PST_ERROR, PST_ERROR_MEMORY))
        g_propagate_error (error, g_steal_pointer (&problem));
      return NULL;
    }
  out = pst_graph_get_outputs (pst_plan_get_graph (plan))->pdata[0];
  if (pst_plan_get_cost (plan) > MAX_PROBE_COST ||
      out->info.dtype != PST_FLOAT32 ||
      ! pst_shape_equal (&out->info.shape, &shape))
    return NULL;
  return g_steal_pointer (&plan);
}

/* Style networks give back the range that they take, the three usual ranges
 * are far apart, and instance normalisation makes the answer the same for
 * brighter and darker pictures. So what the network makes of the test picture
 * once in 0 to 255 and once in 0 to 1 tells its range, where both agree. */
static gboolean
find_range (PstGraph *graph, const PstModelFacts *facts, PstRange *range,
            GError **error)
{
  g_autoptr (GError)  problem = NULL;
  g_autoptr (PstPlan) plan = plan_probe (graph, facts, &problem);
  float               low, high, low_1, high_1;

  *range = PST_RANGE_UNKNOWN;
  if (problem)
    {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
  if (! plan)
    return TRUE;
  if (! probe (plan, 255, &low, &high, error) ||
      ! probe (plan, 1, &low_1, &high_1, error))
    return FALSE;
  if (MIN (high - low, high_1 - low_1) > 40)
    *range = MAX (high, high_1) < 400 && MIN (low, low_1) > -150
                 ? PST_RANGE_255
                 : PST_RANGE_UNKNOWN;
  else if (MAX (high, high_1) < 1.3 && MIN (high - low, high_1 - low_1) > 0.2)
    *range = MIN (low, low_1) > -0.25   ? PST_RANGE_1
             : MIN (low, low_1) > -1.3  ? PST_RANGE_SIGNED
                                        : PST_RANGE_UNKNOWN;
  return TRUE;
}

/* Means of about 116 are subtracted from pixels of 0 to 255, such of about
 * 0.456 from pixels of 0 to 1. */
static PstRange
range_of_means (const float mean[3])
{
  if (order_of_means (mean) == PST_ORDER_UNKNOWN)
    return PST_RANGE_UNKNOWN;
  return fabs (fabs (mean[1]) - 116.779) < 3  ? PST_RANGE_255
         : fabs (fabs (mean[1]) - 0.456) < 0.02 ? PST_RANGE_1
                                                : PST_RANGE_UNKNOWN;
}

static gboolean
examine_range (PstGraph *graph, PstGraph *usable, PstRange range,
               const char *path, PstModelFacts *facts, GError **error)
{
  float mean[3];

  if (range == PST_RANGE_UNKNOWN && channel_means (graph, mean))
    range = range_of_means (mean);
  if (range == PST_RANGE_UNKNOWN &&
      ! find_range (usable, facts, &range, error))
    {
      pst_foreign_explain (path, error);
      return FALSE;
    }
  if (range == PST_RANGE_UNKNOWN)
    {
      g_set_error (error, PST_ERROR, PST_ERROR_ARGUMENT,
                   _ ("%s does not tell which numbers its pictures are made "
                      "of; say so with --range 1, --range 255 or --range "
                      "signed (-1 to 1)."),
                   path);
      return FALSE;
    }
  facts->low = range == PST_RANGE_SIGNED ? -1 : 0;
  facts->high = range == PST_RANGE_255 ? 255 : 1;
  return TRUE;
}

/* Most networks that declare a size work at any. */
static void
examine_size (PstGraph **graph, PstModelFacts *facts, char **reason)
{
  const PstValue    *input = pst_graph_get_inputs (*graph)->pdata[0];
  g_autoptr (GError) error = NULL;

  facts->step = PST_USUAL_STEP;
  if (facts->width || facts->height || input->info.shape.dim[0] > 1)
    {
      PstGraph *relaxed = pst_rewrite_relax (*graph, 0, &error);

      if (! relaxed)
        {
          *reason = g_strdup (error->message);
          return;
        }
      pst_graph_unref (*graph);
      *graph = relaxed;
      facts->width = facts->height = 0;
    }
  facts->step = pst_rewrite_find_step (*graph, 0);
  if (! facts->step) /* the plan will tell what is wrong */
    facts->step = PST_USUAL_STEP;
}

PstGraph *
pst_foreign_take (PstGraph *graph, const char *path, PstModelFacts *facts,
                  char **reason, GError **error)
{
  g_autoptr (PstGraph) usable = colours_first (graph);

  if (! usable)
    usable = pst_graph_ref (graph);
  if (! examine_input (usable, path, facts, error))
    return NULL;
  examine_size (&usable, facts, reason);
  return g_steal_pointer (&usable);
}

gboolean
pst_foreign_examine (PstGraph *graph, PstGraph *usable,
                     const PstModelHints *hints, const char *path,
                     PstModelFacts *facts, GError **error)
{
  PstOrder order = hints->order;

  if (order == PST_ORDER_UNKNOWN)
    order = find_order (graph);
  if (order == PST_ORDER_UNKNOWN)
    {
      g_set_error (error, PST_ERROR, PST_ERROR_ARGUMENT,
                   _ ("%s does not tell the order of its colour channels; "
                      "say so with --channels rgb or --channels bgr (most "
                      "networks made with PyTorch take rgb)."),
                   path);
      return FALSE;
    }
  facts->bgr = order == PST_ORDER_BGR;
  return examine_range (graph, usable, hints->range, path, facts, error);
}
