/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "plugin/gimp/layers.h"

#include <glib/gi18n-lib.h>
#include <math.h>

/* Pixels around a selection that the network sees, too: without them the
 * strokes at its edges would know nothing of what they run into. */
#define MARGIN 64

struct _PstSource
{
  GimpImage    *image;
  GimpLayer    *layer;
  GimpImage    *scratch;  /* holds the layer with its filters applied */
  GeglBuffer   *buffer;   /* the layer's pixels, filters applied */
  GeglRectangle extent;   /* of those pixels, in the image */
  GeglRectangle crop;     /* what the new layer covers, in the image */
  GeglRectangle piece;    /* what the network sees, in the image */
  gboolean      selected; /* there is a selection */
};

/* Choosing */

static gboolean
refuse (GError **error, const char *words)
{
  g_set_error_literal (error, PST_ERROR, PST_ERROR_ARGUMENT, words);
  return FALSE;
}

static GimpLayer *
find_layer (GimpDrawable **drawables, GError **error)
{
  GimpLayer *layer = NULL;

  if (gimp_core_object_array_get_length ((GObject **) drawables) != 1)
    {
      refuse (error, _("Style Transfer works on one layer at a time. "
                       "Select a single layer."));
      return NULL;
    }
  if (GIMP_IS_LAYER_MASK (drawables[0]))
    layer = gimp_layer_from_mask (GIMP_LAYER_MASK (drawables[0]));
  else if (GIMP_IS_LAYER (drawables[0]))
    layer = GIMP_LAYER (drawables[0]);
  if (layer == NULL)
    refuse (error, _("Style Transfer works on layers, not on channels. "
                     "Select a layer."));
  return layer;
}

static gboolean
check_image (GimpImage *image, GError **error)
{
  if (gimp_image_get_base_type (image) == GIMP_INDEXED)
    return refuse (error, _("Style Transfer needs more colors than an indexed "
                            "image has. Choose Image > Mode > RGB first."));
  if (gimp_image_get_floating_sel (image) != NULL)
    return refuse (error, _("There is a floating selection. Anchor it or turn "
                            "it into a layer first."));
  return TRUE;
}

/* GIMP hands plug-ins a layer without its filters. What is seen is a copy
 * with the filters merged, in an image of its own so that the user's stays
 * untouched. */
static GimpLayer *
merge_filters (PstSource *source)
{
  GimpImage        *image = source->image;
  GimpColorProfile *profile = gimp_image_get_color_profile (image);
  GimpLayer        *copy;

  source->scratch = gimp_image_new_with_precision (
    gimp_image_get_width (image), gimp_image_get_height (image),
    gimp_image_get_base_type (image), gimp_image_get_precision (image));
  gimp_image_undo_disable (source->scratch);
  if (profile != NULL)
    gimp_image_set_color_profile (source->scratch, profile);
  g_clear_object (&profile);
  copy = gimp_layer_new_from_drawable (GIMP_DRAWABLE (source->layer),
                                       source->scratch);
  gimp_image_insert_layer (source->scratch, copy, NULL, 0);
  gimp_drawable_merge_filters (GIMP_DRAWABLE (copy));
  return copy;
}

static gboolean
has_filters (GimpLayer *layer)
{
  g_autofree GimpDrawableFilter **filters =
    gimp_drawable_get_filters (GIMP_DRAWABLE (layer));

  return gimp_core_object_array_get_length ((GObject **) filters) > 0;
}

static void
open_buffer (PstSource *source)
{
  GimpLayer *layer = source->layer;
  int        x = 0;
  int        y = 0;

  if (has_filters (layer))
    layer = merge_filters (source);
  gimp_drawable_get_offsets (GIMP_DRAWABLE (layer), &x, &y);
  source->buffer = gimp_drawable_get_buffer (GIMP_DRAWABLE (layer));
  source->extent =
    *GEGL_RECTANGLE (x, y, gimp_drawable_get_width (GIMP_DRAWABLE (layer)),
                     gimp_drawable_get_height (GIMP_DRAWABLE (layer)));
}

