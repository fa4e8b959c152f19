/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "plugin/gimp/dialog.h"

#include <glib/gi18n-lib.h>
#include <libgimp/gimpui.h>

#include "ui/gallery.h"
#include "ui/live.h"

/* The network sees about this many pixels at brush size 100 anyway. */
#define PREVIEW_AREA (1024.0 * 1024.0)

struct _PstDialog
{
  GimpProcedureConfig *config;
  PstLibrary          *library;
  GtkWidget           *window;
  GtkWidget           *body; /* all that rests during the work */
  GtkWidget           *gallery;
  GtkWidget           *preview;
  GtkWidget           *error_bar;
  GtkWidget           *error_label;
  GtkWidget           *progress;
  PstLive          *live;
  gulong               config_handler;
  void (*cancel) (gpointer data); /* %NULL while nothing works */
  gpointer cancel_data;
};

/* Values */

/* The config's style; the first one where it names none that is there, as
 * after a model was removed. */
static const PstStyle *
wanted_style (PstDialog *dialog)
{
  g_autofree char *id = NULL;
  const PstStyle  *style = NULL;

  g_object_get (dialog->config, "style", &id, NULL);
  if (id != NULL && *id != '\0')
    style = pst_library_find (dialog->library, id, NULL);
  if (style == NULL)
    style = g_ptr_array_index (pst_library_get_styles (dialog->library), 0);
  return style;
}

static void
update (PstDialog *dialog)
{
  const PstStyle *style = wanted_style (dialog);
  PstControls     controls = PST_CONTROLS_INIT;

  g_object_get (dialog->config, "strength", &controls.strength, "brush-size",
                &controls.brush_size, NULL);
  pst_gallery_set_style (PST_GALLERY (dialog->gallery), style);
  pst_live_request (dialog->live, style, &controls);
}

static void
on_gallery_changed (PstDialog *dialog)
{
  const PstStyle *style =
    pst_gallery_get_style (PST_GALLERY (dialog->gallery));

  g_object_set (dialog->config, "style", style->id, NULL); /* calls update */
}

/* Cancelling */

static void
on_response (PstDialog *dialog, int response)
{
  if (dialog->cancel == NULL || (response != GTK_RESPONSE_CANCEL &&
                                 response != GTK_RESPONSE_DELETE_EVENT))
    return;
  gtk_progress_bar_set_text (GTK_PROGRESS_BAR (dialog->progress),
                             _("Cancelling…"));
  dialog->cancel (dialog->cancel_data);
}

/* Building */

static GtkWidget *
heading_new (const char *text, GtkWidget *target)
{
  GtkWidget     *label = gtk_label_new_with_mnemonic (text);
  PangoAttrList *attrs = pango_attr_list_new ();

  pango_attr_list_insert (attrs, pango_attr_weight_new (PANGO_WEIGHT_BOLD));
  gtk_label_set_attributes (GTK_LABEL (label), attrs);
  pango_attr_list_unref (attrs);
  gtk_label_set_xalign (GTK_LABEL (label), 0.0);
  gtk_label_set_mnemonic_widget (GTK_LABEL (label), target);
  return label;
}

/* The label without its mnemonic's underscore. */
static void
name_for_readers (GtkWidget *scale)
{
  const char *label = gimp_spin_scale_get_label (GIMP_SPIN_SCALE (scale));
  g_auto (GStrv) parts = g_strsplit (label, "_", 2);
  g_autofree char *name = g_strjoinv ("", parts);

  atk_object_set_name (gtk_widget_get_accessible (scale), name);
}

