/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ui/gallery.h"

#include <glib/gi18n-lib.h>

#define THUMBNAIL 112 /* pixels of the screen, before HiDPI */

struct _PstGallery
{
  GtkScrolledWindow parent;
  GPtrArray        *styles;
  GtkWidget        *list;
  const PstStyle   *style;
};

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (PstGallery, pst_gallery, GTK_TYPE_SCROLLED_WINDOW)

/* Thumbnails */

static GdkPixbuf *
decode (GBytes *bytes)
{
  g_autoptr (GdkPixbufLoader) loader = gdk_pixbuf_loader_new ();
  gboolean   ok = gdk_pixbuf_loader_write_bytes (loader, bytes, NULL);
  GdkPixbuf *pixbuf;

  if (!gdk_pixbuf_loader_close (loader, NULL) || !ok)
    return NULL;
  pixbuf = gdk_pixbuf_loader_get_pixbuf (loader);
  return pixbuf != NULL ? g_object_ref (pixbuf) : NULL;
}

/* The middle square of @pixbuf, @size pixels wide. */
static GdkPixbuf *
square (GdkPixbuf *pixbuf, int size)
{
  int width = gdk_pixbuf_get_width (pixbuf);
  int height = gdk_pixbuf_get_height (pixbuf);
  int side = MIN (width, height);
  g_autoptr (GdkPixbuf) middle =
    gdk_pixbuf_new_subpixbuf (pixbuf, (width - side) / 2, (height - side) / 2,
                              side, side);

  return gdk_pixbuf_scale_simple (middle, size, size, GDK_INTERP_BILINEAR);
}

/* A style without a picture of its own gets its initial on a plain tile. */
static void
draw_initial (cairo_t *cr, GtkWidget *widget, const PstStyle *style)
{
  char                    text[8] = { 0 };
  g_autoptr (PangoLayout) layout = NULL;
  PangoFontDescription   *font = pango_font_description_new ();
  int                     width;
  int                     height;

  g_unichar_to_utf8 (g_unichar_toupper (g_utf8_get_char (style->title)), text);
  layout = gtk_widget_create_pango_layout (widget, text);
  pango_font_description_set_absolute_size (font, 48 * PANGO_SCALE);
  pango_layout_set_font_description (layout, font);
  pango_font_description_free (font);
  pango_layout_get_pixel_size (layout, &width, &height);
  cairo_set_source_rgb (cr, 0.36, 0.42, 0.50);
  cairo_paint (cr);
  cairo_set_source_rgba (cr, 1, 1, 1, 0.8);
  cairo_move_to (cr, (THUMBNAIL - width) / 2.0, (THUMBNAIL - height) / 2.0);
  pango_cairo_show_layout (cr, layout);
}

static GtkWidget *
thumbnail_new (PstGallery *self, const PstStyle *style)
{
  int scale = gtk_widget_get_scale_factor (GTK_WIDGET (self));
  g_autoptr (GdkPixbuf) pixbuf = NULL;
  cairo_surface_t      *surface;
  GtkWidget            *image;

  if (style->thumbnail != NULL)
    pixbuf = decode (style->thumbnail);
  if (pixbuf != NULL)
    {
      g_autoptr (GdkPixbuf) fit = square (pixbuf, THUMBNAIL * scale);

      surface = gdk_cairo_surface_create_from_pixbuf (fit, scale, NULL);
    }
  else
    {
      cairo_t *cr;

      surface = cairo_image_surface_create (
        CAIRO_FORMAT_RGB24, THUMBNAIL * scale, THUMBNAIL * scale);
      cairo_surface_set_device_scale (surface, scale, scale);
      cr = cairo_create (surface);
      draw_initial (cr, GTK_WIDGET (self), style);
      cairo_destroy (cr);
    }
  image = gtk_image_new_from_surface (surface);
  cairo_surface_destroy (surface);
  return image;
}

/* Children */

static char *
tooltip_of (const PstStyle *style)
{
  GString *text = g_string_new (style->title);

  if (style->credit != NULL && *style->credit != '\0')
    g_string_append_printf (text, "\n%s", style->credit);
  if (style->licence != NULL && *style->licence != '\0')
    g_string_append_printf (text, "\n%s", style->licence);
  return g_string_free (text, FALSE);
}

