/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ReduceSum and its family, GlobalAveragePool, GlobalMaxPool. */
#include <math.h>
#include <string.h>

#include "core/ops/reduce.h"

typedef enum
{
  OF_SUM,
  OF_MEAN,
  OF_MAX,
  OF_MIN,
  OF_PROD,
  OF_L1,
  OF_L2,
  OF_SUM_SQUARE,
  OF_LOG_SUM,
} Function;

typedef struct
{
  Function     function;
  float       *out;
  const float *x, *y, *g;
  double       scale; /* 1 / number of terms for a mean */
} Reduction;

static Function
function_of (const PstCall *call)
{
  static const char *const names[] = { "ReduceSum",  "ReduceMean",
                                       "ReduceMax",  "ReduceMin",
                                       "ReduceProd", "ReduceL1",
                                       "ReduceL2",   "ReduceSumSquare",
                                       "ReduceLogSum" };
  const char *type = call->node->op->type;

  if (pst_reduce_is_identity (call))
    return OF_SUM;
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (strcmp (type, names[i]) == 0)
      return (Function) i;
  return strcmp (type, "GlobalMaxPool") == 0 ? OF_MAX : OF_MEAN;
}

static PstReduceKind
kind_of (Function function)
{
  return function == OF_MAX    ? PST_REDUCE_MAX
         : function == OF_MIN  ? PST_REDUCE_MIN
         : function == OF_PROD ? PST_REDUCE_PROD
                               : PST_REDUCE_SUM;
}

static gboolean
reduce_infer (PstCall *call, GError **error)
{
  gboolean  global = g_str_has_prefix (call->node->op->type, "Global");
  Function  function;
  PstTensor in;

  if (! pst_reduce_infer (call, error)) /* whose check of the axes… */
    return FALSE;
  function = function_of (call); /* … is needed here */
  in = *call->in[0];
  if ((in.dtype == PST_BOOL && function != OF_MAX && function != OF_MIN) ||
      (in.dtype != PST_FLOAT32 && (global || function == OF_LOG_SUM)) ||
      (global && in.shape.rank < 3))
    return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                          _ ("cannot work on %s numbers of size %s"),
                          pst_dtype_name (in.dtype), PST_ARG_SHAPE (&in));
  if (function == OF_MEAN && pst_tensor_count (&in) == 0)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("has no numbers to work on"));
  return TRUE;
}

#define DEFINE_TERM(name, start, along, across, end)                          \
  static void name (gpointer data, const PstTile *tile, double *acc)          \
  {                                                                           \
    const Reduction *d = data;                                                \
    gint64           s = tile->step[1];                                       \
                                                                              \
    for (gint64 r = 0; r < tile->rows; r++)                                   \
      {                                                                       \
        double      *to = acc + tile->at[0] + r * tile->row[0];               \
        const float *x = d->x + tile->at[1] + r * tile->row[1];               \
                                                                              \
        if (tile->step[0] == 0)                                               \
          {                                                                   \
            double one[4] = { start, start, start, start };                   \
            gint64 i = 0;                                                     \
            for (; i + 4 <= tile->n; i += 4)                                  \
              for (int k = 0; k < 4; k++)                                     \
                {                                                             \
                  const float X = x[(i + k) * s];                             \
                  one[k] = along;                                             \
                }                                                             \
            for (int k = 0; i < tile->n; i++)                                 \
              {                                                               \
                const float X = x[i * s];                                     \
                one[k] = along;                                               \
              }                                                               \
            *to = end;                                                        \
          }                                                                   \
        else if (s == 1)                                                      \
          PST_VECTOR for (gint64 i = 0; i < tile->n; i++)                     \
          {                                                                   \
            const float X = x[i];                                             \
            to[i] = across;                                                   \
          }                                                                   \
        else                                                                  \
          for (gint64 i = 0; i < tile->n; i++)                                \
            {                                                                 \
              const float X = x[i * s];                                       \
              to[i] = across;                                                 \
            }                                                                 \
      }                                                                       \
  }
