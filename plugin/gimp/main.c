/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>
#include <libgimp/gimp.h>

#include "core/pst.h"
#include "plugin/gimp/run.h"

#define PROCEDURE "plug-in-pastiche"

#define PST_TYPE_PLUG_IN (pst_plug_in_get_type ())
G_DECLARE_FINAL_TYPE (PstPlugIn, pst_plug_in, PST, PLUG_IN, GimpPlugIn)

struct _PstPlugIn
{
  GimpPlugIn parent;
};

G_DEFINE_FINAL_TYPE (PstPlugIn, pst_plug_in, GIMP_TYPE_PLUG_IN)

static gboolean
pst_plug_in_set_i18n (GimpPlugIn *plug_in, const char *procedure,
                      char **domain, char **catalog_dir)
{
  *domain = g_strdup (GETTEXT_PACKAGE); /* in `locale` beside the program */
  return TRUE;
}

static GList *
pst_plug_in_query_procedures (GimpPlugIn *plug_in)
{
  return g_list_append (NULL, g_strdup (PROCEDURE));
}

static void
add_arguments (GimpProcedure *procedure)
{
  /* A text and not a choice: GIMP replaces a misspelt choice by its default
   * without a word. */
  gimp_procedure_add_string_argument (
    procedure, "style", _("St_yle"),
    _("The style's id as “pastiche info --list” shows it, such as "
      "“starry-night”; empty for the first style in the list"),
    "", G_PARAM_READWRITE);
  gimp_procedure_add_double_argument (
    procedure, "strength", _("Stren_gth"),
    _("How much of the style shows, in percent: 0 is the photo, 100 the "
      "style as it was trained, more exaggerates"),
    PST_STRENGTH_MIN, PST_STRENGTH_MAX, 100.0, G_PARAM_READWRITE);
  gimp_procedure_add_double_argument (
    procedure, "brush-size", _("_Brush size"),
    _("How large the strokes are against the picture, in percent; the same "
      "look at every picture size"),
    PST_BRUSH_MIN, PST_BRUSH_MAX, 100.0, G_PARAM_READWRITE);
  gimp_procedure_add_layer_return_value (
    procedure, "layer", _("New layer"), _("The layer with the painting"),
    FALSE, G_PARAM_READWRITE);
}

static GimpProcedure *
pst_plug_in_create_procedure (GimpPlugIn *plug_in, const char *name)
{
  GimpProcedure *procedure =
    gimp_image_procedure_new (plug_in, name, GIMP_PDB_PROC_TYPE_PLUGIN,
                              pst_run_procedure, NULL, NULL);

  /* Kinds of images and selections that do not work are not greyed out
   * without a word but explained when they are tried. */
  gimp_procedure_set_image_types (procedure, "*");
  gimp_procedure_set_sensitivity_mask (procedure,
                                       GIMP_PROCEDURE_SENSITIVE_DRAWABLE |
                                         GIMP_PROCEDURE_SENSITIVE_DRAWABLES);
  gimp_procedure_set_menu_label (procedure, _("Style _Transfer…"));
  gimp_procedure_add_menu_path (procedure, "<Image>/Filters/Artistic");
  gimp_procedure_set_documentation (
    procedure, _("Turn a photo into a painting"),
    _("Paints the layer in a style that a neural network has learnt from "
      "paintings. The result is a new layer above it; transparency stays as "
      "it is. A selection becomes the mask of the new layer. The layers of a "
      "grayscale image are gray, so convert it to RGB first to get the "
      "colors of the style. Everything is computed on this machine."),
    name);
  gimp_procedure_set_attribution (procedure, "The Pastiche authors",
                                  "GPL-3.0-or-later", "2026");
  add_arguments (procedure);
  return procedure;
}

static void
pst_plug_in_class_init (PstPlugInClass *klass)
{
  GimpPlugInClass *plug_in_class = GIMP_PLUG_IN_CLASS (klass);

  plug_in_class->query_procedures = pst_plug_in_query_procedures;
  plug_in_class->create_procedure = pst_plug_in_create_procedure;
  plug_in_class->set_i18n = pst_plug_in_set_i18n;
}

static void
pst_plug_in_init (PstPlugIn *plug_in)
{
}

GIMP_MAIN (PST_TYPE_PLUG_IN)
