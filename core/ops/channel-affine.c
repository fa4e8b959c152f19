/* SPDX-License-Identifier: GPL-3.0-or-later */
/* y = a[c] x + b[c] for each channel: BatchNormalization as it is used after
 * training, and ImageScaler, an experimental operator of early exporters. */
#include <math.h>
#include <string.h>

#include "core/ops/arguments.h"
#include "core/ops/loop.h"

typedef struct
{
  float       *out;
  const float *x, *a, *b, *g;
} Channels;

static void
affine_tile (gpointer data, const PstTile *tile)
{
  const Channels *d = data;

  for (gint64 r = 0; r < tile->rows; r++)
    {
      float       *out = d->out + tile->at[0] + r * tile->row[0];
      const float *x = d->x + tile->at[1] + r * tile->row[1];
      const float *a = d->a + tile->at[2] + r * tile->row[2];
      const float *b = d->b + tile->at[3] + r * tile->row[3];
      gint64       t = tile->step[2];

      if (tile->step[0] == 1 && tile->step[1] == 1 && t == 1)
        PST_VECTOR for (gint64 i = 0; i < tile->n; i++) out[i] =
            a[i] * x[i] + b[i];
      else
        PST_VECTOR for (gint64 i = 0; i < tile->n; i++)
            out[i * tile->step[0]] = a[i * t] * x[i * tile->step[1]] +
                                     b[i * t];
    }
}

static void
scale_tile (gpointer data, const PstTile *tile)
{
  const Channels *d = data;

  for (gint64 r = 0; r < tile->rows; r++)
    {
      float       *out = d->out + tile->at[0] + r * tile->row[0];
      const float *g = d->g + tile->at[1] + r * tile->row[1];
      const float *a = d->a + tile->at[2] + r * tile->row[2];

      PST_VECTOR for (gint64 i = 0; i < tile->n; i++)
          out[i * tile->step[0]] +=
          a[i * tile->step[2]] * g[i * tile->step[1]];
    }
}

/* A view of a plain [C] vector as [C, 1, …] of a tensor's rank less one. */
static PstTensor
channel_view (const PstTensor *like, float *numbers)
{
  PstTensor view = { .dtype = PST_FLOAT32, .data = numbers };

  view.shape.rank = like->shape.rank - 1;
  for (int i = 0; i < view.shape.rank; i++)
    view.shape.dim[i] = 1;
  view.shape.dim[0] = like->shape.dim[1];
  view.stride[0] = 1;
  return view;
}

static void
run_affine (PstCall *call, float *a, float *b)
{
  PstTensor        va = channel_view (call->out[0], a);
  PstTensor        vb = channel_view (call->out[0], b);
  const PstTensor *tensors[] = { call->out[0], call->in[0], &va, &vb };
  Channels         data = { call->out[0]->data, call->in[0]->data, a, b,
                            NULL };
  PstLoop          loop;

  pst_loop_init (&loop, &call->out[0]->shape, 4, tensors);
  pst_loop_run (&loop, call->pool, affine_tile, &data);
}

static void
run_scale (PstCall *call, float *a)
{
  PstTensor        va = channel_view (call->din[0], a);
  const PstTensor *tensors[] = { call->din[0], call->dout[0], &va };
  Channels data = { call->din[0]->data, NULL, a, NULL, call->dout[0]->data };
  PstLoop  loop;

  pst_loop_init (&loop, &call->din[0]->shape, 3, tensors);
  pst_loop_run (&loop, call->pool, scale_tile, &data);
}

static gint64
channels_of (const PstCall *call)
{
  return call->in[0]->shape.dim[1];
}

/* Room for a and b, then for the partial sums of a gradient. */
static gsize
vectors_bytes (const PstCall *call)
{
  return (sizeof (float) * 2 * channels_of (call) + 63) & ~(gsize) 63;
}

/* ImageScaler: y = scale x + bias[c] */

static gboolean
image_scaler_infer (PstCall *call, GError **error)
{
  int n;

  if (! pst_call_check (call, 1, 1, 4, error))
    return FALSE;
  if (pst_node_get_floats (call->node, "bias", &n) &&
      n != channels_of (call))
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("has %d biases for a map of size %s"), n,
                          PST_ARG_SHAPE (call->in[0]));
  pst_call_like (call, 0);
  return TRUE;
}

