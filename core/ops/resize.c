/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Resize and its forerunner Upsample, along one or two axes. A row of the
 * result is blended from rows of the input first, then within itself. */
#include "core/ops/resize.h"

#include <string.h>

#include "core/base/memory.h"
#include "core/ops/arguments.h"
#include "core/ops/window.h"

#define STRIP 16 /* input rows of one item of the gradient */

/* A tensor as rows of pixels of numbers. */
typedef struct
{
  gint64 y, x, v;
} Steps;

typedef struct
{
  PstCall *call;
  int      axis[2]; /* y and x, -1 where there is none */
  int      vector;  /* the axis of a pixel's numbers, or -1 */
  PstTaps  tap[2];
  gint64   n;     /* numbers of a pixel */
  gint64   outer; /* rows of rows: product of all other axes */
  Steps    in, out;
  float    fallback;
} Resize;

static gboolean
resize_infer (PstCall *call, GError **error)
{
  const PstShape *in;
  PstRequest      request;
  int             changed = 0;

  if (! pst_call_check (call, 1, 4, -1, error))
    return FALSE;
  in = &call->in[0]->shape;
  for (int i = 0; i < in->rank; i++)
    if (in->dim[i] < 1 || in->dim[i] > PST_WINDOW_MOST)
      changed = -1;
  if (in->rank < 1 || changed < 0 ||
      (in->rank != 4 && pst_node_attr (call->node, "height_scale")))
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("%s cannot be resized so"),
                          PST_ARG_SHAPE (call->in[0]));
  if (! pst_resize_read (call, &request, error))
    return FALSE;
  pst_call_like (call, 0);
  for (int i = 0; i < in->rank; i++)
    {
      call->out[0]->shape.dim[i] = request.axis[i].out;
      changed += ! pst_taps_identity (&request.axis[i]);
    }
  if (changed > 2)
    return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                          _ ("only two dimensions can be resized at once"));
  return pst_arg_fits (call, 0, error);
}

/* Setting up */

/* The axes that change, y before x. */
static void
find_axes (const PstRequest *request, int rank, int *axis)
{
  int n = 0;

  axis[0] = axis[1] = -1;
  for (int i = 0; i < rank; i++)
    if (! pst_taps_identity (&request->axis[i]))
      axis[n++] = i;
  if (n == 1)
    {
      axis[1] = axis[0];
      axis[0] = -1;
    }
}

/* Of the other axes, the one whose numbers lie closest together. */
static void
find_vector (Resize *r, const PstTensor *in)
{
  r->vector = -1;
  r->n = 1;
  r->outer = 1;
  for (int i = 0; i < in->shape.rank; i++)
    {
      if (i == r->axis[0] || i == r->axis[1])
        continue;
      r->outer *= in->shape.dim[i];
      if (in->shape.dim[i] > 1 &&
          (r->vector < 0 || in->stride[i] <= in->stride[r->vector]))
        r->vector = i;
    }
  if (r->vector >= 0)
    r->n = in->shape.dim[r->vector];
  r->outer /= r->n;
}

static gint64
step_of (const PstTensor *tensor, int axis)
{
  return axis < 0 ? 0 : tensor->stride[axis];
}

static Steps
steps_of (const Resize *r, const PstTensor *tensor)
{
  return (Steps) { step_of (tensor, r->axis[0]), step_of (tensor, r->axis[1]),
                   step_of (tensor, r->vector) };
}

static const PstResizing one_row = { .in = 1, .out = 1, .scale = 1.0 };

/* Sets up the tables in the call's scratch. @in and @out are the values or
 * their gradients. */
static void
resize_setup (Resize *r, PstCall *call, const PstTensor *in,
              const PstTensor *out)
{
  guint8 *memory = call->shared;
  PstRequest request;

  pst_resize_read (call, &request, NULL);
  r->call = call;
  r->fallback = request.fallback;
  find_axes (&request, in->shape.rank, r->axis);
  if (r->axis[0] >= 0 && in->stride[r->axis[0]] < in->stride[r->axis[1]])
    {
      int t = r->axis[0];

      r->axis[0] = r->axis[1];
      r->axis[1] = t;
    }
  find_vector (r, in);
  r->in = steps_of (r, in);
  r->out = steps_of (r, out);
  for (int i = 0; i < 2; i++)
    {
      const PstResizing *one =
          r->axis[i] < 0 ? &one_row : &request.axis[r->axis[i]];

      pst_taps_fill (&r->tap[i], one, memory);
      memory += pst_taps_bytes (one);
    }
}

