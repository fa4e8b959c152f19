/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ui/preview.h"

#include <glib/gi18n-lib.h>

#include "ui/surface.h"

#define MAX_ZOOM 4.0 /* a tiny picture is not blown up beyond this */

struct _PstPreview
{
  GtkDrawingArea   parent;
  cairo_surface_t *original;
  cairo_surface_t *result; /* %NULL before the first */
  cairo_surface_t *fitted; /* what is shown, at the size it is shown */
  char            *message;
  double           fraction;
  gboolean         busy;
  gboolean         before; /* the property */
  gboolean         pressed;
};

enum
{
  PROP_BEFORE = 1,
};

G_DEFINE_FINAL_TYPE (PstPreview, pst_preview, GTK_TYPE_DRAWING_AREA)

static gboolean
shows_original (PstPreview *self)
{
  return self->before || self->pressed || self->result == NULL;
}

/* What a screen reader says of it; tests wait for it, too. */
static void
update_description (PstPreview *self)
{
  AtkObject  *object = gtk_widget_get_accessible (GTK_WIDGET (self));
  const char *words = _("Painted");

  if (self->message != NULL)
    words = self->message;
  else if (self->busy)
    words = _("Painting…");
  else if (shows_original (self))
    words = _("Before");
  atk_object_set_description (object, words);
}