static void
image_scaler_scratch (const PstCall *call, gsize *shared, gsize *per_worker)
{
  *shared = vectors_bytes (call);
}

static float *
image_scaler_vectors (PstCall *call)
{
  float       *a = (float *) call->shared;
  int          n;
  const float *bias = pst_node_get_floats (call->node, "bias", &n);

  for (gint64 c = 0; c < channels_of (call); c++)
    {
      a[c] = pst_node_get_float (call->node, "scale", 1.0f);
      a[channels_of (call) + c] = bias ? bias[c] : 0.0f;
    }
  return a;
}

static void
image_scaler_forward (PstCall *call)
{
  float *a = image_scaler_vectors (call);

  run_affine (call, a, a + channels_of (call));
}

static void
image_scaler_backward (PstCall *call)
{
  if (call->din[0] && call->dout[0])
    run_scale (call, image_scaler_vectors (call));
}

const PstOp pst_op_image_scaler = {
  .domain = "",
  .type = "ImageScaler",
  .infer = image_scaler_infer,
  .scratch = image_scaler_scratch,
  .forward = image_scaler_forward,
  .backward = image_scaler_backward,
  .flags = PST_OP_IN_PLACE,
};

/* BatchNormalization: inputs X, scale, B, mean, variance.
 * y = scale (x - mean) / sqrt (variance + epsilon) + B, with the mean and
 * variance that training left. */

static gboolean
batch_norm_infer (PstCall *call, GError **error)
{
  if (! pst_call_check (call, 5, 5, -1, error))
    return FALSE;
  if (call->in[0]->shape.rank < 2)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("%s has no channels"),
                          PST_ARG_SHAPE (call->in[0]));
  for (int i = 1; i < 5; i++)
    if (! pst_arg_float (call, i, error))
      return FALSE;
    else if (call->in[i]->shape.rank != 1 ||
             call->in[i]->shape.dim[0] != channels_of (call))
      return pst_call_fail (call, error, PST_ERROR_SHAPE,
                            _ ("its input %d of size %s does not fit to %s"),
                            i + 1, PST_ARG_SHAPE (call->in[i]),
                            PST_ARG_SHAPE (call->in[0]));
  for (int i = 1; i < call->n_out; i++)
    if (call->out[i])
      return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                            _ ("only its form after training is supported"));
  if (pst_node_get_int (call->node, "training_mode", 0) != 0 ||
      pst_node_get_int (call->node, "spatial", 1) != 1)
    return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                          _ ("only its form after training is supported"));
  pst_call_like (call, 0);
  return TRUE;
}

static double
inverse_deviation (const PstCall *call, gint64 c)
{
  double epsilon = pst_node_get_float (call->node, "epsilon", 1e-5f);

  return 1.0 / sqrt (((const float *) call->in[4]->data)[c] + epsilon);
}

static float *
batch_norm_vectors (PstCall *call, gboolean with_shift)
{
  float       *a = (float *) call->shared;
  const float *scale = call->in[1]->data;

  for (gint64 c = 0; c < channels_of (call); c++)
    {
      double factor = scale[c] * inverse_deviation (call, c);

      a[c] = (float) factor;
      if (with_shift)
        a[channels_of (call) + c] =
            (float) (((const float *) call->in[2]->data)[c] -
                     factor * ((const float *) call->in[3]->data)[c]);
    }
  return a;
}

static void
batch_norm_forward (PstCall *call)
{
  float *a = batch_norm_vectors (call, TRUE);

  run_affine (call, a, a + channels_of (call));
}

/* Terms of the gradients of scale and variance: g (x - mean); a holds what the
 * sums are multiplied by, b the means. */
