/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/ops/window.h"

#include <string.h>

#include "core/ops/arguments.h"

gboolean
pst_window_numbers (const PstCall *call, const char *name, gint64 least,
                    int count, gint64 *values, GError **error)
{
  int    n;
  gint64 read[2 * PST_WINDOW_AXES];

  if (! pst_arg_ints (call, -1, name, 2 * PST_WINDOW_AXES, read, &n, error))
    return FALSE;
  if (n < 0)
    return TRUE;
  for (int i = 0; i < n; i++)
    if (read[i] < least || read[i] > PST_WINDOW_MOST)
      n = -1;
  if (n != count)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("“%s” makes no sense for a map"), name);
  memcpy (values, read, sizeof (gint64) * count);
  return TRUE;
}

static gint64
span_of (const PstWindow *window, int axis)
{
  return (window->kernel[axis] - 1) * window->dilation[axis] + 1;
}

/* Works out the padding of SAME_UPPER and SAME_LOWER. Pooling with steps wider
 * than its window leaves out pixels at both ends: negative padding. */
static void
pad_same (PstWindow *window, int axis, gboolean upper, gboolean pooling)
{
  gint64 in = window->in[axis], stride = window->stride[axis];
  gint64 out = (in + stride - 1) / stride;
  gint64 all = (out - 1) * stride + span_of (window, axis) - in;

  if (! pooling)
    all = MAX (all, 0);
  window->before[axis] = upper ? all / 2 : (all + 1) / 2;
  window->after[axis] = all - window->before[axis];
}

static gboolean
count_positions (PstWindow *window, int axis, gboolean ceil_mode,
                 gboolean pooling)
{
  gint64 stride = window->stride[axis];
  gint64 room = window->in[axis] + window->before[axis] +
                window->after[axis] - span_of (window, axis);

  /* what is pooled must not be padding alone */
  if (room < 0 ||
      (pooling && MAX (window->before[axis], window->after[axis]) >=
                      span_of (window, axis)))
    return FALSE;
  window->out[axis] = (room + (ceil_mode ? stride - 1 : 0)) / stride + 1;
  /* a window that would begin in the padding behind the map is left out */
  if (ceil_mode && (window->out[axis] - 1) * stride >=
                       window->in[axis] + window->before[axis])
    window->out[axis]--;
  return TRUE;
}

/* Sizes of the input, and everything else as it is where nothing is said. */
static gboolean
read_input (PstWindow *window, const PstCall *call, GError **error)
{
  const PstShape *in = &call->in[0]->shape;

  if (in->rank < 3 || in->rank > 2 + PST_WINDOW_AXES)
    return pst_call_fail (call, error, PST_ERROR_UNSUPPORTED,
                          _ ("its input has %d dimensions, must have %d to "
                             "%d"),
                          in->rank, 3, 2 + PST_WINDOW_AXES);
  memset (window, 0, sizeof *window);
  window->axes = in->rank - 2;
  for (int i = 0; i < PST_WINDOW_AXES; i++)
    {
      int dim = in->rank - PST_WINDOW_AXES + i;

      window->stride[i] = window->dilation[i] = 1;
      window->kernel[i] = window->in[i] = 1;
      if (dim < 2)
        continue;
      window->kernel[i] = 0;
      window->in[i] = in->dim[dim];
      if (window->in[i] < 1 || window->in[i] > PST_WINDOW_MOST)
        return pst_call_fail (call, error, PST_ERROR_SHAPE,
                              _ ("a map of size %s cannot be worked on"),
                              PST_ARG_SHAPE (call->in[0]));
    }
  return TRUE;
}

static gboolean
read_attributes (PstWindow *window, const PstCall *call, gint64 *pads,
                 GError **error)
{
  int n = window->axes, first = PST_WINDOW_AXES - n;

  if (call->n_in > 1 && call->in[1]->shape.rank == 2 + n)
    for (int i = 0; i < n; i++)
      window->kernel[first + i] =
          CLAMP (call->in[1]->shape.dim[2 + i], 0, PST_WINDOW_MOST);
  if (! pst_window_numbers (call, "kernel_shape", 1, n,
                            window->kernel + first, error) ||
      ! pst_window_numbers (call, "strides", 1, n, window->stride + first,
                            error) ||
      ! pst_window_numbers (call, "dilations", 1, n, window->dilation + first,
                            error) ||
      ! pst_window_numbers (call, "pads", 0, 2 * n, pads, error))
    return FALSE;
  if (window->kernel[first] < 1)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("has no “kernel_shape”"));
  return TRUE;
}

gboolean
pst_window_read (PstWindow *window, const PstCall *call, GError **error)
{
  const char *mode = pst_node_get_string (call->node, "auto_pad", "NOTSET");
  gboolean    ceil_mode =
      pst_node_get_int (call->node, "ceil_mode", 0) != 0;
  gboolean    pooling = call->n_in < 2;
  gint64      pads[2 * PST_WINDOW_AXES] = { 0 };

  if (! read_input (window, call, error) ||
      ! read_attributes (window, call, pads, error))
    return FALSE;
  for (int i = 0; i < PST_WINDOW_AXES; i++)
    {
      int k = i - (PST_WINDOW_AXES - window->axes);

      if (k >= 0 && strcmp (mode, "NOTSET") == 0)
        {
          window->before[i] = pads[k];
          window->after[i] = pads[window->axes + k];
        }
      else if (strncmp (mode, "SAME_", 5) == 0)
        pad_same (window, i, strcmp (mode, "SAME_UPPER") == 0, pooling);
      if (! count_positions (window, i, ceil_mode, pooling))
        return pst_call_fail (
            call, error, PST_ERROR_SHAPE,
            _ ("its window does not fit into a map of size %s"),
            PST_ARG_SHAPE (call->in[0]));
    }
  return TRUE;
}

void
pst_window_clip (const PstWindow *window, int axis, gint64 at, gint64 *first,
                 gint64 *end)
{
  gint64 origin = at * window->stride[axis] - window->before[axis];
  gint64 step = window->dilation[axis];
  gint64 room = window->in[axis] - origin; /* of steps from the origin on */

  *first = origin < 0 ? (-origin + step - 1) / step : 0;
  *end = room <= 0 ? 0 : MIN (window->kernel[axis], (room + step - 1) / step);
  *end = MAX (*end, *first);
}

void
pst_window_steps (const PstWindow *window, const PstTensor *tensor,
                  gint64 *steps)
{
  for (int i = 0; i < PST_WINDOW_AXES; i++)
    {
      int dim = tensor->shape.rank - PST_WINDOW_AXES + i;

      steps[i] = dim < 2 ? 0 : tensor->stride[dim];
    }
}
