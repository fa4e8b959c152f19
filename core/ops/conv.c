/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>
#include "core/ops/conv.h"
#include "core/ops/conv-volume.h"

#include <math.h>
#include <string.h>

#include "core/base/memory.h"

/*
 * Conv (ONNX) and FusedConv (ours, with padding modes and upsampling taken
 * in) of maps. Conv of lines and volumes is in conv-volume.c.
 */

static const PstConvForward *const forwards[] = {
  &pst_conv_nested,
  &pst_conv_rows,
  &pst_conv_winograd,
  &pst_conv_strided,
  &pst_conv_direct, /* can do all */
};

static const PstConvGradient *const gradients[] = {
  &pst_conv_winograd_gradient,
  &pst_conv_strided_gradient,
  &pst_conv_flipped_gradient,
  &pst_conv_direct_gradient,
  &pst_conv_im2col_gradient, /* can do all */
};

const PstConvForward *
pst_conv_choose (const PstConv *conv)
{
  for (gsize i = 0;; i++)
    if (forwards[i]->fits (conv))
      return forwards[i];
}

static const PstConvGradient *
choose_gradient (const PstConv *conv)
{
  for (gsize i = 0;; i++)
    if (gradients[i]->fits (conv))
      return gradients[i];
}

/* Attributes of one of several convolutions end in its number. */
typedef struct
{
  const PstCall *call;
  int            stage;
  char           name[32];
} Attributes;

static const char *
named (Attributes *a, const char *name)
{
  if (! a->stage)
    return name;
  g_snprintf (a->name, sizeof a->name, "%s%d", name, a->stage);
  return a->name;
}

static gboolean
read_pair (Attributes *a, const char *name, gint64 *y, gint64 *x,
           GError **error)
{
  int           n;
  const gint64 *ints = pst_node_get_ints (a->call->node, named (a, name), &n);

  *y = *x = 1;
  if (! ints)
    return TRUE;
  if (n != 2 || ints[0] < 1 || ints[1] < 1 || ints[0] > 4096 ||
      ints[1] > 4096)
    return pst_call_fail (a->call, error, PST_ERROR_SHAPE,
                          _ ("its %s are not two positive numbers"), name);
  *y = ints[0];
  *x = ints[1];
  return TRUE;
}

/* SAME_UPPER and SAME_LOWER: as many outputs as inputs over stride. */
static void
pad_same (gint64 size, gint64 stride, gint64 kernel, gboolean lower,
          gint64 *begin, gint64 *end)
{
  gint64 out = (size + stride - 1) / stride;
  gint64 all = MAX (0, (out - 1) * stride + kernel - size);

  *begin = lower ? (all + 1) / 2 : all / 2;
  *end = all - *begin;
}

static gboolean
read_pads (Attributes *a, PstConv *conv, GError **error)
{
  int            n;
  const PstCall *call = a->call;
  const gint64  *pads = pst_node_get_ints (call->node, named (a, "pads"), &n);
  const char    *automatic =
      pst_node_get_string (call->node, named (a, "auto_pad"), "NOTSET");
  gint64        reach_y = (conv->kh - 1) * conv->dilation_y + 1;
  gint64        reach_x = (conv->kw - 1) * conv->dilation_x + 1;

  if (g_str_has_prefix (automatic, "SAME"))
    {
      gboolean lower = strcmp (automatic, "SAME_LOWER") == 0;

      pad_same (conv->h, conv->stride_y, reach_y, lower, &conv->pads[0],
                &conv->pads[2]);
      pad_same (conv->w, conv->stride_x, reach_x, lower, &conv->pads[1],
                &conv->pads[3]);
      return TRUE;
    }
  if (! pads)
    return TRUE;
  if (n != 4)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("its pads are not four numbers"));
  for (int i = 0; i < 4; i++)
    {
      if (pads[i] < 0 || pads[i] > 1 << 20)
        return pst_call_fail (call, error, PST_ERROR_SHAPE,
                              _ ("its padding is out of range"));
      conv->pads[i] = pads[i];
    }
  return TRUE;
}

