/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/style/stylize.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "core/base/error.h"
#include "core/base/memory.h"
#include "core/style/convert.h"
#include "core/style/metadata.h"
#include "core/style/paint.h"

#define MAX_SIDE 300000
#define SMALL_BUDGET ((guint64) 64 << 20)

static gboolean
check_size (int width, int height, GError **error)
{
  if (width >= 1 && width <= MAX_SIDE && height >= 1 && height <= MAX_SIDE)
    return TRUE;
  g_set_error (error, PST_ERROR, PST_ERROR_ARGUMENT,
               _ ("A picture of %d × %d pixels cannot be used: each side must "
                  "have 1 to %d."),
               width, height, MAX_SIDE);
  return FALSE;
}

/* Bytes that may be taken. What is kept from the last call counts as free: it
 * is used again or given back first. */
static guint64
find_budget (const PstControls *controls, gsize kept)
{
  guint64 available;

  if (controls->memory)
    return controls->memory;
  available = pst_memory_available ();
  if (available == G_MAXUINT64)
    return available;
  return MAX ((available + kept) / 2, SMALL_BUDGET);
}

/* Rounded up or down, so that who allows what is needed is not refused. */
static char *
format_megabytes (guint64 bytes, gboolean up)
{
  double megabytes = up ? ceil (bytes / 1e6) : floor (bytes / 1e6);

  if (bytes < 10000000000u)
    return g_strdup_printf (_ ("%.0f MB"), megabytes);
  return g_strdup_printf (_ ("%.1f GB"), (up ? ceil (bytes / 1e8)
                                             : floor (bytes / 1e8))
                                             / 10);
}

static void
fail_memory (const PstPlanning *plan, guint64 budget, int width, int height,
             GError **error)
{
  g_autofree char *needed = format_megabytes (plan->bytes, TRUE);
  g_autofree char *allowed = format_megabytes (budget, FALSE);

  /* The brush matters where the base run is what is large. */
  if (plan->steps.width[0] > width)
    g_set_error (error, PST_ERROR, PST_ERROR_MEMORY,
                 _ ("Painting this picture of %d × %d pixels takes at least "
                    "%s of memory; %s may be used. A larger brush size, fewer "
                    "threads, a smaller selection or closing other programs "
                    "helps."),
                 width, height, needed, allowed);
  else
    g_set_error (error, PST_ERROR, PST_ERROR_MEMORY,
                 _ ("Painting this picture of %d × %d pixels takes at least "
                    "%s of memory; %s may be used. Fewer threads, a smaller "
                    "selection or closing other programs helps."),
                 width, height, needed, allowed);
}

/* The style as the model has it: @style may come from the library. */
static const PstStyle *
own_style (PstModel *model, const PstStyle *style, GError **error)
{
  const PstStyle *own = pst_model_find_style (model, style->id);

  if (! own)
    g_set_error (error, PST_ERROR, PST_ERROR_STYLE,
                 _ ("%s holds no style “%s”."), pst_model_get_path (model),
                 style->id);
  return own;
}

static gboolean
stylize (PstModel *model, PstBench *bench, const PstStyle *style,
         const PstStyle *second, const PstControls *controls, PstPixels *pixels,
         GCancellable *cancellable, PstProgressFunc progress, gpointer data,
         GError **error)
{
  float                 weights[PST_MAX_STYLES];
  PstNet                net = { .model = model, .bench = bench,
                                .weights = weights };
  g_auto (PstPlanning)  plan = { 0 };
  guint64               budget = find_budget (controls, bench->run_bytes);
  float                 mix;

  if (! pst_paint_plan (model, controls, pixels->width, pixels->height,
                        bench->n_workers, budget, &plan, error))
    return FALSE;
  if (plan.bytes > budget)
    {
      fail_memory (&plan, budget, pixels->width, pixels->height, error);
      return FALSE;
    }
  mix = pst_controls_weights (controls, pst_model_get_facts (model),
                              style->column, second->column, weights);
  return pst_paint (&net, &plan, pixels, mix,
                    MAX (1 - (float) controls->strength / 100, 0), cancellable,
                    progress, data, error);
}

gboolean
pst_stylize (PstModel *model, const PstStyle *style,
             const PstControls *controls, PstPixels *pixels,
             GCancellable *cancellable, PstProgressFunc progress,
             gpointer data, GError **error)
{
  const PstStyle *own, *second;
  PstBench       *bench;
  gboolean        done;

  g_return_val_if_fail (model && style && controls && pixels, FALSE);

  own = own_style (model, style, error);
  second = own && controls->second ? own_style (model, controls->second, error)
                                   : own;
  if (! second || ! check_size (pixels->width, pixels->height, error) ||
      ! pst_controls_check (controls, pst_model_get_facts (model), error) ||
      g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  if (controls->strength > 0 && pst_convert_visible (pixels))
    {
      bench = pst_model_take_bench (model, controls->n_threads);
      done = stylize (model, bench, own, second, controls, pixels,
                      cancellable, progress, data, error);
      pst_model_leave_bench (model, bench);
      if (! done)
        return FALSE;
    }
  if (progress)
    progress (1, data);
  return TRUE;
}

gboolean
pst_stylize_memory (PstModel *model, const PstControls *controls, int width,
                    int height, guint64 *bytes, GError **error)
{
  guint                n_workers = controls->n_threads;
  g_auto (PstPlanning) plan = { 0 };

  if (! check_size (width, height, error) ||
      ! pst_controls_check (controls, pst_model_get_facts (model), error))
    return FALSE;
  if (! n_workers)
    n_workers = CLAMP (g_get_num_processors (), 1, 256);
  if (! pst_paint_plan (model, controls, width, height, n_workers,
                        find_budget (controls, pst_model_kept_bytes (model)),
                        &plan, error))
    return FALSE;
  *bytes = plan.bytes;
  return TRUE;
}