#define DEFINE_SUM(name, f)                                                   \
  DEFINE_TERM (name, 0.0, one[k] + (f), to[i] + (f),                          \
               *to + ((one[0] + one[1]) + (one[2] + one[3])))
#define MAX4 MAX (MAX (one[0], one[1]), MAX (one[2], one[3]))
#define MIN4 MIN (MIN (one[0], one[1]), MIN (one[2], one[3]))

DEFINE_SUM (sum_term, X)
DEFINE_SUM (abs_term, fabsf (X))
DEFINE_SUM (square_term, (double) X *X)
DEFINE_TERM (max_term, -G_MAXDOUBLE, (X > one[k] ? X : one[k]),
             (X > to[i] ? X : to[i]), MAX (*to, MAX4))
DEFINE_TERM (min_term, G_MAXDOUBLE, (X < one[k] ? X : one[k]),
             (X < to[i] ? X : to[i]), MIN (*to, MIN4))
DEFINE_TERM (prod_term, 1.0, one[k] *X, to[i] *X,
             *to *one[0] * one[1] * one[2] * one[3])

static PstTermFunc
term_of (Function function)
{
  static const PstTermFunc terms[] = { sum_term, sum_term,  max_term,
                                       min_term, prod_term, abs_term,
                                       square_term, square_term, sum_term };

  return terms[function];
}

static void
reduce_store (gpointer data, gint64 at, gint64 step, gint64 n,
              const double *acc)
{
  const Reduction *d = data;

  for (gint64 i = 0; i < n; i++)
    d->out[at + i * step] =
        (float) (d->function == OF_L2        ? sqrt (acc[i])
                 : d->function == OF_LOG_SUM ? log (acc[i])
                                             : acc[i] * d->scale);
}

static void
reduce_setup (PstReduce *reduce, const PstCall *call)
{
  PstTensor        result = *call->out[0], out;
  const PstTensor *tensors[] = { &out, call->in[0] };

  pst_tensor_layout (&result); /* not laid out yet for scratch */
  out = pst_reduce_with_axes (call, &result);
  pst_reduce_init (reduce, kind_of (function_of (call)),
                   &call->in[0]->shape, 2, tensors);
}

static void
reduce_scratch (const PstCall *call, gsize *shared, gsize *per_worker)
{
  PstReduce reduce;

  if (pst_tensor_count (call->in[0]) == 0)
    return;
  reduce_setup (&reduce, call);
  *shared = pst_reduce_scratch (&reduce);
}

static double
mean_scale (const PstCall *call, Function function)
{
  return function == OF_MEAN ? (double) pst_tensor_count (call->out[0]) /
                                   (double) pst_tensor_count (call->in[0])
                             : 1.0;
}

static gint64
int_combine (Function function, gint64 a, gint64 x)
{
  switch (function)
    {
    case OF_MAX:
      return MAX (a, x);
    case OF_MIN:
      return MIN (a, x);
    case OF_PROD:
      return (gint64) ((guint64) a * (guint64) x);
    case OF_L1:
      return (gint64) ((guint64) a + (x < 0 ? -(guint64) x : (guint64) x));
    case OF_L2:
    case OF_SUM_SQUARE:
      return (gint64) ((guint64) a + (guint64) x * (guint64) x);
    default:
      return (gint64) ((guint64) a + (guint64) x);
    }
}

/* The largest (or, with @sign -1, the smallest) number of a type. */
static gint64
limit_of (PstDtype dtype, int sign)
{
  if (dtype == PST_BOOL)
    return sign > 0;
  if (dtype == PST_INT32)
    return sign > 0 ? G_MAXINT32 : G_MININT32;
  return sign > 0 ? G_MAXINT64 : G_MININT64;
}