static gboolean
read_fusion (Attributes *a, PstConv *conv, GError **error)
{
  const PstCall *call = a->call;
  gint64         h, w;

  conv->mode = 'c';
  conv->upsample = 1;
  if (! *call->node->op->domain) /* a file's, where the names mean nothing */
    return TRUE;
  conv->mode = *pst_node_get_string (call->node, named (a, "pad_mode"),
                                     "constant");
  conv->upsample = pst_node_get_int (call->node, named (a, "upsample"), 1);
  if (conv->upsample < 1 || conv->upsample > 1 << 16)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("an input has an impossible size"));
  h = conv->h * conv->upsample;
  w = conv->w * conv->upsample;
  if (conv->mode == 'r' &&
      (MAX (conv->pads[0], conv->pads[2]) >= h ||
       MAX (conv->pads[1], conv->pads[3]) >= w))
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("the picture is too small to be padded by "
                             "reflection"));
  return TRUE;
}

static gboolean
check_shapes (const PstCall *call, const PstShape *x, const PstTensor *weight,
              gint64 groups, GError **error)
{
  const PstShape *w = &weight->shape;

  if (w->rank != 4 || weight->dtype != PST_FLOAT32)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("its weights do not have four dimensions"));
  for (int i = 0; i < 4; i++)
    if (x->dim[i] < 1 || w->dim[i] < 1 || x->dim[i] > G_MAXINT32 / 4 ||
        w->dim[i] > 1 << 20)
      return pst_call_fail (call, error, PST_ERROR_SHAPE,
                            _ ("an input has an impossible size"));
  if (groups < 1 || groups > x->dim[1])
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("an input has an impossible size"));
  if (w->dim[0] % groups || w->dim[1] * groups != x->dim[1])
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("it has weights for %d channels, its input has %d"),
                          (int) (w->dim[1] * groups), (int) x->dim[1]);
  return TRUE;
}

/* Whether the phases of the output are convolutions of the small picture:
 * padding it by its own border is then what padding the large one is. */
static gboolean
has_phases (const PstConv *conv)
{
  return conv->upsample == 2 && conv->kh == 3 && conv->kw == 3 &&
         conv->oh == 2 * conv->h && conv->ow == 2 * conv->w &&
         conv->pads[0] == 1 && conv->pads[1] == 1 && conv->pads[2] == 1 &&
         conv->pads[3] == 1;
}

static gboolean
measure (const PstCall *call, PstConv *conv, GError **error)
{
  PstConvGrid *grid = &conv->grid;

  grid->h = conv->h * conv->upsample + conv->pads[0] + conv->pads[2];
  grid->w = conv->w * conv->upsample + conv->pads[1] + conv->pads[3];
  conv->oh = grid->h - (conv->kh - 1) * conv->dilation_y - 1;
  conv->ow = grid->w - (conv->kw - 1) * conv->dilation_x - 1;
  if (conv->oh < 0 || conv->ow < 0)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("the picture is smaller than its kernel"));
  conv->oh = conv->oh / conv->stride_y + 1;
  conv->ow = conv->ow / conv->stride_x + 1;
  conv->phased = has_phases (conv);
  conv->low.h = conv->phased ? conv->h + 2 : 0;
  conv->low.w = conv->phased ? conv->w + 2 : 0;
  return TRUE;
}

gboolean
pst_conv_parse (const PstCall *call, int stage, const PstShape *x,
                const PstTensor *w, PstConv *conv, GError **error)
{
  Attributes a = { call, stage, "" };

  memset (conv, 0, sizeof *conv);
  conv->groups = pst_node_get_int (call->node, named (&a, "group"), 1);
  if (! check_shapes (call, x, w, conv->groups, error))
    return FALSE;
  conv->n = x->dim[0];
  conv->c = x->dim[1];
  conv->h = x->dim[2];
  conv->w = x->dim[3];
  conv->k = w->shape.dim[0];
  conv->kh = w->shape.dim[2];
  conv->kw = w->shape.dim[3];
  conv->weight = w;
  return read_pair (&a, "strides", &conv->stride_y, &conv->stride_x, error) &&
         read_pair (&a, "dilations", &conv->dilation_y, &conv->dilation_x,
                    error) &&
         read_pads (&a, conv, error) && read_fusion (&a, conv, error) &&
         measure (call, conv, error);
}

static gboolean
parse (const PstCall *call, PstConv *conv, GError **error)
{
  return pst_conv_parse (call, 0, &call->in[0]->shape, call->in[1], conv,
                         error);
}

/* Lines and volumes go another way. */
static gboolean
is_volume (const PstCall *call)
{
  return call->n_in > 0 && call->in[0] && ! *call->node->op->domain &&
         (call->in[0]->shape.rank == 3 || call->in[0]->shape.rank == 5);
}

