/* SPDX-License-Identifier: GPL-3.0-or-later */
/* LayerNormalization (Ba et al. 2016, arXiv:1607.06450) and
 * GroupNormalization (Wu and He 2018, arXiv:1803.08494):
 *
 *   y = s (x - mean) / sqrt (variance + epsilon) + b
 *
 * with mean and variance over the last axes of each sample, or over a group
 * of channels, which are the last axes once channels are split in two. Mean
 * and InvStdDev, where asked for, have no gradients of their own. */
#include <math.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/ops/arguments.h"
#include "core/ops/loop.h"

typedef struct
{
  int       kept; /* axes before those that are normalised */
  PstTensor x, scale, bias;
  PstShape  stat; /* as x, but 1 along normalised axes */
  gint64    rows, n;
  float     epsilon;
} Norm;

/* What a tile function reads; operands in the order of its walk. */
typedef struct
{
  float       *out;
  const float *x, *mean, *inverse, *scale, *other;
  double       n;
  float        epsilon;
} Walk;

static const float zero;

/* Channels as groups and channels of a group. */
static PstTensor
split_channels (const PstTensor *tensor, gint64 groups)
{
  PstTensor view = *tensor;

  view.shape.rank++;
  for (int i = view.shape.rank - 1; i > 2; i--)
    {
      view.shape.dim[i] = tensor->shape.dim[i - 1];
      view.stride[i] = tensor->stride[i - 1];
    }
  view.shape.dim[1] = groups;
  view.shape.dim[2] = tensor->shape.dim[1] / groups;
  view.stride[1] = tensor->stride[1] * view.shape.dim[2];
  view.stride[2] = tensor->stride[1];
  return view;
}

/* One number for each group or channel, laid along a split tensor. */
static PstTensor
split_list (const PstTensor *list, const PstTensor *split)
{
  PstTensor view = *list;
  gint64    groups = split->shape.dim[1];
  gint64    each = list->shape.dim[0] / groups;

  view.shape.rank = split->shape.rank;
  for (int i = 0; i < view.shape.rank; i++)
    {
      view.shape.dim[i] = i == 1 ? groups : i == 2 ? each : 1;
      view.stride[i] = 0;
    }
  view.stride[1] = list->stride[0] * each;
  view.stride[2] = list->stride[0];
  return view;
}

static gboolean
is_group (const PstCall *call)
{
  return strcmp (call->node->op->type, "GroupNormalization") == 0;
}

/* A tensor like the input (or its gradient), and one like scale and bias, as
 * the walks see them. */
static PstTensor
like_input (const PstCall *call, const PstTensor *tensor)
{
  if (! is_group (call))
    return *tensor;
  return split_channels (tensor,
                         pst_node_get_int (call->node, "num_groups", 1));
}

static PstTensor
like_scale (const PstCall *call, const PstTensor *tensor, const Norm *norm)
{
  return is_group (call) ? split_list (tensor, &norm->x) : *tensor;
}

static gint64
axis_of (const PstCall *call)
{
  return pst_node_get_int (call->node, "axis", -1);
}

static void
norm_init (Norm *norm, const PstCall *call)
{
  const PstTensor *bias = pst_arg_input (call, 2);

  norm->x = like_input (call, call->in[0]);
  norm->kept = 2;
  if (! is_group (call))
    pst_arg_axis (call, axis_of (call), norm->x.shape.rank, &norm->kept, NULL);
  norm->scale = like_scale (call, call->in[1], norm);
  norm->bias = (PstTensor) { .dtype = PST_FLOAT32, .data = (void *) &zero };
  if (bias)
    norm->bias = like_scale (call, bias, norm);
  norm->stat = norm->x.shape;
  norm->rows = norm->n = 1;
  for (int i = 0; i < norm->stat.rank; i++)
    if (i < norm->kept)
      norm->rows *= norm->stat.dim[i];
    else
      {
        norm->n *= norm->stat.dim[i];
        norm->stat.dim[i] = 1;
      }
  norm->epsilon = pst_node_get_float (call->node, "epsilon", 1e-5f);
}

/* Of mean and inverse, and of two numbers that backward needs. */
static gsize
stat_bytes (const Norm *norm)
{
  return pst_memory_align (sizeof (float) * 4 * norm->rows);
}

/* Statistic @i in the call's scratch. */
static PstTensor
stat_of (const PstCall *call, const Norm *norm, int i)
{
  PstTensor stat = { .dtype = PST_FLOAT32, .shape = norm->stat };

  pst_tensor_layout_plain (&stat);
  if (call->shared)
    stat.data = (float *) call->shared + i * norm->rows;
  return stat;
}

/* Inference */