/* Whole numbers are few (sizes): one after the other, without rounding. */
static void
int_forward (PstCall *call, Function function)
{
  PstTensor     *in = call->in[0];
  PstTensor      out = pst_reduce_with_axes (call, call->out[0]);
  gint64         n = pst_tensor_count (in), n_out = pst_tensor_count (&out);
  const PstShape *shape = &in->shape;

  for (gint64 i = 0; i < n_out; i++)
    pst_tensor_set_int (&out, i,
                        function == OF_MAX    ? limit_of (in->dtype, -1)
                        : function == OF_MIN  ? limit_of (in->dtype, 1)
                        : function == OF_PROD ? 1
                                              : 0);
  for (gint64 i = 0; i < n; i++)
    {
      gint64 rest = i, at = 0, step = 1;

      for (int k = shape->rank - 1; k >= 0; k--)
        {
          at += out.shape.dim[k] == 1 ? 0 : rest % shape->dim[k] * step;
          step *= out.shape.dim[k];
          rest /= shape->dim[k];
        }
      pst_tensor_set_int (&out, at,
                          int_combine (function, pst_tensor_get_int (&out, at),
                                       pst_tensor_get_int (in, i)));
    }
  for (gint64 i = 0; i < n_out; i++)
    if (function == OF_MEAN)
      pst_tensor_set_int (&out, i,
                          pst_tensor_get_int (&out, i) / (n / n_out));
    else if (function == OF_L2)
      pst_tensor_set (&out, i, sqrt (pst_tensor_get (&out, i)));
}

/* What is left where nothing was gathered. */
static void
fill_empty (PstCall *call, Function function)
{
  double value = function == OF_MAX || function == OF_LOG_SUM ? -INFINITY
                 : function == OF_MIN                         ? INFINITY
                 : function == OF_PROD                        ? 1.0
                                                              : 0.0;

  for (gint64 i = 0; i < pst_tensor_count (call->out[0]); i++)
    pst_tensor_set (call->out[0], i, value);
}

static void
reduce_forward (PstCall *call)
{
  Function  function = function_of (call);
  Reduction data = { function, call->out[0]->data, call->in[0]->data, NULL,
                     NULL, mean_scale (call, function) };
  PstReduce reduce;

  if (call->in[0]->dtype != PST_FLOAT32)
    {
      int_forward (call, function);
      return;
    }
  if (pst_tensor_count (call->in[0]) == 0)
    {
      fill_empty (call, function);
      return;
    }
  reduce_setup (&reduce, call);
  pst_reduce_run (&reduce, call->pool, call->shared, term_of (function),
                  reduce_store, &data);
}

/* din += the derivative; X an input, Y its result, G the gradient. */
#define DEFINE_GRADIENT(name, expression)                                     \
  static void name (gpointer data, const PstTile *tile)                       \
  {                                                                           \
    const Reduction *d = data;                                                \
    const float      scale = (float) d->scale;                                \
                                                                              \
    (void) scale;                                                             \
    for (gint64 r = 0; r < tile->rows; r++)                                   \
      {                                                                       \
        float       *out = d->out + tile->at[0] + r * tile->row[0];           \
        const float *x = d->x + tile->at[1] + r * tile->row[1];               \
        const float *y = d->y + tile->at[2] + r * tile->row[2];               \
        const float *g = d->g + tile->at[3] + r * tile->row[3];               \
        gint64       s = tile->step[0], t = tile->step[1];                    \
                                                                              \
        PST_VECTOR for (gint64 i = 0; i < tile->n; i++)                       \
        {                                                                     \
          const float X = x[i * t], Y = y[i * tile->step[2]],                 \
                      G = g[i * tile->step[3]];                               \
          (void) X, (void) Y;                                                 \
          out[i * s] += (expression);                                         \
        }                                                                     \
      }                                                                       \
  }