static void
resize_scratch (const PstCall *call, gsize *shared, gsize *per_worker)
{
  const PstShape *in = &call->in[0]->shape;
  gint64          row = 1, pixel = 1;
  PstRequest      request;
  int             axis[2];

  pst_resize_read (call, &request, NULL);
  find_axes (&request, in->rank, axis);
  for (int i = 0; i < 2; i++)
    {
      *shared += pst_taps_bytes (axis[i] < 0 ? &one_row
                                             : &request.axis[axis[i]]);
      row = MAX (row, axis[i] < 0 ? 1 : in->dim[axis[i]]);
    }
  for (int i = 0; i < in->rank; i++)
    if (i != axis[0] && i != axis[1])
      pixel = MAX (pixel, in->dim[i]);
  *per_worker = pst_memory_align (sizeof (float) * row * pixel);
}

/* Offset of the @item-th of the outer rows of rows. */
static gint64
outer_offset (const Resize *r, const PstTensor *tensor, gint64 item)
{
  gint64 offset = 0;

  for (int i = tensor->shape.rank - 1; i >= 0; i--)
    if (i != r->axis[0] && i != r->axis[1] && i != r->vector)
      {
        offset += item % tensor->shape.dim[i] * tensor->stride[i];
        item /= tensor->shape.dim[i];
      }
  return offset;
}

/* Working */

/* to = (or +=) weight * from, @n numbers. */
static inline void
scale_row (gint64 n, float *restrict to, gint64 t, const float *restrict from,
           gint64 s, float weight, gboolean add)
{
  for (gint64 i = 0; i < n; i++)
    to[i * t] = weight * from[i * s] + (add ? to[i * t] : 0.0f);
}

static void
add_scaled (gint64 n, float *to, gint64 t, const float *from, gint64 s,
            float weight, gboolean add)
{
  if (t == 1 && s == 1 && add)
    scale_row (n, to, 1, from, 1, weight, TRUE);
  else if (t == 1 && s == 1)
    scale_row (n, to, 1, from, 1, weight, FALSE);
  else
    scale_row (n, to, t, from, s, weight, add);
}

static inline void
blend_two (gint64 n, float *restrict to, const float *a, const float *b,
           float v, float w)
{
  for (gint64 i = 0; i < n; i++)
    to[i] = v * a[i] + w * b[i];
}

static inline void
blend_four (gint64 n, float *restrict to, const float *const *a,
            const float *w)
{
  const float *p = a[0], *q = a[1], *r = a[2], *s = a[3];

  for (gint64 i = 0; i < n; i++)
    to[i] = (w[0] * p[i] + w[1] * q[i]) + (w[2] * r[i] + w[3] * s[i]);
}

/* @n numbers from @taps places that lie @step apart. */
static void
blend (gint64 n, float *to, gint64 t, const float *from, gint64 step,
       gint64 s, const PstTaps *taps, gint64 place)
{
  const gint32 *at = taps->at + place * taps->n;
  const float  *w = taps->weight + place * taps->n;

  if (s == 1 && t == 1 && taps->n == 1)
    memcpy (to, from + at[0] * step, sizeof (float) * n);
  else if (s == 1 && t == 1 && taps->n == 2)
    blend_two (n, to, from + at[0] * step, from + at[1] * step, w[0], w[1]);
  else if (s == 1 && t == 1 && taps->n == 4)
    blend_four (n, to,
                (const float *const[]) {
                    from + at[0] * step, from + at[1] * step,
                    from + at[2] * step, from + at[3] * step },
                w);
  else
    for (gint64 k = 0; k < taps->n; k++)
      add_scaled (n, to, t, from + at[k] * step, s, w[k], k > 0);
}

/* Row @y of the result before its pixels are blended; @from gets its
 * steps. */
static const float *
blend_rows (const Resize *r, const float *in, gint64 y, float *room,
            Steps *from)
{
  const PstTaps *taps = &r->tap[0];
  gint64         width = r->tap[1].in, n = r->n;

  *from = r->in;
  if (taps->n == 1)
    return in + taps->at[y] * r->in.y;
  *from = (Steps) { 0, n, 1 };
  if (r->in.x == n && (r->in.v == 1 || n == 1))
    blend (width * n, room, 1, in, r->in.y, 1, taps, y);
  else if (r->in.x == 1)
    for (gint64 i = 0; i < n; i++)
      blend (width, room + i, n, in + i * r->in.v, r->in.y, 1, taps, y);
  else
    for (gint64 x = 0; x < width; x++)
      blend (n, room + x * n, 1, in + x * r->in.x, r->in.y, r->in.v, taps,
             y);
  return room;
}

static void
fill_pixel (const Resize *r, float *to)
{
  for (gint64 i = 0; i < r->n; i++)
    to[i * r->out.v] = r->fallback;
}

