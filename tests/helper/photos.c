/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What training reads of picture files of all kinds, which are written here. */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <vips/vips.h>

#include "core/base/test-run.h"
#include "helper/train-image.h"

#if VIPS_MAJOR_VERSION == 8 && VIPS_MINOR_VERSION < 16
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VipsImage, g_object_unref)
#endif

#define WIDTH 96
#define HEIGHT 64

/* The left half of every picture, and the right one. */
static const guint8 left[] = { 200, 60, 40 }, right[] = { 30, 90, 180 };
static const guint8 grey_left[] = { 90, 90, 90 };
static const guint8 grey_right[] = { 220, 220, 220 };

static char *folder;

static VipsImage *
two_halves (int width, int height, const guint8 *a, const guint8 *b)
{
  guint8    *pixels = g_malloc ((gsize) width * height * 3);
  VipsImage *image;

  for (int i = 0; i < width * height; i++)
    memcpy (pixels + 3 * i, i % width < width / 2 ? a : b, 3);
  image = vips_image_new_from_memory_copy (pixels, (gsize) width * height * 3,
                                           width, height, 3,
                                           VIPS_FORMAT_UCHAR);
  image->Type = VIPS_INTERPRETATION_sRGB;
  g_free (pixels);
  return image;
}

static void
save (VipsImage *image, const char *path)
{
  if (vips_image_write_to_file (image, path, NULL) != 0)
    g_error ("%s: %s", path, vips_error_buffer ());
}

static void
write_as (const char *path, VipsInterpretation space, gboolean grey)
{
  g_autoptr (VipsImage) image = two_halves (WIDTH, HEIGHT,
                                            grey ? grey_left : left,
                                            grey ? grey_right : right);
  g_autoptr (VipsImage) other = NULL;

  if (vips_colourspace (image, &other, space, NULL) != 0)
    g_error ("%s: %s", path, vips_error_buffer ());
  save (other, path);
}

static void
write_plain (const char *path)
{
  write_as (path, VIPS_INTERPRETATION_sRGB, FALSE);
}

static void
write_deep (const char *path)
{
  write_as (path, VIPS_INTERPRETATION_RGB16, FALSE);
}

static void
write_lab (const char *path)
{
  write_as (path, VIPS_INTERPRETATION_LAB, FALSE);
}

static void
write_print (const char *path)
{
  write_as (path, VIPS_INTERPRETATION_CMYK, FALSE);
}

static void
write_grey (const char *path)
{
  write_as (path, VIPS_INTERPRETATION_B_W, TRUE);
}

static void
write_deep_grey (const char *path)
{
  write_as (path, VIPS_INTERPRETATION_GREY16, TRUE);
}

/* Half transparent over white makes 127 brighter: the colours are chosen so
 * that the result is the usual one where that is possible. */
static void
write_clear (const char *path)
{
  g_autoptr (VipsImage) image = NULL, whole = NULL, clear = NULL;
  const guint8          black[] = { 0, 0, 0 };

  image = two_halves (WIDTH, HEIGHT, black, black);
  if (vips_bandjoin_const1 (image, &clear, 0, NULL) != 0 ||
      vips_copy (clear, &whole, "interpretation", VIPS_INTERPRETATION_sRGB,
                 NULL) != 0)
    g_error ("%s", vips_error_buffer ());
  save (whole, path);
}

/* Lies on its side, with the mark that says so. */
static void
write_turned (const char *path)
{
  g_autoptr (VipsImage) image = two_halves (WIDTH, HEIGHT, left, right);
  g_autoptr (VipsImage) lying = NULL;

  vips_rot (image, &lying, VIPS_ANGLE_D270, NULL);
  vips_image_set_int (lying, VIPS_META_ORIENTATION, 6);
  save (lying, path);
}

/* Two pictures, the second with the halves exchanged. */
static void
write_pages (const char *path)
{
  VipsImage            *pages[2];
  g_autoptr (VipsImage) film = NULL;

  pages[0] = two_halves (WIDTH, HEIGHT, left, right);
  pages[1] = two_halves (WIDTH, HEIGHT, right, left);
  vips_arrayjoin (pages, &film, 2, "across", 1, NULL);
  vips_image_set_int (film, VIPS_META_PAGE_HEIGHT, HEIGHT);
  save (film, path);
  g_object_unref (pages[0]);
  g_object_unref (pages[1]);
}

static void
put (GByteArray *bytes, const void *data, gsize size)
{
  g_byte_array_append (bytes, data, (guint) size);
}