DEFINE_GRADIENT (linear_gradient, G *scale)
/* of equal ones each gets all */
DEFINE_GRADIENT (extreme_gradient, X == Y ? G : 0.0f)
DEFINE_GRADIENT (prod_gradient, X == 0.0f ? 0.0f : G *Y / X)
DEFINE_GRADIENT (abs_gradient, X > 0.0f ? G : X < 0.0f ? -G : 0.0f)
DEFINE_GRADIENT (norm_gradient, Y > 0.0f ? G *X / Y : 0.0f)
DEFINE_GRADIENT (square_gradient, 2.0f * G *X)
DEFINE_GRADIENT (log_gradient, G *expf (-Y))

static PstTileFunc
gradient_of (Function function)
{
  static const PstTileFunc gradients[] = {
    linear_gradient, linear_gradient, extreme_gradient, extreme_gradient,
    prod_gradient,   abs_gradient,    norm_gradient,    square_gradient,
    log_gradient
  };

  return gradients[function];
}

/* Adds the gradient; @x and @y are NULL where they are not read. */
static void
run_backward (PstCall *call, const PstTensor *x, const PstTensor *result)
{
  Function         function = function_of (call);
  const PstShape  *shape = &call->in[0]->shape;
  PstTensor        g, y;
  const PstTensor *tensors[4];
  Reduction        data = { .function = function };
  PstLoop          loop;

  if (! call->din[0] || ! call->dout[0] || pst_tensor_count (call->in[0]) == 0)
    return;
  g = pst_reduce_with_axes (call, call->dout[0]);
  y = result ? pst_reduce_with_axes (call, result) : g;
  tensors[0] = call->din[0];
  tensors[1] = x ? x : &g;
  tensors[2] = &y;
  tensors[3] = &g;
  data.out = call->din[0]->data;
  data.x = tensors[1]->data;
  data.y = y.data;
  data.g = g.data;
  data.scale = mean_scale (call, function);
  pst_loop_init (&loop, shape, 4, tensors);
  pst_loop_run (&loop, call->pool, gradient_of (function), &data);
}

static void
backward_plain (PstCall *call)
{
  run_backward (call, NULL, NULL);
}

static void
backward_of_input (PstCall *call)
{
  run_backward (call, call->in[0], NULL);
}

static void
backward_of_output (PstCall *call)
{
  run_backward (call, NULL, call->out[0]);
}

static void
backward_of_both (PstCall *call)
{
  run_backward (call, call->in[0], call->out[0]);
}

#define DEFINE_REDUCE(name, type_name, function, mask)                        \
  const PstOp pst_op_##name = {                                               \
    .domain = "",                                                             \
    .type = type_name,                                                        \
    .infer = reduce_infer,                                                    \
    .scratch = reduce_scratch,                                                \
    .forward = reduce_forward,                                                \
    .backward = function,                                                     \
    .keep = mask,                                                             \
  };
#define KEEP_BOTH (PST_KEEP_IN (0) | PST_KEEP_OUT (0))

DEFINE_REDUCE (reduce_sum, "ReduceSum", backward_plain, 0)
DEFINE_REDUCE (reduce_mean, "ReduceMean", backward_plain, 0)
DEFINE_REDUCE (reduce_max, "ReduceMax", backward_of_both, KEEP_BOTH)
DEFINE_REDUCE (reduce_min, "ReduceMin", backward_of_both, KEEP_BOTH)
DEFINE_REDUCE (reduce_prod, "ReduceProd", backward_of_both, KEEP_BOTH)
DEFINE_REDUCE (reduce_l1, "ReduceL1", backward_of_input, PST_KEEP_IN (0))
DEFINE_REDUCE (reduce_l2, "ReduceL2", backward_of_both, KEEP_BOTH)
DEFINE_REDUCE (reduce_sum_square, "ReduceSumSquare", backward_of_input,
               PST_KEEP_IN (0))
DEFINE_REDUCE (reduce_log_sum, "ReduceLogSum", backward_of_output,
               PST_KEEP_OUT (0))
DEFINE_REDUCE (global_average_pool, "GlobalAveragePool", backward_plain, 0)
DEFINE_REDUCE (global_max_pool, "GlobalMaxPool", backward_of_both, KEEP_BOTH)
