/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "plugin/gimp/run.h"

#include <gegl.h>
#include <glib/gi18n-lib.h>

#include "plugin/gimp/dialog.h"
#include "plugin/gimp/layers.h"
#include "ui/job.h"

/* GIMP's progress bar is a message to another process each time. */
#define PROGRESS_STEP 0.01

/* One call of the procedure. */
typedef struct
{
  GimpProcedureConfig *config;
  PstLibrary          *library;
  PstCache            *cache;
  PstSource           *source;
  PstDialog           *dialog; /* %NULL unless interactive */
  GMainLoop           *loop;
  PstJob              *job;
  double               shown; /* fraction in GIMP's progress bar */
} Run;

static const PstStyle *
choose_style (Run *run, GError **error)
{
  GPtrArray       *styles = pst_library_get_styles (run->library);
  g_autofree char *id = NULL;

  g_object_get (run->config, "style", &id, NULL);
  if ((id == NULL || *id == '\0') && styles->len > 0)
    return g_ptr_array_index (styles, 0);
  return pst_library_find (run->library, id != NULL ? id : "", error);
}

static void
on_tick (PstJob *job, gpointer data)
{
  Run   *run = data;
  double fraction = pst_job_get_fraction (job);

  if (fraction - run->shown >= PROGRESS_STEP)
    {
      run->shown = fraction;
      gimp_progress_update (fraction);
    }
  if (run->dialog != NULL)
    pst_dialog_set_progress (run->dialog, fraction);
  if (pst_job_is_done (job))
    g_main_loop_quit (run->loop);
}

static void
on_cancel (gpointer data)
{
  pst_job_cancel (data);
}

/* Stylises @pixels on a thread while the main loop turns. */
static gboolean
paint (Run *run, const PstStyle *style, const PstControls *controls,
       PstPixels *pixels, GError **error)
{
  gboolean ok;

  gimp_progress_init_printf (_("Painting in the style of “%s”"),
                             style->title);
  run->shown = 0.0;
  run->loop = g_main_loop_new (NULL, FALSE);
  run->job = pst_job_start (run->cache, style, controls, *pixels, on_tick,
                            run);
  if (run->dialog != NULL)
    pst_dialog_begin_work (run->dialog, on_cancel, run->job);
  g_main_loop_run (run->loop);
  if (run->dialog != NULL)
    pst_dialog_end_work (run->dialog);
  ok = pst_job_finish (g_steal_pointer (&run->job), pixels, error);
  g_clear_pointer (&run->loop, g_main_loop_unref);
  gimp_progress_end ();
  return ok;
}

/* The whole way from the config's values to the new layer. */
static GimpLayer *
stylize (Run *run, GError **error)
{
  PstControls     controls = PST_CONTROLS_INIT;
  PstPixels       pixels = { 0 };
  const PstStyle *style = choose_style (run, error);
  GimpLayer      *layer;

  if (style == NULL ||
      !pst_layers_read (run->source, &pixels, &controls.picture_area, error))
    return NULL;
  g_object_get (run->config, "strength", &controls.strength, "brush-size",
                &controls.brush_size, NULL);
  if (!paint (run, style, &controls, &pixels, error))
    return NULL;
  layer = pst_layers_add (run->source, &pixels, style->title);
  g_free (pixels.data);
  if (layer == NULL)
    g_set_error_literal (error, PST_ERROR, PST_ERROR_MEMORY,
                         _("GIMP could not make a new layer."));
  return layer;
}

static void
set_cancelled (GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
                       _("Cancelled"));
}

/* Until a layer is there or the person has had enough: an error is shown in
 * the dialog, where something can be done about it. */
static GimpLayer *
converse (Run *run, GimpProcedure *procedure, GError **error)
{
  GimpLayer *layer = NULL;

  if (pst_library_get_styles (run->library)->len == 0)
    {
      choose_style (run, error); /* fails, and says where it looked */
      return NULL;
    }
  run->dialog = pst_dialog_new (procedure, run->config, run->library,
                                run->cache, run->source, error);
  if (run->dialog == NULL)
    return NULL;
  while (layer == NULL && pst_dialog_run (run->dialog))
    {
      g_autoptr (GError) trouble = NULL;

      layer = stylize (run, &trouble);
      if (layer == NULL &&
          g_error_matches (trouble, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        break;
      if (layer == NULL)
        pst_dialog_show_error (run->dialog, trouble->message);
    }
  g_clear_pointer (&run->dialog, pst_dialog_free);
  if (layer == NULL)
    set_cancelled (error);
  return layer;
}

static GimpValueArray *
return_error (GimpProcedure *procedure, GError *error)
{
  GimpPDBStatusType status = GIMP_PDB_EXECUTION_ERROR;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_error_free (error);
      return gimp_procedure_new_return_values (procedure, GIMP_PDB_CANCEL,
                                               NULL);
    }
  if (g_error_matches (error, PST_ERROR, PST_ERROR_STYLE) ||
      g_error_matches (error, PST_ERROR, PST_ERROR_ARGUMENT))
    status = GIMP_PDB_CALLING_ERROR;
  return gimp_procedure_new_return_values (procedure, status, error);
}

GimpValueArray *
pst_run_procedure (GimpProcedure *procedure, GimpRunMode run_mode,
                   GimpImage *image, GimpDrawable **drawables,
                   GimpProcedureConfig *config, gpointer run_data)
{
  Run             run = { .config = config };
  GError         *error = NULL;
  GimpLayer      *layer = NULL;
  GimpValueArray *values;

  gegl_init (NULL, NULL);
  run.source = pst_layers_open (image, drawables, &error);
  if (run.source != NULL)
    {
      run.library = pst_library_new (NULL);
      run.cache = pst_cache_new ();
      if (run_mode == GIMP_RUN_INTERACTIVE)
        layer = converse (&run, procedure, &error);
      else
        layer = stylize (&run, &error);
      pst_cache_unref (run.cache);
      pst_library_free (run.library);
      pst_layers_close (run.source);
    }
  if (layer == NULL)
    return return_error (procedure, error);

  gimp_displays_flush ();
  values = gimp_procedure_new_return_values (procedure, GIMP_PDB_SUCCESS,
                                             NULL);
  GIMP_VALUES_SET_LAYER (values, 1, layer);
  return values;
}