static gboolean
conv_infer (PstCall *call, GError **error)
{
  PstConv conv;

  if (is_volume (call))
    return pst_conv_volume_infer (call, error);
  if (! pst_call_check (call, 2, 3, 4, error) ||
      ! parse (call, &conv, error))
    return FALSE;
  if (call->n_in > 2 && call->in[2] &&
      (pst_tensor_count (call->in[2]) != conv.k ||
       call->in[2]->dtype != PST_FLOAT32))
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("its bias does not fit its weights"));
  call->out[0]->dtype = PST_FLOAT32;
  call->out[0]->shape = PST_SHAPE (conv.n, conv.k, conv.oh, conv.ow);
  return TRUE;
}

static gint32
source (gint64 at, gint64 size, gint64 upsample, char mode)
{
  gint64 large = size * upsample;

  if (at < 0 || at >= large)
    {
      if (mode == 'c')
        return -1;
      if (mode == 'r')
        at = at < 0 ? -at : 2 * large - 2 - at;
      else
        at = CLAMP (at, 0, large - 1);
    }
  return (gint32) (at / upsample);
}

gsize
pst_conv_table_bytes (const PstConv *conv)
{
  return pst_memory_align (sizeof (gint32) *
                           (conv->grid.h + conv->grid.w + conv->low.h +
                            conv->low.w));
}

void
pst_conv_point_tables (PstConv *conv, guint8 *room)
{
  conv->grid.row = (gint32 *) room;
  conv->grid.col = conv->grid.row + conv->grid.h;
  conv->low.row = conv->grid.col + conv->grid.w;
  conv->low.col = conv->low.row + conv->low.h;
}

void
pst_conv_fill_tables (PstConv *conv, guint8 *room)
{
  char mode = conv->mode == 'c' ? 'c' : 'e';

  pst_conv_point_tables (conv, room);
  for (gint64 i = 0; i < conv->grid.h; i++)
    conv->grid.row[i] = source (i - conv->pads[0], conv->h, conv->upsample,
                                conv->mode);
  for (gint64 i = 0; i < conv->grid.w; i++)
    conv->grid.col[i] = source (i - conv->pads[1], conv->w, conv->upsample,
                                conv->mode);
  for (gint64 i = 0; i < conv->low.h; i++)
    conv->low.row[i] = source (i - 1, conv->h, 1, mode);
  for (gint64 i = 0; i < conv->low.w; i++)
    conv->low.col[i] = source (i - 1, conv->w, 1, mode);
}

/* A constant picture lies in C order: it is laid out anew first. */
static gsize
picture_bytes (const PstCall *call)
{
  return pst_tensor_is_map (call->in[0])
             ? 0
             : pst_memory_align (pst_tensor_bytes (call->in[0]));
}

static PstConvJob
job_of (const PstCall *call, const PstConv *conv)
{
  PstConvJob job = { .n_stages = 1, .least = -INFINITY };

  job.stage[0] = (PstConvStage) { .conv = *conv,
                                  .forward = pst_conv_choose (conv),
                                  .least = -INFINITY };
  job.y = call->out[0];
  if (call->n_in > 2 && call->in[2])
    job.bias = call->in[2]->data;
  return job;
}

static gsize
packed_bytes (const PstConvJob *job)
{
  return pst_memory_align (
      sizeof (float) * job->stage[0].forward->weights (&job->stage[0].conv));
}

static void
conv_scratch (const PstCall *call, gsize *shared, gsize *per_worker)
{
  PstConv    conv;
  PstConvJob job;
  gsize      there = 0, here = 0;

  if (is_volume (call))
    {
      pst_conv_volume_scratch (call, shared, per_worker);
      return;
    }
  parse (call, &conv, NULL);
  job = job_of (call, &conv);
  pst_conv_job_room (&job, shared, per_worker);
  *shared = pst_memory_align (*shared) + packed_bytes (&job);
  if (call->dout)
    choose_gradient (&conv)->scratch (&conv, &there, &here);
  *shared = MAX (*shared, pst_memory_align (there)) +
            pst_conv_table_bytes (&conv) +
            picture_bytes (call) * (call->din && call->din[0] ? 2 : 1);
  *per_worker = MAX (*per_worker, here);
}

/* Parses, and sets the tables at the start of the scratch. */
static guint8 *
prepare (PstCall *call, PstConv *conv)
{
  parse (call, conv, NULL);
  pst_conv_fill_tables (conv, call->shared);
  return call->shared + pst_conv_table_bytes (conv);
}