static GtkWidget *
controls_new (PstDialog *dialog)
{
  GimpProcedureDialog *window = GIMP_PROCEDURE_DIALOG (dialog->window);
  const char          *names[] = { "strength", "brush-size" };
  GtkWidget           *box;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      GtkWidget *scale = gimp_procedure_dialog_get_spin_scale (window,
                                                               names[i], 1.0);

      gtk_spin_button_set_digits (GTK_SPIN_BUTTON (scale), 0);
      gtk_spin_button_set_increments (GTK_SPIN_BUTTON (scale), 1.0, 10.0);
      name_for_readers (scale);
    }
  /* 100 in the middle: a quarter is as far from it as four times. */
  gimp_spin_scale_set_gamma (
    GIMP_SPIN_SCALE (gimp_procedure_dialog_get_widget (window, "brush-size",
                                                       G_TYPE_NONE)),
    2.3);
  box = gimp_procedure_dialog_fill_box (window, "controls", "strength",
                                        "brush-size", NULL);
  gtk_box_set_spacing (GTK_BOX (box), 6);
  return box;
}

/* Styles and controls. */
static GtkWidget *
left_side_new (PstDialog *dialog)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  GtkWidget *controls = controls_new (dialog);
  GtkWidget *heading;

  dialog->gallery =
    pst_gallery_new (pst_library_get_styles (dialog->library));
  gtk_scrolled_window_set_shadow_type (GTK_SCROLLED_WINDOW (dialog->gallery),
                                       GTK_SHADOW_IN);
  heading = heading_new (_("St_yle"),
                         pst_gallery_get_list (PST_GALLERY (dialog->gallery)));
  gtk_widget_set_size_request (box, 300, -1);
  gtk_box_pack_start (GTK_BOX (box), heading, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (box), dialog->gallery, TRUE, TRUE, 0);
  gtk_widget_set_margin_top (controls, 6);
  gtk_box_pack_start (GTK_BOX (box), controls, FALSE, FALSE, 0);
  return box;
}

/* The preview. */
static GtkWidget *
right_side_new (PstDialog *dialog)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  GtkWidget *before = gtk_check_button_new_with_mnemonic (_("Show _original"));

  dialog->preview = pst_preview_new ();
  gtk_widget_set_tooltip_text (
    before, _("Or hold the mouse button down on the preview"));
  g_object_bind_property (before, "active", dialog->preview, "before",
                          G_BINDING_DEFAULT);
  gtk_box_pack_start (GTK_BOX (box),
                      heading_new (_("Preview"), dialog->preview), FALSE,
                      FALSE, 0);
  gtk_box_pack_start (GTK_BOX (box), dialog->preview, TRUE, TRUE, 0);
  gtk_box_pack_start (GTK_BOX (box), before, FALSE, FALSE, 0);
  return box;
}

static GtkWidget *
error_bar_new (PstDialog *dialog)
{
  GtkWidget *bar = gtk_info_bar_new ();
  GtkWidget *label = gtk_label_new (NULL);

  gtk_info_bar_set_message_type (GTK_INFO_BAR (bar), GTK_MESSAGE_ERROR);
  gtk_label_set_line_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_xalign (GTK_LABEL (label), 0.0);
  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  gtk_container_add (
    GTK_CONTAINER (gtk_info_bar_get_content_area (GTK_INFO_BAR (bar))), label);
  gtk_widget_show (label);
  gtk_widget_set_no_show_all (bar, TRUE);
  dialog->error_label = label;
  return bar;
}

static void
build (PstDialog *dialog)
{
  GtkWidget *content =
    gtk_dialog_get_content_area (GTK_DIALOG (dialog->window));

  dialog->body = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  gtk_box_pack_start (GTK_BOX (dialog->body), left_side_new (dialog), FALSE,
                      FALSE, 0);
  gtk_box_pack_start (GTK_BOX (dialog->body), right_side_new (dialog), TRUE,
                      TRUE, 0);
  dialog->error_bar = error_bar_new (dialog);
  dialog->progress = gtk_progress_bar_new ();
  gtk_progress_bar_set_show_text (GTK_PROGRESS_BAR (dialog->progress), TRUE);
  gtk_widget_set_no_show_all (dialog->progress, TRUE);

  gtk_box_set_spacing (GTK_BOX (content), 12);
  gtk_box_pack_start (GTK_BOX (content), dialog->error_bar, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (content), dialog->body, TRUE, TRUE, 0);
  gtk_box_pack_start (GTK_BOX (content), dialog->progress, FALSE, FALSE, 0);
  gtk_window_set_default_size (GTK_WINDOW (dialog->window), 980, 660);
  gtk_widget_show_all (content);
}

