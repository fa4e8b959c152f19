/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/ops/window.h"

#include <string.h>

#include "core/ops/arguments.h"

gboolean
pst_window_pair (const PstCall *call, const char *name, gint64 least,
                 int count, gint64 *values, GError **error)
{
  int    n;
  gint64 read[4];

  if (! pst_arg_ints (call, -1, name, 4, read, &n, error))
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

/* Works out the padding of SAME_UPPER and SAME_LOWER. */
static void
pad_same (PstWindow *window, int axis, gboolean upper)
{
  gint64 in = window->in[axis], stride = window->stride[axis];
  gint64 out = (in + stride - 1) / stride;
  gint64 all = MAX (0, (out - 1) * stride + span_of (window, axis) - in);

  window->before[axis] = upper ? all / 2 : all - all / 2;
  window->after[axis] = all - window->before[axis];
}

static gboolean
count_positions (PstWindow *window, int axis, gboolean ceil_mode)
{
  gint64 stride = window->stride[axis];
  gint64 room = window->in[axis] + window->before[axis] +
                window->after[axis] - span_of (window, axis);

  if (room < 0 || window->before[axis] >= span_of (window, axis) ||
      window->after[axis] >= span_of (window, axis))
    return FALSE;
  window->out[axis] = (room + (ceil_mode ? stride - 1 : 0)) / stride + 1;
  /* a window that would begin in the padding behind the map is left out */
  if (ceil_mode && (window->out[axis] - 1) * stride >=
                       window->in[axis] + window->before[axis])
    window->out[axis]--;
  return TRUE;
}

gboolean
pst_window_read (PstWindow *window, const PstCall *call, GError **error)
{
  const char *mode = pst_node_get_string (call->node, "auto_pad", "NOTSET");
  gint64      pads[4] = { 0 };

  memset (window, 0, sizeof *window);
  for (int i = 0; i < 2; i++)
    {
      window->stride[i] = window->dilation[i] = 1;
      window->in[i] = call->in[0]->shape.dim[2 + i];
      if (window->in[i] < 1 || window->in[i] > PST_WINDOW_MOST)
        return pst_call_fail (call, error, PST_ERROR_SHAPE,
                              _ ("a map of size %s cannot be worked on"),
                              PST_ARG_SHAPE (call->in[0]));
    }
  if (! pst_window_pair (call, "kernel_shape", 1, 2, window->kernel, error) ||
      ! pst_window_pair (call, "strides", 1, 2, window->stride, error) ||
      ! pst_window_pair (call, "dilations", 1, 2, window->dilation, error) ||
      ! pst_window_pair (call, "pads", 0, 4, pads, error))
    return FALSE;
  if (window->kernel[0] < 1)
    return pst_call_fail (call, error, PST_ERROR_SHAPE,
                          _ ("has no “kernel_shape”"));
  for (int i = 0; i < 2; i++)
    {
      if (strcmp (mode, "NOTSET") == 0)
        {
          window->before[i] = pads[i];
          window->after[i] = pads[2 + i];
        }
      else if (g_str_has_prefix (mode, "SAME_"))
        pad_same (window, i, strcmp (mode, "SAME_UPPER") == 0);
      if (! count_positions (
              window, i, pst_node_get_int (call->node, "ceil_mode", 0) != 0))
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