/* Sets crop and piece. */
static gboolean
choose_part (PstSource *source, GError **error)
{
  gboolean      some = FALSE;
  GeglRectangle bounds;
  int           x1;
  int           y1;
  int           x2;
  int           y2;

  source->crop = source->extent;
  source->piece = source->extent;
  source->selected = !gimp_selection_is_empty (source->image);
  if (!source->selected)
    return TRUE;

  gimp_selection_bounds (source->image, &some, &x1, &y1, &x2, &y2);
  bounds = *GEGL_RECTANGLE (x1, y1, x2 - x1, y2 - y1);
  if (!some ||
      !gegl_rectangle_intersect (&source->crop, &bounds, &source->extent))
    return refuse (error, _("The selection lies outside the layer. Select "
                            "something within it, or choose Select > None."));
  bounds = *GEGL_RECTANGLE (
    source->crop.x - MARGIN, source->crop.y - MARGIN,
    source->crop.width + 2 * MARGIN, source->crop.height + 2 * MARGIN);
  gegl_rectangle_intersect (&source->piece, &bounds, &source->extent);
  return TRUE;
}

PstSource *
pst_layers_open (GimpImage *image, GimpDrawable **drawables, GError **error)
{
  g_autoptr (PstSource) source = g_new0 (PstSource, 1);

  source->image = image;
  source->layer = find_layer (drawables, error);
  if (source->layer == NULL || !check_image (image, error))
    return NULL;
  open_buffer (source);
  if (!choose_part (source, error))
    return NULL;
  return g_steal_pointer (&source);
}

void
pst_layers_close (PstSource *source)
{
  g_clear_object (&source->buffer);
  if (source->scratch != NULL)
    gimp_image_delete (source->scratch);
  g_free (source);
}

/* Reading */

static GeglRectangle
within_buffer (const PstSource *source, const GeglRectangle *rectangle)
{
  return *GEGL_RECTANGLE (rectangle->x - source->extent.x,
                          rectangle->y - source->extent.y, rectangle->width,
                          rectangle->height);
}