static GtkWidget *
child_new (PstGallery *self, const PstStyle *style)
{
  GtkWidget       *child = gtk_flow_box_child_new ();
  GtkWidget       *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  GtkWidget       *label = gtk_label_new (style->title);
  g_autofree char *tooltip = tooltip_of (style);
  AtkObject       *object = gtk_widget_get_accessible (child);

  gtk_label_set_line_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_lines (GTK_LABEL (label), 2);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_label_set_justify (GTK_LABEL (label), GTK_JUSTIFY_CENTER);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 12);
  gtk_container_set_border_width (GTK_CONTAINER (box), 3);
  gtk_box_pack_start (GTK_BOX (box), thumbnail_new (self, style), FALSE, FALSE,
                      0);
  gtk_box_pack_start (GTK_BOX (box), label, FALSE, FALSE, 0);
  gtk_container_add (GTK_CONTAINER (child), box);
  gtk_widget_set_tooltip_text (child, tooltip);
  gtk_widget_set_halign (child, GTK_ALIGN_CENTER);
  gtk_widget_set_valign (child, GTK_ALIGN_START);
  atk_object_set_name (object, style->title);
  atk_object_set_description (object, style->credit != NULL ? style->credit
                                                            : "");
  gtk_widget_show_all (child);
  return child;
}

static void
on_selected (GtkFlowBox *list, gpointer data)
{
  PstGallery      *self = PST_GALLERY (data);
  g_autoptr (GList) chosen = gtk_flow_box_get_selected_children (list);
  const PstStyle  *style;

  if (chosen == NULL)
    return;
  style = g_ptr_array_index (self->styles,
                             gtk_flow_box_child_get_index (chosen->data));
  if (style == self->style)
    return;
  self->style = style;
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
pst_gallery_finalize (GObject *object)
{
  g_ptr_array_unref (PST_GALLERY (object)->styles);
  G_OBJECT_CLASS (pst_gallery_parent_class)->finalize (object);
}

static void
pst_gallery_class_init (PstGalleryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = pst_gallery_finalize;

  /**
   * PstGallery::changed:
   *
   * A person has chosen another style.
   */
  signals[CHANGED] = g_signal_new ("changed", PST_TYPE_GALLERY,
                                   G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 0);
}

static void
pst_gallery_init (PstGallery *self)
{
}

GtkWidget *
pst_gallery_new (GPtrArray *styles)
{
  PstGallery *self = g_object_new (PST_TYPE_GALLERY, "hscrollbar-policy",
                                   GTK_POLICY_NEVER, NULL);
  GtkFlowBox *list = GTK_FLOW_BOX (gtk_flow_box_new ());

  self->styles = g_ptr_array_ref (styles);
  self->list = GTK_WIDGET (list);
  gtk_flow_box_set_selection_mode (list, GTK_SELECTION_SINGLE);
  gtk_flow_box_set_homogeneous (list, TRUE);
  gtk_flow_box_set_min_children_per_line (list, 2);
  gtk_flow_box_set_max_children_per_line (list, 8);
  gtk_widget_set_valign (self->list, GTK_ALIGN_START);
  atk_object_set_name (gtk_widget_get_accessible (self->list), _("Styles"));
  for (guint i = 0; i < styles->len; i++)
    gtk_container_add (GTK_CONTAINER (list),
                       child_new (self, g_ptr_array_index (styles, i)));
  gtk_container_add (GTK_CONTAINER (self), self->list);
  g_signal_connect (list, "selected-children-changed",
                    G_CALLBACK (on_selected), self);
  return GTK_WIDGET (self);
}

void
pst_gallery_set_style (PstGallery *gallery, const PstStyle *style)
{
  guint index = 0;

  if (gallery->style == style ||
      !g_ptr_array_find (gallery->styles, style, &index))
    return;
  gallery->style = style;
  gtk_flow_box_select_child (
    GTK_FLOW_BOX (gallery->list),
    gtk_flow_box_get_child_at_index (GTK_FLOW_BOX (gallery->list), index));
}

const PstStyle *
pst_gallery_get_style (PstGallery *gallery)
{
  return gallery->style;
}

GtkWidget *
pst_gallery_get_list (PstGallery *gallery)
{
  return gallery->list;
}