static gboolean
fits_onto (const PstTensor *small, const PstTensor *large)
{
  PstShape both;

  return small->dtype == PST_FLOAT32 &&
         pst_shape_broadcast (&small->shape, &large->shape, &both) &&
         pst_shape_equal (&both, &large->shape);
}

static gboolean
check_scales (const PstCall *call, gint64 groups, GError **error)
{
  const PstTensor *x = call->in[0];

  for (int i = 1; i < call->n_in; i++)
    {
      const PstTensor *in = call->in[i];
      gboolean         fits = ! in || fits_onto (in, x);

      if (in && groups)
        fits = in->dtype == PST_FLOAT32 && in->shape.rank == 1 &&
               (in->shape.dim[0] == groups ||
                in->shape.dim[0] == x->shape.dim[1]);
      if (! fits)
        return pst_call_fail (call, error, PST_ERROR_SHAPE,
                              _ ("its scale or shift of size %s does not fit "
                                 "%s"),
                              PST_ARG_SHAPE (in), PST_ARG_SHAPE (x));
    }
  return TRUE;
}

static gboolean
layer_infer (PstCall *call, GError **error)
{
  const PstShape *x;
  int             axis;

  if (! pst_call_check (call, 2, 3, -1, error))
    return FALSE;
  x = &call->in[0]->shape;
  if (pst_tensor_count (call->in[0]) < 1)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("its input is empty"));
  if (! pst_arg_axis (call, axis_of (call), x->rank, &axis, error) ||
      ! check_scales (call, 0, error))
    return FALSE;
  for (int i = 0; i < MIN (call->n_out, 3); i++)
    if (call->out[i])
      {
        call->out[i]->dtype = PST_FLOAT32;
        call->out[i]->shape = *x;
        for (int k = axis; i > 0 && k < x->rank; k++)
          call->out[i]->shape.dim[k] = 1;
      }
  return TRUE;
}

static gboolean
group_infer (PstCall *call, GError **error)
{
  const PstShape *x;
  gint64          groups = pst_node_get_int (call->node, "num_groups", 0);

  if (! pst_call_check (call, 3, 3, -1, error))
    return FALSE;
  x = &call->in[0]->shape;
  if (x->rank < 2 || x->rank >= PST_MAX_RANK ||
      pst_tensor_count (call->in[0]) < 1)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("cannot work on %s numbers of size %s"),
                          pst_dtype_name (PST_FLOAT32),
                          PST_ARG_SHAPE (call->in[0]));
  if (groups < 1 || x->dim[1] % groups)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("%s channels do not make %s groups"),
                          PST_ARG_INT (x->dim[1]), PST_ARG_INT (groups));
  pst_call_like (call, 0);
  return check_scales (call, groups, error);
}

/* Sums */

#define EACH(k, field) (d->field + tile->at[k] + r * tile->row[k])
#define DEFINE_TERM(name, n_operands, expression)                             \
  static void name (gpointer data, const PstTile *tile, double *acc)          \
  {                                                                           \
    const Walk *d = data;                                                     \
                                                                              \
    for (gint64 r = 0; r < tile->rows; r++)                                   \
      {                                                                       \
        double      *to = acc + tile->at[0] + r * tile->row[0];               \
        const float *x = EACH (1, x);                                         \
        const float *other = n_operands > 2 ? EACH (2, other) : x;            \
        const float *scale = n_operands > 3 ? EACH (3, scale) : x;            \
        const float *inverse = n_operands > 4 ? EACH (4, inverse) : x;        \
                                                                              \
        for (gint64 i = 0; i < tile->n; i++)                                  \
          {                                                                   \
            const double X = x[i * tile->step[1]];                            \
            const double O = other[i * tile->step[2]];                        \
            const double S = scale[i * tile->step[3]];                        \
            const double I = inverse[i * tile->step[4]];                      \
            (void) X, (void) O, (void) S, (void) I;                           \
            to[i * tile->step[0]] += (expression);                            \
          }                                                                   \
      }                                                                       \
  }

DEFINE_TERM (sum_term, 2, X)
DEFINE_TERM (square_term, 3, (X - O) * (X - O))
/* O: the result's gradient */
DEFINE_TERM (scaled_term, 5, O *S)
DEFINE_TERM (product_term, 5, (X - I) * O *S)
DEFINE_TERM (slope_term, 5, (X - S) * I * O)

static void
store_mean (gpointer data, gint64 at, gint64 step, gint64 n, const double *acc)
{
  const Walk *d = data;

  for (gint64 i = 0; i < n; i++)
    d->out[at + i * step] = (float) (acc[i] / d->n);
}