/* The picture channels-last: where it lies, or a copy at *@shared. */
static const float *
read_picture (const PstCall *call, guint8 **shared)
{
  PstTensor x = *call->in[0];

  if (picture_bytes (call) == 0)
    return x.data;
  pst_tensor_layout (&x);
  x.data = *shared;
  pst_tensor_copy (&x, call->in[0]);
  *shared += picture_bytes (call);
  return x.data;
}

static void
map_forward (PstCall *call)
{
  PstConv      conv;
  guint8      *shared = prepare (call, &conv);
  const float *x = read_picture (call, &shared);
  PstConvJob   job = job_of (call, &conv);
  PstTensor    picture = *call->in[0];

  job.stage[0].forward->pack (&conv, call->pool, (float *) shared);
  job.stage[0].packed = (float *) shared;
  picture.data = (gpointer) x;
  job.x = &picture;
  pst_conv_job_run (&job, call->pool, shared + packed_bytes (&job),
                    call->worker_base, call->worker_bytes);
}

static void
conv_forward (PstCall *call)
{
  if (is_volume (call))
    pst_conv_volume_forward (call);
  else
    map_forward (call);
}

static void
map_backward (PstCall *call)
{
  PstConv      conv;
  guint8      *shared = prepare (call, &conv);
  const float *x = read_picture (call, &shared);
  PstTensor   *db = call->n_in > 2 ? call->din[2] : NULL;
  PstTensor    dx = { 0 };
  const PstConvGradient *gradient = choose_gradient (&conv);

  if (call->din[0])
    dx = *call->din[0];
  for (int i = ! picture_bytes (call) && gradient->clears; i < call->n_in; i++)
    pst_call_clear (call, i);
  if (dx.data && picture_bytes (call))
    {
      pst_tensor_layout (&dx);
      dx.data = shared;
      shared += picture_bytes (call);
      memset (dx.data, 0, pst_tensor_bytes (&dx));
    }
  gradient->backward (&conv, call, shared, x, call->dout[0]->data, dx.data,
                      call->din[1], db ? db->data : NULL);
  for (gint64 i = 0;
       dx.data && picture_bytes (call) && i < pst_tensor_count (&dx); i++)
    pst_tensor_set (call->din[0], i,
                    pst_tensor_get (call->din[0], i) + pst_tensor_get (&dx, i));
}

static void
conv_backward (PstCall *call)
{
  if (! is_volume (call))
    {
      map_backward (call);
      return;
    }
  for (int i = 0; i < call->n_in; i++)
    pst_call_clear (call, i);
  pst_conv_volume_backward (call);
}

void
pst_conv_bias_gradient (const PstConv *conv, const float *dy, float *db)
{
  gint64 pixels = conv->n * conv->oh * conv->ow;

  /* in runs, so that rounding errors stay small */
  for (gint64 first = 0; first < pixels; first += 1024)
    for (gint64 k0 = 0; k0 < conv->k; k0 += 64)
      {
        float  sum[64] = { 0 };
        gint64 width = MIN (64, conv->k - k0);
        gint64 last = MIN (pixels, first + 1024);

        for (gint64 p = first; p < last; p++)
          for (gint64 k = 0; k < width; k++)
            sum[k] += dy[p * conv->k + k0 + k];
        for (gint64 k = 0; k < width; k++)
          db[k0 + k] += sum[k];
      }
}

void
pst_conv_sum_slices (float *slices, gsize size, gint64 n)
{
  float *restrict sum = slices;

  for (gint64 s = 1; s < n; s++)
    {
      const float *restrict part = slices + s * size;

      for (gsize i = 0; i < size; i++)
        sum[i] += part[i];
    }
}

const PstOp pst_op_conv = {
  .domain = "",
  .type = "Conv",
  .infer = conv_infer,
  .scratch = conv_scratch,
  .forward = conv_forward,
  .backward = conv_backward,
  .keep = PST_KEEP_IN (0) | PST_KEEP_IN (1),
  .flags = PST_OP_CLEARS,
};

const PstOp pst_op_fused_conv = {
  .domain = "pastiche",
  .type = "FusedConv",
  .infer = conv_infer,
  .scratch = conv_scratch,
  .forward = conv_forward,
  .backward = conv_backward,
  .keep = PST_KEEP_IN (0) | PST_KEEP_IN (1),
  .flags = PST_OP_INTERNAL | PST_OP_CLEARS,
};