static void
put_byte (GByteArray *bytes, int value)
{
  guint8 byte = (guint8) value;

  put (bytes, &byte, 1);
}

/* A frame of an animated GIF: codes of 8 bits that are the colours' numbers,
 * with a clear code (128) often enough for the width to stay; @first: colour
 * of the left half. */
static void
put_frame (GByteArray *gif, int first)
{
  static const guint8 head[] = { 0x2c, 0, 0, 0, 0, WIDTH, 0, HEIGHT, 0, 0, 7 };
  g_autoptr (GByteArray) codes = g_byte_array_new ();

  for (int i = 0; i < WIDTH * HEIGHT; i++)
    {
      if (i % 100 == 0)
        put_byte (codes, 128);
      put_byte (codes, i % WIDTH < WIDTH / 2 ? first : 1 - first);
    }
  put_byte (codes, 129);
  put (gif, head, sizeof head);
  for (guint at = 0; at < codes->len; at += 255)
    {
      guint n = MIN (codes->len - at, 255);

      put_byte (gif, (int) n);
      put (gif, codes->data + at, n);
    }
  put_byte (gif, 0);
}

static void
write_gif (const char *path)
{
  static const guint8 head[] = { 'G', 'I', 'F', '8', '9', 'a', WIDTH, 0,
                                 HEIGHT, 0, 0xf6, 0, 0 };
  static const guint8 loop[] = "\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0";
  static const guint8 control[] = { 0x21, 0xf9, 4, 0, 10, 0, 0, 0 };
  guint8              colours[128 * 3] = { 0 };
  g_autoptr (GByteArray) gif = g_byte_array_new ();

  memcpy (colours, left, 3);
  memcpy (colours + 3, right, 3);
  put (gif, head, sizeof head);
  put (gif, colours, sizeof colours);
  put (gif, loop, sizeof loop);
  for (int i = 0; i < 2; i++)
    {
      put (gif, control, sizeof control);
      put_frame (gif, i);
    }
  put_byte (gif, 0x3b);
  g_file_set_contents (path, (char *) gif->data, gif->len, NULL);
}

/* PNG, appendix D */
static guint32
crc (const guint8 *data, gsize n)
{
  guint32 c = 0xffffffff;

  for (gsize i = 0; i < n; i++)
    {
      c ^= data[i];
      for (int k = 0; k < 8; k++)
        c = c & 1 ? 0xedb88320 ^ (c >> 1) : c >> 1;
    }
  return ~c;
}

static void
put_chunk (GByteArray *png, const char *name, const void *data, gsize size)
{
  guint32 length = GUINT32_TO_BE ((guint32) size), sum;
  guint   at;

  put (png, &length, 4);
  at = png->len;
  put (png, name, 4);
  put (png, data, size);
  sum = GUINT32_TO_BE (crc (png->data + at, size + 4));
  put (png, &sum, 4);
}

static GBytes *
deflate_rows (const GByteArray *rows)
{
  g_autoptr (GZlibCompressor) zlib = NULL;
  g_autoptr (GOutputStream)   memory = NULL, stream = NULL;

  zlib = g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_ZLIB, 1);
  memory = g_memory_output_stream_new_resizable ();
  stream = g_converter_output_stream_new (memory, G_CONVERTER (zlib));
  g_output_stream_write_all (stream, rows->data, rows->len, NULL, NULL, NULL);
  g_output_stream_close (stream, NULL, NULL);
  return g_memory_output_stream_steal_as_bytes (
    G_MEMORY_OUTPUT_STREAM (memory));
}

/* Colours from a palette, the left half's half transparent: it is chosen so
 * that it is right over white. */