static void
store_inverse (gpointer data, gint64 at, gint64 step, gint64 n,
               const double *acc)
{
  const Walk *d = data;

  for (gint64 i = 0; i < n; i++)
    d->out[at + i * step] = (float) (1.0 / sqrt (acc[i] / d->n + d->epsilon));
}

static void
store_add (gpointer data, gint64 at, gint64 step, gint64 n, const double *acc)
{
  const Walk *d = data;

  for (gint64 i = 0; i < n; i++)
    d->out[at + i * step] += (float) acc[i];
}

/* Sums of @n - 1 tensors, the first of the input's shape, into the first. */
static void
gather (PstCall *call, const Norm *norm, int n,
        const PstTensor *const *tensors, PstTermFunc term, PstStoreFunc store)
{
  PstReduce reduce;
  Walk      data = { tensors[0]->data, tensors[1]->data };
  guint8   *scratch = call->shared;

  data.other = n > 2 ? tensors[2]->data : NULL;
  data.scale = n > 3 ? tensors[3]->data : NULL;
  data.inverse = n > 4 ? tensors[4]->data : NULL;
  data.n = (double) norm->n;
  data.epsilon = norm->epsilon;
  pst_reduce_init (&reduce, PST_REDUCE_SUM, &norm->x.shape, n, tensors);
  pst_reduce_run (&reduce, call->pool,
                  scratch ? scratch + stat_bytes (norm) : NULL, term, store,
                  &data);
}

static void
norm_scratch (const PstCall *call, gsize *shared, gsize *per_worker)
{
  Norm      norm;
  PstTensor stat, g = *call->out[0];
  gsize     sums = 0;

  pst_tensor_layout (&g);
  g = like_input (call, &g);
  norm_init (&norm, call);
  stat = stat_of (call, &norm, 0);
  for (int i = 0; i < (call->din ? 5 : 2); i++)
    {
      const PstTensor *all[5][5] = {
        { &stat, &norm.x },
        { &stat, &norm.x, &stat },
        { &stat, &norm.x, &g, &norm.scale, &stat },
        { &norm.scale, &norm.x, &g, &stat, &stat },
        { &norm.bias, &g },
      };
      PstReduce reduce;

      pst_reduce_init (&reduce, PST_REDUCE_SUM, &norm.x.shape,
                       i == 0 || i == 4 ? 2 : i == 1 ? 3 : 5, all[i]);
      sums = MAX (sums, pst_reduce_scratch (&reduce));
    }
  *shared = stat_bytes (&norm) + sums;
}

static void
find_statistics (PstCall *call, const Norm *norm, const PstTensor *mean,
                 const PstTensor *inverse)
{
  const PstTensor *sum[] = { mean, &norm->x };
  const PstTensor *square[] = { inverse, &norm->x, mean };

  gather (call, norm, 2, sum, sum_term, store_mean);
  gather (call, norm, 3, square, square_term, store_inverse);
}

/* Forward */

static void
norm_tile (gpointer data, const PstTile *tile)
{
  const Walk *d = data;

  for (gint64 r = 0; r < tile->rows; r++)
    {
      float       *out = d->out + tile->at[0] + r * tile->row[0];
      const float *x = EACH (1, x), *mean = EACH (2, mean);
      const float *inverse = EACH (3, inverse), *scale = EACH (4, scale);
      const float *bias = EACH (5, other);

      PST_VECTOR for (gint64 i = 0; i < tile->n; i++)
      {
        float z = (x[i * tile->step[1]] - mean[i * tile->step[2]]) *
                  inverse[i * tile->step[3]];

        out[i * tile->step[0]] =
            z * scale[i * tile->step[4]] + bias[i * tile->step[5]];
      }
    }
}

static void
norm_forward (PstCall *call)
{
  Norm             norm;
  PstTensor        mean, inverse, y = like_input (call, call->out[0]);
  const PstTensor *tensors[] = { &y,       &norm.x,     &mean,
                                 &inverse, &norm.scale, &norm.bias };
  Walk             data;
  PstLoop          loop;

  norm_init (&norm, call);
  mean = stat_of (call, &norm, 0);
  inverse = stat_of (call, &norm, 1);
  find_statistics (call, &norm, &mean, &inverse);
  data = (Walk) { y.data,          norm.x.data,     mean.data,
                  inverse.data,    norm.scale.data, norm.bias.data };
  pst_loop_init (&loop, &y.shape, 6, tensors);
  pst_loop_run (&loop, call->pool, norm_tile, &data);
  for (int i = 1; i < MIN (call->n_out, 3); i++)
    if (call->out[i])
      pst_view_copy (call->pool, call->out[i], i == 1 ? &mean : &inverse);
}