static void
refresh (PstPreview *self)
{
  g_clear_pointer (&self->fitted, cairo_surface_destroy);
  update_description (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/* Fitting */

/* Where the picture lies in the widget. */
static void
get_frame (PstPreview *self, GdkRectangle *frame)
{
  int    width = gtk_widget_get_allocated_width (GTK_WIDGET (self));
  int    height = gtk_widget_get_allocated_height (GTK_WIDGET (self));
  int    w = cairo_image_surface_get_width (self->original);
  int    h = cairo_image_surface_get_height (self->original);
  double zoom = MIN ((double) width / w, (double) height / h);

  zoom = MIN (zoom, MAX_ZOOM);
  frame->width = MAX (1, (int) (w * zoom + 0.5));
  frame->height = MAX (1, (int) (h * zoom + 0.5));
  frame->x = (width - frame->width) / 2;
  frame->y = (height - frame->height) / 2;
}

/* The shown picture over checks, scaled once for many draws. */
static void
make_fitted (PstPreview *self, const GdkRectangle *frame)
{
  cairo_surface_t *source = shows_original (self) ? self->original
                                                  : self->result;
  cairo_pattern_t *checks;
  cairo_t         *cr;

  self->fitted = gdk_window_create_similar_image_surface (
    gtk_widget_get_window (GTK_WIDGET (self)), CAIRO_FORMAT_RGB24,
    frame->width * gtk_widget_get_scale_factor (GTK_WIDGET (self)),
    frame->height * gtk_widget_get_scale_factor (GTK_WIDGET (self)),
    gtk_widget_get_scale_factor (GTK_WIDGET (self)));
  cr = cairo_create (self->fitted);
  checks = pst_surface_checks ();
  cairo_set_source (cr, checks);
  cairo_paint (cr);
  cairo_pattern_destroy (checks);

  cairo_scale (
    cr, (double) frame->width / cairo_image_surface_get_width (source),
    (double) frame->height / cairo_image_surface_get_height (source));
  cairo_set_source_surface (cr, source, 0, 0);
  cairo_pattern_set_filter (cairo_get_source (cr), CAIRO_FILTER_GOOD);
  cairo_pattern_set_extend (cairo_get_source (cr), CAIRO_EXTEND_PAD);
  cairo_paint (cr);
  cairo_destroy (cr);
}

/* Drawing */

static PangoLayout *
layout_new (PstPreview *self, const char *text, int max_width)
{
  PangoLayout *layout = gtk_widget_create_pango_layout (GTK_WIDGET (self),
                                                        text);

  pango_layout_set_width (layout, MAX (1, max_width) * PANGO_SCALE);
  pango_layout_set_wrap (layout, PANGO_WRAP_WORD_CHAR);
  pango_layout_set_alignment (layout, PANGO_ALIGN_CENTER);
  return layout;
}

static void
round_rectangle (cairo_t *cr, double x, double y, double w, double h, double r)
{
  r = MIN (r, MIN (w, h) / 2);
  cairo_new_sub_path (cr);
  cairo_arc (cr, x + w - r, y + r, r, -G_PI / 2, 0);
  cairo_arc (cr, x + w - r, y + h - r, r, 0, G_PI / 2);
  cairo_arc (cr, x + r, y + h - r, r, G_PI / 2, G_PI);
  cairo_arc (cr, x + r, y + r, r, G_PI, 3 * G_PI / 2);
  cairo_close_path (cr);
}

/* Words on a dark, half transparent pill; @align is 0 (top) to 1 (bottom). */
static void
draw_words (PstPreview *self, cairo_t *cr, const GdkRectangle *room,
            const char *text, double align)
{
  g_autoptr (PangoLayout) layout = layout_new (self, text, room->width - 48);
  PangoRectangle          ink;
  double                  x;
  double                  y;

  pango_layout_get_pixel_extents (layout, NULL, &ink);
  x = room->x + (room->width - ink.width) / 2.0;
  y = room->y + 12 + 6 + (room->height - ink.height - 36) * align;
  round_rectangle (cr, x - 12, y - 6, ink.width + 24, ink.height + 12, 12);
  cairo_set_source_rgba (cr, 0, 0, 0, 0.65);
  cairo_fill (cr);
  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_move_to (cr, x - ink.x, y);
  pango_cairo_show_layout (cr, layout);
}

static void
draw_progress (PstPreview *self, cairo_t *cr, const GdkRectangle *frame)
{
  cairo_rectangle (cr, frame->x, frame->y + frame->height - 3, frame->width,
                   3);
  cairo_set_source_rgba (cr, 0, 0, 0, 0.45);
  cairo_fill (cr);
  cairo_rectangle (cr, frame->x, frame->y + frame->height - 3,
                   frame->width * self->fraction, 3);
  cairo_set_source_rgba (cr, 1, 1, 1, 0.9);
  cairo_fill (cr);
}

static gboolean
pst_preview_draw (GtkWidget *widget, cairo_t *cr)
{
  PstPreview  *self = PST_PREVIEW (widget);
  GdkRectangle frame;
  GdkRectangle room = { 0, 0, gtk_widget_get_allocated_width (widget),
                        gtk_widget_get_allocated_height (widget) };

  if (self->original == NULL)
    return GDK_EVENT_PROPAGATE;
  get_frame (self, &frame);
  if (self->fitted == NULL)
    make_fitted (self, &frame);
  cairo_set_source_surface (cr, self->fitted, frame.x, frame.y);
  cairo_paint_with_alpha (cr, self->message != NULL ? 0.4 : 1.0);

  if (self->message != NULL)
    draw_words (self, cr, &room, self->message, 0.5);
  else if (self->busy)
    {
      draw_progress (self, cr, &frame);
      draw_words (self, cr, &room, _("Painting…"), 1.0);
    }
  if (self->result != NULL && shows_original (self))
    draw_words (self, cr, &room, _("Before"), 0.0);
  return GDK_EVENT_PROPAGATE;
}

/* Events */

static void
pst_preview_size_allocate (GtkWidget *widget, GtkAllocation *allocation)
{
  GTK_WIDGET_CLASS (pst_preview_parent_class)->size_allocate (widget,
                                                              allocation);
  g_clear_pointer (&PST_PREVIEW (widget)->fitted, cairo_surface_destroy);
}

static void
on_scale_factor (PstPreview *self)
{
  refresh (self);
}

static gboolean
press (PstPreview *self, gboolean pressed)
{
  self->pressed = pressed;
  refresh (self);
  return GDK_EVENT_STOP;
}

static gboolean
pst_preview_button_press (GtkWidget *widget, GdkEventButton *event)
{
  return press (PST_PREVIEW (widget), TRUE);
}

static gboolean
pst_preview_button_release (GtkWidget *widget, GdkEventButton *event)
{
  return press (PST_PREVIEW (widget), FALSE);
}

static gboolean
pst_preview_grab_broken (GtkWidget *widget, GdkEventGrabBroken *event)
{
  return press (PST_PREVIEW (widget), FALSE);
}

/* Object */

static void
pst_preview_get_property (GObject *object, guint id, GValue *value,
                          GParamSpec *spec)
{
  if (id == PROP_BEFORE)
    g_value_set_boolean (value, PST_PREVIEW (object)->before);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
}

static void
pst_preview_set_property (GObject *object, guint id, const GValue *value,
                          GParamSpec *spec)
{
  PstPreview *self = PST_PREVIEW (object);

  if (id == PROP_BEFORE)
    {
      self->before = g_value_get_boolean (value);
      refresh (self);
    }
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
}

static void
pst_preview_finalize (GObject *object)
{
  PstPreview *self = PST_PREVIEW (object);

  g_clear_pointer (&self->original, cairo_surface_destroy);
  g_clear_pointer (&self->result, cairo_surface_destroy);
  g_clear_pointer (&self->fitted, cairo_surface_destroy);
  g_free (self->message);
  G_OBJECT_CLASS (pst_preview_parent_class)->finalize (object);
}

static void
pst_preview_class_init (PstPreviewClass *klass)
{
  GObjectClass   *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = pst_preview_get_property;
  object_class->set_property = pst_preview_set_property;
  object_class->finalize = pst_preview_finalize;
  widget_class->draw = pst_preview_draw;
  widget_class->size_allocate = pst_preview_size_allocate;
  widget_class->button_press_event = pst_preview_button_press;
  widget_class->button_release_event = pst_preview_button_release;
  widget_class->grab_broken_event = pst_preview_grab_broken;

  /**
   * PstPreview:before:
   *
   * Whether the picture is shown as it was.
   */
  g_object_class_install_property (
    object_class, PROP_BEFORE,
    g_param_spec_boolean ("before", NULL, NULL, FALSE,
                          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS));
}

static void
pst_preview_init (PstPreview *self)
{
  GtkWidget *widget = GTK_WIDGET (self);

  gtk_widget_add_events (widget, GDK_BUTTON_PRESS_MASK |
                                   GDK_BUTTON_RELEASE_MASK);
  gtk_widget_set_size_request (widget, 320, 240);
  atk_object_set_name (gtk_widget_get_accessible (widget), _("Preview"));
  atk_object_set_role (gtk_widget_get_accessible (widget), ATK_ROLE_IMAGE);
  g_signal_connect (self, "notify::scale-factor",
                    G_CALLBACK (on_scale_factor), NULL);
}

GtkWidget *
pst_preview_new (void)
{
  return g_object_new (PST_TYPE_PREVIEW, NULL);
}

void
pst_preview_set_original (PstPreview *preview, const PstPixels *pixels)
{
  g_clear_pointer (&preview->original, cairo_surface_destroy);
  g_clear_pointer (&preview->result, cairo_surface_destroy);
  preview->original = pst_surface_new (pixels);
  refresh (preview);
}

void
pst_preview_set_result (PstPreview *preview, const PstPixels *pixels)
{
  g_clear_pointer (&preview->result, cairo_surface_destroy);
  preview->result = pst_surface_new (pixels);
  refresh (preview);
}

static void
set_working (PstPreview *preview, gboolean busy, double fraction)
{
  gboolean changed = preview->busy != busy;

  preview->busy = busy;
  preview->fraction = CLAMP (fraction, 0.0, 1.0);
  if (changed)
    update_description (preview);
  gtk_widget_queue_draw (GTK_WIDGET (preview));
}

void
pst_preview_set_busy (PstPreview *preview, double fraction)
{
  set_working (preview, TRUE, fraction);
}

void
pst_preview_set_idle (PstPreview *preview)
{
  set_working (preview, FALSE, 0.0);
}

void
pst_preview_set_message (PstPreview *preview, const char *message)
{
  if (g_strcmp0 (preview->message, message) == 0)
    return;
  g_free (preview->message);
  preview->message = g_strdup (message);
  refresh (preview);
}