static void
write_palette (const char *path)
{
  static const guint8 head[] = { 0, 0, 0, WIDTH, 0, 0, 0, HEIGHT,
                                 8, 3, 0, 0,     0 };
  static const guint8 alpha[] = { 204 };
  guint8              colours[6];
  g_autoptr (GByteArray) rows = g_byte_array_new ();
  g_autoptr (GByteArray) png = g_byte_array_new ();
  g_autoptr (GBytes)     packed = NULL;

  for (int c = 0; c < 3; c++)
    colours[c] = (guint8) ((left[c] - 255 * 0.2) / 0.8 + 0.5);
  colours[2] = 0; /* a little less is not to be had */
  memcpy (colours + 3, right, 3);
  for (int i = 0; i < WIDTH * HEIGHT; i++)
    {
      if (i % WIDTH == 0)
        put_byte (rows, 0);
      put_byte (rows, i % WIDTH >= WIDTH / 2);
    }
  packed = deflate_rows (rows);
  put (png, "\x89PNG\r\n\x1a\n", 8);
  put_chunk (png, "IHDR", head, sizeof head);
  put_chunk (png, "PLTE", colours, sizeof colours);
  put_chunk (png, "tRNS", alpha, sizeof alpha);
  put_chunk (png, "IDAT", g_bytes_get_data (packed, NULL),
             g_bytes_get_size (packed));
  put_chunk (png, "IEND", "", 0);
  g_file_set_contents (path, (char *) png->data, png->len, NULL);
}

static PstPicture *
load (const char *path, int side, GError **error)
{
  PstTrainHost host = pst_train_image_host ();

  return host.load (path, side, host.data, error);
}

static void
assert_pixel (const PstPicture *picture, double x, double y,
              const guint8 *wanted, int apart)
{
  int           at = (int) (y * picture->height) * picture->width +
                     (int) (x * picture->width);
  const guint8 *p = picture->data + 3 * at;

  for (int c = 0; c < 3; c++)
    if (abs (p[c] - wanted[c]) > apart)
      g_error ("%d %d %d instead of %d %d %d", p[0], p[1], p[2], wanted[0],
               wanted[1], wanted[2]);
}

/* Titles fit, whatever they hold. */
static void
test_label (void)
{
  static const char *const texts[] = {
    "a", "The Great Wave off Kanagawa", "<b>&amp; \"it\"", "星月夜",
    "A title that is so long that no number of lines would be enough for all "
    "of its words, however small the letters are made by those who draw it",
    "Oneverylongwordwithoutanyplaceatwhichitcouldbebrokenintoseveralparts",
  };
  PstTrainHost host = pst_train_image_host ();

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (PstPicture) label = host.label (texts[i], 248, 36, host.data);
      int                    most = 0;

      g_assert_nonnull (label);
      g_assert_cmpint (label->width, <=, 248);
      g_assert_cmpint (label->height, <=, 36);
      for (int k = 0; k < label->width * label->height * 3; k++)
        most = MAX (most, label->data[k]);
      g_assert_cmpint (most, >, 200);
    }
}

typedef struct
{
  const char *name;
  void      (*write) (const char *path);
  int         apart; /* how far colours may be off */
  gboolean    grey;
} Case;

static const Case cases[] = {
  { "plain.png", write_plain, 0, FALSE },
  { "plain.jpg", write_plain, 12, FALSE },
  { "plain.webp", write_plain, 24, FALSE },
  { "deep.png", write_deep, 1, FALSE },
  { "deep.tif", write_deep, 1, FALSE },
  { "lab.tif", write_lab, 3, FALSE },
  { "print.jpg", write_print, 60, FALSE },
  { "print.tif", write_print, 60, FALSE },
  { "grey.png", write_grey, 1, TRUE },
  { "grey.jpg", write_grey, 6, TRUE },
  { "deep-grey.png", write_deep_grey, 1, TRUE },
  { "turned.jpg", write_turned, 12, FALSE },
  { "film.webp", write_pages, 24, FALSE },
  { "film.gif", write_gif, 1, FALSE },
  { "pages.tif", write_pages, 0, FALSE },
  { "palette.png", write_palette, 12, FALSE },
};

static void
test_kind (gconstpointer data)
{
  const Case            *one = data;
  g_autofree char       *path = g_build_filename (folder, one->name, NULL);
  g_autoptr (GError)     error = NULL;
  g_autoptr (PstPicture) whole = NULL, small = NULL;

  one->write (path);
  whole = load (path, 500, &error);
  g_assert_no_error (error);
  g_assert_cmpint (whole->width, ==, WIDTH);
  g_assert_cmpint (whole->height, ==, HEIGHT);
  small = load (path, 16, &error);
  g_assert_no_error (error);
  g_assert_cmpint (small->width, ==, 24);
  g_assert_cmpint (small->height, ==, 16);
  for (int i = 0; i < 3; i++)
    {
      double y = 0.2 + 0.3 * i;

      assert_pixel (whole, 0.2, y, one->grey ? grey_left : left, one->apart);
      assert_pixel (whole, 0.8, y, one->grey ? grey_right : right,
                    one->apart);
      assert_pixel (small, 0.2, y, one->grey ? grey_left : left,
                    one->apart + 3);
    }
}

