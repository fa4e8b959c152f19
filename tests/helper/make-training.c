/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes what a small training needs: make-training FOLDER
 *
 *   net.onnx   a feature network of random weights
 *   models/    one with the layers of Pastiche's own, features.onnx
 *   one.png    the picture of a style
 *   twin.jpg   a copy of photos/a.jpg
 *   photos/    good photos of several kinds
 *   odd/       files that are to be passed over */
#include <glib/gstdio.h>
#include <math.h>
#include <vips/vips.h>

#include "core/onnx/onnx.h"
#include "core/train/student.h"
#include "core/train/test-network.h"

#define WIDTH 96
#define HEIGHT 72

#if VIPS_MAJOR_VERSION == 8 && VIPS_MINOR_VERSION < 16
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VipsImage, g_object_unref)
#endif

static const char *root;

static gboolean
write_features (GError **error)
{
  g_autoptr (PstGraph) graph = test_network_make ("Relu", "MaxPool", 6, 8,
                                                  0.4f);
  g_autofree char     *path = g_build_filename (root, "net.onnx", NULL);

  return pst_onnx_save (graph, path, error);
}

static gboolean
write_own_features (GError **error)
{
  static const char *const layers[] = { "relu1_1", "relu2_1", "relu3_1",
                                        "relu4_1", "relu5_1" };
  const PstRecipeStudent   shape = { 5, { 4, 4, 4, 4, 4 }, { 1, 1, 1, 1, 1 } };
  const gint64             channels[] = { 4, 4, 4, 4, 4 };
  g_autoptr (PstNetwork)   net = pst_network_student (&shape, layers, channels,
                                                      1);
  g_autofree char         *path = g_build_filename (root, "models",
                                                    "features.onnx", NULL);

  return pst_onnx_save (net->graph, path, error);
}

/* Waves that depend on @seed, as sRGB. */
static VipsImage *
picture (int seed, int width, int height)
{
  g_autofree guint8 *pixels = g_malloc ((gsize) width * height * 3);
  VipsImage         *image;

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      for (int c = 0; c < 3; c++)
        pixels[(y * width + x) * 3 + c] =
          (guint8) (128 + 100 * sin (x * (0.1 + 0.05 * seed) + c) *
                            cos (y * (0.3 + 0.02 * seed)));
  image = vips_image_new_from_memory_copy (pixels,
                                           (gsize) width * height * 3, width,
                                           height, 3, VIPS_FORMAT_UCHAR);
  image->Type = VIPS_INTERPRETATION_sRGB;
  return image;
}

static void
save (VipsImage *image, const char *name)
{
  g_autofree char *path = g_build_filename (root, name, NULL);

  if (vips_image_write_to_file (image, path, NULL) != 0)
    g_error ("%s: %s", name, vips_error_buffer ());
}

static void
write_photos (void)
{
  static const char *const names[] = { "a.jpg", "b.png", "c.webp", "grey.png",
                                       "alpha.png", "deep.tif" };

  for (int i = 0; i < 6; i++)
    {
      g_autoptr (VipsImage) image = picture (i, WIDTH, HEIGHT);
      g_autoptr (VipsImage) other = NULL;
      g_autofree char      *name = g_build_filename ("photos", names[i], NULL);

      if (i == 3)
        vips_colourspace (image, &other, VIPS_INTERPRETATION_B_W, NULL);
      else if (i == 4)
        vips_addalpha (image, &other, NULL);
      else if (i == 5)
        vips_colourspace (image, &other, VIPS_INTERPRETATION_RGB16, NULL);
      save (other ? other : image, name);
    }
}

/* A film and a picture for print. */
static void
write_pages (void)
{
  VipsImage            *pages[2] = { picture (1, WIDTH, HEIGHT),
                                     picture (2, WIDTH, HEIGHT) };
  g_autoptr (VipsImage) film = NULL, inks = NULL;

  vips_colourspace (pages[0], &inks, VIPS_INTERPRETATION_CMYK, NULL);
  save (inks, "photos/print.jpg");
  vips_arrayjoin (pages, &film, 2, "across", 1, NULL);
  vips_image_set_int (film, VIPS_META_PAGE_HEIGHT, HEIGHT);
  save (film, "photos/film.webp");
  save (film, "photos/pages.tif");
  g_object_unref (pages[0]);
  g_object_unref (pages[1]);
}

/* The first half of a file, or another part. */
static void
cut (const char *from, const char *to, int part)
{
  g_autofree char *source = g_build_filename (root, from, NULL);
  g_autofree char *target = g_build_filename (root, to, NULL);
  g_autofree char *bytes = NULL;
  gsize            size = 0;

  g_file_get_contents (source, &bytes, &size, NULL);
  g_file_set_contents (target, bytes, (gssize) size / part, NULL);
}

static void
write_odd (void)
{
  g_autoptr (VipsImage) small = picture (3, 40, 12);
  g_autofree char      *text = g_build_filename (root, "odd/text.png", NULL);
  g_autofree char      *empty = g_build_filename (root, "odd/empty.jpg", NULL);
  g_autofree char      *huge = g_build_filename (root, "odd/huge.ppm", NULL);

  save (small, "odd/small.png");
  g_file_set_contents (text, "no picture", -1, NULL);
  g_file_set_contents (empty, "", 0, NULL);
  g_file_set_contents (huge, "P6 60000 60000 255\n", -1, NULL);
  cut ("photos/a.jpg", "odd/cut.jpg", 2);
  cut ("photos/b.png", "odd/cut.png", 2);
  cut ("photos/a.jpg", "twin.jpg", 1);
}

int
main (int argc, char **argv)
{
  static const char *const folders[] = { "photos", "odd", "models" };
  g_autoptr (GError)       error = NULL;
  g_autoptr (VipsImage)    style = NULL;

  if (argc != 2 || VIPS_INIT (argv[0]) != 0)
    return 2;
  root = argv[1];
  for (gsize i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *path = g_build_filename (root, folders[i], NULL);

      g_mkdir_with_parents (path, 0700);
    }
  style = picture (9, WIDTH, HEIGHT);
  save (style, "one.png");
  write_photos ();
  write_pages ();
  write_odd ();
  if (write_features (&error) && write_own_features (&error))
    return 0;
  g_printerr ("%s\n", error->message);
  return 1;
}