PstDialog *
pst_dialog_new (GimpProcedure *procedure, GimpProcedureConfig *config,
                PstLibrary *library, PstCache *cache, PstSource *source,
                GError **error)
{
  PstCanvas  *canvas = pst_layers_read_preview (source, PREVIEW_AREA, error);
  PstDialog  *dialog;

  if (canvas == NULL)
    return NULL;
  gimp_ui_init ("pastiche-gimp");
  dialog = g_new0 (PstDialog, 1);
  dialog->config = config;
  dialog->library = library;
  gimp_dialogs_show_help_button (FALSE); /* GIMP's manual has no page on it */
  dialog->window = gimp_procedure_dialog_new (procedure, config,
                                              _("Style Transfer"));
  gimp_procedure_dialog_set_ok_label (GIMP_PROCEDURE_DIALOG (dialog->window),
                                      _("S_tylize"));
  build (dialog);
  dialog->live = pst_live_new (PST_PREVIEW (dialog->preview), cache,
                              canvas);
  g_signal_connect_swapped (dialog->gallery, "changed",
                            G_CALLBACK (on_gallery_changed), dialog);
  dialog->config_handler = g_signal_connect_swapped (
    config, "notify", G_CALLBACK (update), dialog);
  g_signal_connect_swapped (dialog->window, "response",
                            G_CALLBACK (on_response), dialog);
  update (dialog);
  return dialog;
}

void
pst_dialog_free (PstDialog *dialog)
{
  g_signal_handler_disconnect (dialog->config, dialog->config_handler);
  pst_live_free (dialog->live); /* its thread ends before the window */
  gtk_widget_destroy (dialog->window);
  g_free (dialog);
}

/* Running */

gboolean
pst_dialog_run (PstDialog *dialog)
{
  update (dialog);
  if (!gimp_procedure_dialog_run (GIMP_PROCEDURE_DIALOG (dialog->window)))
    return FALSE;
  /* What was seen is what is remembered, even where it was the default. */
  g_object_set (dialog->config, "style", wanted_style (dialog)->id, NULL);
  gtk_widget_hide (dialog->error_bar);
  return TRUE;
}

static void
set_working (PstDialog *dialog, gboolean working)
{
  gtk_widget_set_sensitive (dialog->body, !working);
  gtk_dialog_set_response_sensitive (GTK_DIALOG (dialog->window),
                                     GTK_RESPONSE_OK, !working);
  gtk_widget_set_visible (dialog->progress, working);
}

void
pst_dialog_begin_work (PstDialog *dialog, void (*cancel) (gpointer data),
                       gpointer data)
{
  pst_live_stop (dialog->live);
  dialog->cancel = cancel;
  dialog->cancel_data = data;
  gtk_progress_bar_set_text (GTK_PROGRESS_BAR (dialog->progress),
                             _("Painting…"));
  set_working (dialog, TRUE);
}

void
pst_dialog_set_progress (PstDialog *dialog, double fraction)
{
  gtk_progress_bar_set_fraction (GTK_PROGRESS_BAR (dialog->progress),
                                 fraction);
}

void
pst_dialog_end_work (PstDialog *dialog)
{
  dialog->cancel = NULL;
  set_working (dialog, FALSE);
}

void
pst_dialog_show_error (PstDialog *dialog, const char *message)
{
  gtk_label_set_text (GTK_LABEL (dialog->error_label), message);
  gtk_widget_show (dialog->error_bar);
}