static void
test_clear (void)
{
  g_autofree char       *path = g_build_filename (folder, "clear.png", NULL);
  const guint8           white[] = { 255, 255, 255 };
  g_autoptr (PstPicture) picture = NULL;

  write_clear (path);
  picture = load (path, 500, NULL);
  assert_pixel (picture, 0.5, 0.5, white, 0);
}

/* A file of which only the beginning is there, or nothing at all. */
static void
test_refused (void)
{
  static const struct
  {
    const char *name;
    const char *text; /* NULL: the first half of plain.… */
    const char *word;
  } bad[] = {
    { "cut.jpg", NULL, "" },
    { "cut.png", NULL, "" },
    { "text.jpg", "no picture", "not a picture" },
    { "empty.png", "", "not a picture" },
    { "huge.ppm", "P6 60000 60000 255\n", "too large (60000 × 60000)" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char       *path = g_build_filename (folder, bad[i].name,
                                                      NULL);
      g_autofree char       *bytes = g_strdup (bad[i].text);
      gsize                  size = bytes ? strlen (bytes) : 0;
      g_autoptr (GError)     error = NULL;
      g_autoptr (PstPicture) picture = NULL;

      if (! bytes)
        {
          write_plain (path);
          g_file_get_contents (path, &bytes, &size, NULL);
          size /= 2;
        }
      g_file_set_contents (path, bytes, (gssize) size, NULL);
      picture = load (path, 32, &error);
      g_assert_null (picture);
      g_assert_nonnull (error);
      g_assert_nonnull (strstr (error->message, bad[i].word));
      g_assert_cmpuint (strlen (error->message), >, 3);
      g_assert_null (strchr (error->message, '\n'));
    }
}

/* A large picture takes no more memory than a small one. */
static void
test_large (gconstpointer name)
{
  g_autofree char       *path = g_build_filename (folder, name, NULL);
  g_autoptr (VipsImage)  black = NULL;
  g_autoptr (PstPicture) picture = NULL;
  g_autoptr (GError)     error = NULL;
  size_t                 before;

  vips_black (&black, 9000, 8000, "bands", 3, NULL);
  black->Type = VIPS_INTERPRETATION_sRGB;
  save (black, path);
  before = vips_tracked_get_mem_highwater ();
  picture = load (path, 256, &error);
  g_assert_no_error (error);
  g_assert_cmpint (picture->width, ==, 288);
  g_test_message ("%d MB", (int) (vips_tracked_get_mem_highwater () >> 20));
  g_assert_cmpuint (vips_tracked_get_mem_highwater (), <,
                    MAX (before, 80 << 20)); /* of 216 MB */
  g_remove (path);
}

/* Long ones are made smaller than asked for. */
static void
test_long (void)
{
  g_autofree char       *path = g_build_filename (folder, "long.png", NULL);
  g_autoptr (VipsImage)  image = two_halves (6400, 64, left, right);
  g_autoptr (PstPicture) picture = NULL;

  save (image, path);
  picture = load (path, 64, NULL);
  g_assert_cmpint (picture->width * picture->height, <=, 8 * 64 * 64 + 2000);
  g_assert_cmpint (picture->width, >, 1500);
}

int
main (int argc, char **argv)
{
  GError *error = NULL;
  int     failed;

  g_test_init (&argc, &argv, NULL);
  g_setenv ("VIPS_WARNING", "0", TRUE); /* there are bad files */
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  if (VIPS_INIT (argv[0]) != 0)
    return 1;
  vips_concurrency_set (1);
  vips_cache_set_max (0);
  folder = g_dir_make_tmp ("pastiche-XXXXXX", &error);
  g_assert_no_error (error);
  g_test_add_data_func ("/photos/large/png", "large.png", test_large);
  g_test_add_data_func ("/photos/large/jpeg", "large.jpg", test_large);
  g_test_add_data_func ("/photos/large/tiff", "large.tif", test_large);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *name = g_strconcat ("/photos/kind/", cases[i].name,
                                           NULL);

      g_test_add_data_func (name, &cases[i], test_kind);
    }
  g_test_add_func ("/photos/clear", test_clear);
  g_test_add_func ("/photos/refused", test_refused);
  g_test_add_func ("/photos/long", test_long);
  g_test_add_func ("/photos/label", test_label);
  failed = test_run ();
  vips_shutdown ();
  return failed;
}