/* Backward: with z the normalised number and h = g s,
 *   dx = inverse (h - mean (h) - z mean (h z))
 *      = inverse h + a (x - mean) + b */

static void
scaled_tile (gpointer data, const PstTile *tile)
{
  const Walk *d = data;

  for (gint64 r = 0; r < tile->rows; r++)
    {
      float       *out = d->out + tile->at[0] + r * tile->row[0];
      const float *g = EACH (1, x), *inverse = EACH (2, inverse);
      const float *scale = EACH (3, scale);

      PST_VECTOR for (gint64 i = 0; i < tile->n; i++)
          out[i * tile->step[0]] += g[i * tile->step[1]] *
                                    inverse[i * tile->step[2]] *
                                    scale[i * tile->step[3]];
    }
}

static void
linear_tile (gpointer data, const PstTile *tile)
{
  const Walk *d = data;

  for (gint64 r = 0; r < tile->rows; r++)
    {
      float       *out = d->out + tile->at[0] + r * tile->row[0];
      const float *x = EACH (1, x), *mean = EACH (2, mean);
      const float *a = EACH (3, scale), *b = EACH (4, other);

      PST_VECTOR for (gint64 i = 0; i < tile->n; i++)
          out[i * tile->step[0]] +=
              a[i * tile->step[3]] *
                  (x[i * tile->step[1]] - mean[i * tile->step[2]]) +
              b[i * tile->step[4]];
    }
}

/* Makes a and b of the means of h (x - mean) and h. */
static void
solve (const Norm *norm, const float *inverse, float *a, float *b)
{
  for (gint64 i = 0; i < norm->rows; i++)
    {
      a[i] *= -inverse[i] * inverse[i] * inverse[i];
      b[i] *= -inverse[i];
    }
}

static void
add_input_gradient (PstCall *call, const Norm *norm, const PstTensor *g,
                    const PstTensor *mean, const PstTensor *inverse)
{
  PstTensor        dx = like_input (call, call->din[0]);
  PstTensor        a = stat_of (call, norm, 2), b = stat_of (call, norm, 3);
  const PstTensor *product[] = { &a, &norm->x, g, &norm->scale, mean };
  const PstTensor *scaled[] = { &b, &norm->x, g, &norm->scale, mean };
  const PstTensor *first[] = { &dx, g, inverse, &norm->scale };
  const PstTensor *second[] = { &dx, &norm->x, mean, &a, &b };
  Walk             data = { dx.data, g->data, NULL, inverse->data,
                            norm->scale.data };
  PstLoop          loop;

  gather (call, norm, 5, product, product_term, store_mean);
  gather (call, norm, 5, scaled, scaled_term, store_mean);
  solve (norm, inverse->data, a.data, b.data);
  pst_loop_init (&loop, &dx.shape, 4, first);
  pst_loop_run (&loop, call->pool, scaled_tile, &data);
  data = (Walk) { dx.data, norm->x.data, mean->data, NULL, a.data, b.data };
  pst_loop_init (&loop, &dx.shape, 5, second);
  pst_loop_run (&loop, call->pool, linear_tile, &data);
}

static void
norm_backward (PstCall *call)
{
  Norm      norm;
  PstTensor g, mean, inverse, target;

  if (! call->dout[0])
    return;
  norm_init (&norm, call);
  g = like_input (call, call->dout[0]);
  mean = stat_of (call, &norm, 0);
  inverse = stat_of (call, &norm, 1);
  find_statistics (call, &norm, &mean, &inverse);
  if (call->din[0])
    add_input_gradient (call, &norm, &g, &mean, &inverse);
  if (call->din[1])
    {
      const PstTensor *slopes[] = { &target, &norm.x, &g, &mean, &inverse };

      target = like_scale (call, call->din[1], &norm);
      gather (call, &norm, 5, slopes, slope_term, store_add);
    }
  if (call->n_in > 2 && call->din[2])
    {
      const PstTensor *sum[] = { &target, &g };

      target = like_scale (call, call->din[2], &norm);
      gather (call, &norm, 2, sum, sum_term, store_add);
    }
}

#define DEFINE_NORM(name, type_name, infer_function)                          \
  const PstOp pst_op_##name = {                                               \
    .domain = "",                                                             \
    .type = type_name,                                                        \
    .infer = infer_function,                                                  \
    .scratch = norm_scratch,                                                  \
    .forward = norm_forward,                                                  \
    .backward = norm_backward,                                                \
    .keep = PST_KEEP_IN (0) | PST_KEEP_IN (1),                                \
    .flags = PST_OP_IN_PLACE,                                                 \
  };

DEFINE_NORM (layer_norm, "LayerNormalization", layer_infer)
DEFINE_NORM (group_norm, "GroupNormalization", group_infer)