gboolean
pst_layers_read (PstSource *source, PstPixels *pixels, double *picture_area,
                 GError **error)
{
  GeglRectangle rectangle = within_buffer (source, &source->piece);
  gsize         count = (gsize) rectangle.width * rectangle.height;

  pixels->width = rectangle.width;
  pixels->height = rectangle.height;
  pixels->data = g_try_malloc_n (count, 4 * sizeof (float));
  if (pixels->data == NULL)
    {
      g_autofree char *size = g_format_size (count * 4 * sizeof (float));

      g_set_error (error, PST_ERROR, PST_ERROR_MEMORY,
                   _("There is not enough memory to read the picture: it "
                     "takes %s. Scale it down or select a part of it."),
                   size);
      return FALSE;
    }
  gegl_buffer_get (source->buffer, &rectangle, 1.0,
                   babl_format ("R'G'B'A float"), pixels->data,
                   GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
  *picture_area = (double) source->extent.width * source->extent.height;
  return TRUE;
}

/* The selection as far as it lies on the layer, scaled like the preview. */
static float *
read_selection (PstSource *source, double scale, const PstPixels *pixels)
{
  gsize              count = (gsize) pixels->width * pixels->height;
  g_autofree float  *mask = g_try_malloc_n (count, sizeof (float));
  GimpSelection     *selection = gimp_image_get_selection (source->image);
  g_autoptr (GeglBuffer) buffer =
    gimp_drawable_get_buffer (GIMP_DRAWABLE (selection));
  GeglRectangle rectangle = {
    (int) floor (source->extent.x * scale),
    (int) floor (source->extent.y * scale), pixels->width, pixels->height
  };

  if (mask != NULL)
    gegl_buffer_get (buffer, &rectangle, scale, babl_format ("Y float"), mask,
                     GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
  return g_steal_pointer (&mask);
}

static int
scale_down (int length, double scale, int most)
{
  return CLAMP ((int) (length * scale), 0, most);
}

PstCanvas *
pst_layers_read_preview (PstSource *source, double max_area, GError **error)
{
  const GeglRectangle *extent = &source->extent;
  GeglRectangle        piece = within_buffer (source, &source->piece);
  double area = (double) extent->width * extent->height;
  double scale = MIN (1.0, sqrt (max_area / area));
  int    width = MAX (1, (int) (extent->width * scale));
  int    height = MAX (1, (int) (extent->height * scale));
  g_autoptr (PstCanvas) canvas = pst_canvas_new (width, height);

  if (canvas == NULL)
    {
      g_set_error_literal (error, PST_ERROR, PST_ERROR_MEMORY,
                           _("Not enough memory for a preview."));
      return NULL;
    }
  gegl_buffer_get (source->buffer, GEGL_RECTANGLE (0, 0, width, height), scale,
                   babl_format ("R'G'B'A float"), canvas->pixels.data,
                   GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_CLAMP);
  if (source->selected)
    {
      canvas->x = scale_down (piece.x, scale, width - 1);
      canvas->y = scale_down (piece.y, scale, height - 1);
      canvas->width = MAX (1, scale_down (piece.width, scale,
                                           width - canvas->x));
      canvas->height = MAX (1, scale_down (piece.height, scale,
                                            height - canvas->y));
      canvas->mask = read_selection (source, scale, &canvas->pixels);
    }
  return g_steal_pointer (&canvas);
}

/* Writing */

/* Alpha of these does not fit in a float. */
static gboolean
needs_double (const Babl *format)
{
  const Babl *type = babl_format_get_type (format, 0);

  return type == babl_type ("u32") || type == babl_type ("double");
}

/* Row @y of the new layer from @colors, with alpha as the source has it. */
static void
write_exact_row (PstSource *source, GeglBuffer *to, int y, const float *colors,
                 double *row)
{
  const Babl   *format = babl_format ("R'G'B'A double");
  GeglRectangle from = within_buffer (source, &source->crop);

  from.y += y;
  from.height = 1;
  gegl_buffer_get (source->buffer, &from, 1.0, format, row,
                   GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
  for (int x = 0; x < from.width; x++)
    for (int c = 0; c < 3; c++)
      row[4 * x + c] = colors[4 * x + c];
  gegl_buffer_set (to, GEGL_RECTANGLE (0, y, from.width, 1), 0, format, row,
                   GEGL_AUTO_ROWSTRIDE);
}

static void
write_pixels (PstSource *source, GimpLayer *layer, const PstPixels *pixels)
{
  const GeglRectangle *crop = &source->crop;
  g_autoptr (GeglBuffer) buffer =
    gimp_drawable_get_buffer (GIMP_DRAWABLE (layer));
  const float *first = pixels->data +
                       ((gsize) (crop->y - source->piece.y) * pixels->width +
                        crop->x - source->piece.x) *
                         4;

  if (needs_double (gegl_buffer_get_format (buffer)))
    {
      g_autofree double *row = g_new (double, (gsize) crop->width * 4);

      for (int y = 0; y < crop->height; y++)
        write_exact_row (source, buffer, y,
                         first + (gsize) y * pixels->width * 4, row);
    }
  else
    gegl_buffer_set (buffer,
                     GEGL_RECTANGLE (0, 0, crop->width, crop->height), 0,
                     babl_format ("R'G'B'A float"), first,
                     pixels->width * 4 * sizeof (float));
  gegl_buffer_flush (buffer);
}

static GimpLayer *
new_layer (PstSource *source, const char *name)
{
  gboolean alpha = gimp_drawable_has_alpha (GIMP_DRAWABLE (source->layer));
  gboolean gray = gimp_image_get_base_type (source->image) == GIMP_GRAY;
  GimpImageType type = gray    ? (alpha ? GIMP_GRAYA_IMAGE : GIMP_GRAY_IMAGE)
                       : alpha ? GIMP_RGBA_IMAGE
                               : GIMP_RGB_IMAGE;

  /* Filters such as a drop shadow may have added alpha. */
  if (source->scratch != NULL &&
      babl_format_has_alpha (gegl_buffer_get_format (source->buffer)))
    type = gray ? GIMP_GRAYA_IMAGE : GIMP_RGBA_IMAGE;
  return gimp_layer_new (source->image, name, source->crop.width,
                         source->crop.height, type, 100.0,
                         gimp_image_get_default_new_layer_mode (source->image));
}

/* Multiplies @mask of the new layer by the source layer's own. */
static void
apply_source_mask (PstSource *source, GimpLayerMask *from, GimpLayerMask *mask)
{
  const Babl *format = babl_format ("Y float");
  int         width = source->crop.width;
  g_autofree float *a = g_new (float, width);
  g_autofree float *b = g_new (float, width);
  g_autoptr (GeglBuffer) in = gimp_drawable_get_buffer (GIMP_DRAWABLE (from));
  g_autoptr (GeglBuffer) out = gimp_drawable_get_buffer (GIMP_DRAWABLE (mask));
  int left = 0;
  int top = 0;

  gimp_drawable_get_offsets (GIMP_DRAWABLE (source->layer), &left, &top);
  for (int y = 0; y < source->crop.height; y++)
    {
      GeglRectangle there = { source->crop.x - left, source->crop.y - top + y,
                              width, 1 };
      GeglRectangle here = { 0, y, width, 1 };

      gegl_buffer_get (in, &there, 1.0, format, a, GEGL_AUTO_ROWSTRIDE,
                       GEGL_ABYSS_NONE);
      gegl_buffer_get (out, &here, 1.0, format, b, GEGL_AUTO_ROWSTRIDE,
                       GEGL_ABYSS_NONE);
      for (int x = 0; x < width; x++)
        b[x] *= a[x];
      gegl_buffer_set (out, &here, 0, format, b, GEGL_AUTO_ROWSTRIDE);
    }
  gegl_buffer_flush (out);
}

static void
add_mask (PstSource *source, GimpLayer *layer)
{
  GimpLayerMask *from = gimp_layer_get_mask (source->layer);
  GimpLayerMask *mask;

  if (from != NULL && !gimp_layer_get_apply_mask (source->layer))
    from = NULL;
  if (from == NULL && !source->selected)
    return;
  mask = gimp_layer_create_mask (layer, source->selected
                                          ? GIMP_ADD_MASK_SELECTION
                                          : GIMP_ADD_MASK_WHITE);
  gimp_layer_add_mask (layer, mask);
  if (from != NULL)
    apply_source_mask (source, from, mask);
  gimp_layer_set_edit_mask (layer, FALSE);
  gimp_drawable_update (GIMP_DRAWABLE (mask), 0, 0, source->crop.width,
                        source->crop.height);
}

GimpLayer *
pst_layers_add (PstSource *source, const PstPixels *pixels, const char *name)
{
  GimpItem  *above = GIMP_ITEM (source->layer);
  GimpLayer *layer = new_layer (source, name);

  if (layer == NULL)
    return NULL;
  write_pixels (source, layer, pixels);

  gimp_image_undo_group_start (source->image);
  gimp_image_insert_layer (source->image, layer,
                           GIMP_LAYER (gimp_item_get_parent (above)),
                           gimp_image_get_item_position (source->image,
                                                         above));
  gimp_layer_set_offsets (layer, source->crop.x, source->crop.y);
  add_mask (source, layer);
  gimp_drawable_update (GIMP_DRAWABLE (layer), 0, 0, source->crop.width,
                        source->crop.height);
  gimp_image_undo_group_end (source->image);
  return layer;
}