static void
scale_term (gpointer data, const PstTile *tile, double *acc)
{
  const Channels *d = data;

  for (gint64 r = 0; r < tile->rows; r++)
    {
      double      *to = acc + tile->at[0] + r * tile->row[0];
      const float *g = d->g + tile->at[1] + r * tile->row[1];
      const float *x = d->x + tile->at[2] + r * tile->row[2];
      const float *m = d->b + tile->at[3] + r * tile->row[3];

      for (gint64 i = 0; i < tile->n; i++)
        to[i * tile->step[0]] +=
            g[i * tile->step[1]] *
            (x[i * tile->step[2]] - m[i * tile->step[3]]);
    }
}

static void
scale_store (gpointer data, gint64 at, gint64 step, gint64 n,
             const double *acc)
{
  const Channels *d = data;

  for (gint64 i = 0; i < n; i++)
    d->out[at + i * step] += (float) (acc[i] * d->a[at + i * step]);
}

static void
scale_setup (PstReduce *reduce, const PstCall *call, const PstTensor *g)
{
  PstTensor        view = channel_view (call->in[0], NULL);
  const PstTensor *tensors[] = { &view, g, call->in[0], &view };

  pst_reduce_init (reduce, PST_REDUCE_SUM, &call->in[0]->shape, 4, tensors);
}

static void
batch_norm_scratch (const PstCall *call, gsize *shared, gsize *per_worker)
{
  PstTensor g = *call->out[0], shift = channel_view (call->in[0], NULL);
  PstReduce reduce;

  *shared = vectors_bytes (call);
  if (! call->din)
    return;
  pst_tensor_layout (&g); /* may not be laid out yet */
  scale_setup (&reduce, call, &g);
  *shared += MAX (pst_reduce_scratch (&reduce),
                  pst_view_sum_scratch (&shift, &g));
}

/* The sums of g (x - mean), times a factor for each channel: d scale is 1 / s,
 * d variance -scale / (2 s^3), with s the deviation. */
static void
batch_norm_gather (PstCall *call, int input, gpointer room)
{
  const float *scale = call->in[1]->data;
  float       *factor = (float *) call->shared;
  Channels     data = { call->din[input]->data, call->in[0]->data, factor,
                        call->in[3]->data, call->dout[0]->data };
  PstReduce    reduce;

  for (gint64 c = 0; c < channels_of (call); c++)
    {
      double inverse = inverse_deviation (call, c);

      factor[c] = (float) (input == 1 ? inverse
                                      : -0.5 * scale[c] * inverse * inverse *
                                            inverse);
    }
  scale_setup (&reduce, call, call->dout[0]);
  pst_reduce_run (&reduce, call->pool, room, scale_term, scale_store, &data);
}

/* The sums of g: d B, and times -scale / s, d mean. */
static void
batch_norm_sum (PstCall *call, gpointer room)
{
  float    *a = batch_norm_vectors (call, FALSE);
  float    *sums = a + channels_of (call);
  PstTensor view = channel_view (call->in[0], sums);

  memset (sums, 0, sizeof (float) * channels_of (call));
  pst_view_sum_add (call->pool, &view, call->dout[0], 1.0f, room);
  for (gint64 c = 0; c < channels_of (call); c++)
    {
      if (call->din[2])
        ((float *) call->din[2]->data)[c] += sums[c];
      if (call->din[3])
        ((float *) call->din[3]->data)[c] -= a[c] * sums[c];
    }
}

static void
batch_norm_backward (PstCall *call)
{
  gpointer room = call->shared + vectors_bytes (call);

  if (! call->dout[0])
    return;
  if (call->din[0])
    run_scale (call, batch_norm_vectors (call, FALSE));
  if (call->din[1])
    batch_norm_gather (call, 1, room);
  if (call->din[2] || call->din[3])
    batch_norm_sum (call, room);
  if (call->din[4])
    batch_norm_gather (call, 4, room);
}

const PstOp pst_op_batch_norm = {
  .domain = "",
  .type = "BatchNormalization",
  .infer = batch_norm_infer,
  .scratch = batch_norm_scratch,
  .forward = batch_norm_forward,
  .backward = batch_norm_backward,
  .keep = PST_KEEP_IN (0) | PST_KEEP_IN (1) | PST_KEEP_IN (3) |
          PST_KEEP_IN (4),
  .flags = PST_OP_IN_PLACE,
};