static void
resize_item (gpointer data, gsize item, guint worker)
{
  const Resize *r = data;
  PstCall      *call = r->call;
  gint64        height = r->tap[0].out, y = (gint64) item % height;
  const float  *in = (const float *) call->in[0]->data +
                    outer_offset (r, call->in[0], (gint64) item / height);
  float *to = (float *) call->out[0]->data +
              outer_offset (r, call->out[0], (gint64) item / height) +
              y * r->out.y;
  gboolean outside = r->tap[0].at[y * r->tap[0].n] < 0;
  Steps    from;

  if (! outside)
    in = blend_rows (r, in, y, pst_call_scratch (call, worker), &from);
  for (gint64 x = 0; x < r->tap[1].out; x++, to += r->out.x)
    if (outside || r->tap[1].at[x * r->tap[1].n] < 0)
      fill_pixel (r, to);
    else
      blend (r->n, to, r->out.v, in, from.x, from.v, &r->tap[1], x);
}

static void
resize_forward (PstCall *call)
{
  Resize resize;

  resize_setup (&resize, call, call->in[0], call->out[0]);
  pst_pool_run (call->pool, resize.outer * resize.tap[0].out, resize_item,
                &resize);
}

/* The gradient of a row of the result before its pixels were blended. */
static void
spread_row (const Resize *r, const float *g, float *row)
{
  const PstTaps *taps = &r->tap[1];

  memset (row, 0, sizeof (float) * taps->in * r->n);
  for (gint64 x = 0; x < taps->out; x++)
    for (gint64 k = x * taps->n; k < (x + 1) * taps->n; k++)
      {
        if (taps->at[x * taps->n] < 0)
          break;
        if (taps->weight[k] != 0.0f)
          add_scaled (r->n, row + taps->at[k] * r->n, 1, g + x * r->out.x,
                      r->out.v, taps->weight[k], TRUE);
      }
}

/* Adds such a row, times @weight, to one of the input's gradient. */
static void
add_row (const Resize *r, float *to, const float *row, float weight)
{
  gint64 width = r->tap[1].in;

  if (r->in.x == r->n && (r->in.v == 1 || r->n == 1))
    add_scaled (width * r->n, to, 1, row, 1, weight, TRUE);
  else
    for (gint64 x = 0; x < width; x++)
      add_scaled (r->n, to + x * r->in.x, r->in.v, row + x * r->n, 1, weight,
                  TRUE);
}

/* A strip of input rows gathers from all rows of the result that touch it,
 * in their order. */
static void
gradient_item (gpointer data, gsize item, guint worker)
{
  const Resize  *r = data;
  PstCall       *call = r->call;
  const PstTaps *taps = &r->tap[0];
  float         *row = pst_call_scratch (call, worker);
  gint64         strips = (taps->in + STRIP - 1) / STRIP;
  gint64         begin = (gint64) item % strips * STRIP;
  gint64         end = MIN (begin + STRIP, taps->in);
  gint64         outer = (gint64) item / strips;
  float         *to =
      (float *) call->din[0]->data + outer_offset (r, call->din[0], outer);
  const float *g = (const float *) call->dout[0]->data +
                   outer_offset (r, call->dout[0], outer);

  for (gint64 y = 0; y < taps->out; y++)
    {
      const gint32 *at = taps->at + y * taps->n;
      gboolean      ready = FALSE;

      for (gint64 k = 0; at[0] >= 0 && k < taps->n; k++)
        {
          float weight = taps->weight[y * taps->n + k];

          if (at[k] < begin || at[k] >= end || weight == 0.0f)
            continue;
          if (! ready)
            spread_row (r, g + y * r->out.y, row);
          ready = TRUE;
          add_row (r, to + at[k] * r->in.y, row, weight);
        }
    }
}

static void
resize_backward (PstCall *call)
{
  Resize resize;

  if (! call->din[0] || ! call->dout[0])
    return;
  resize_setup (&resize, call, call->din[0], call->dout[0]);
  pst_pool_run (call->pool,
                resize.outer * ((resize.tap[0].in + STRIP - 1) / STRIP),
                gradient_item, &resize);
}

const PstOp pst_op_resize = {
  .domain = "",
  .type = "Resize",
  .infer = resize_infer,
  .scratch = resize_scratch,
  .forward = resize_forward,
  .backward = resize_backward,
};

const PstOp pst_op_upsample = {
  .domain = "",
  .type = "Upsample",
  .infer = resize_infer,
  .scratch = resize_scratch,
  .forward = resize_forward,
  .backward = resize_backward,
};
