/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "helper/write.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "core/pst.h"

/* Colour under alpha 0 is kept where libvips can do so. */
#if VIPS_MAJOR_VERSION > 8 || VIPS_MINOR_VERSION >= 17
#define WEBP_EXACT "exact", TRUE,
#else
#define WEBP_EXACT
#endif

typedef struct
{
  const char  *ending;
  HelperFormat format;
} Ending;

static const Ending endings[] = {
  { ".jpg", HELPER_FORMAT_JPEG },  { ".jpeg", HELPER_FORMAT_JPEG },
  { ".png", HELPER_FORMAT_PNG },   { ".tif", HELPER_FORMAT_TIFF },
  { ".tiff", HELPER_FORMAT_TIFF }, { ".webp", HELPER_FORMAT_WEBP },
};

static const char *
get_ending (const char *path)
{
  const char *name = strrchr (path, G_DIR_SEPARATOR);
  const char *dot = strrchr (name ? name + 1 : path, '.');

  return dot ? dot : "";
}

HelperFormat
helper_write_format (const char *path)
{
  for (gsize i = 0; i < G_N_ELEMENTS (endings); i++)
    if (g_ascii_strcasecmp (get_ending (path), endings[i].ending) == 0)
      return endings[i].format;
  return HELPER_FORMAT_NONE;
}

gboolean
helper_write_check (const char *path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);

  if (helper_write_format (path) == HELPER_FORMAT_NONE)
    {
      g_autoptr (GString) list = g_string_new (endings[0].ending);

      for (gsize i = 1; i < G_N_ELEMENTS (endings); i++)
        g_string_append_printf (list, ", %s", endings[i].ending);
      g_set_error (error, PST_ERROR, PST_ERROR_ARGUMENT,
                   _ ("%s cannot be written: its name must end in one of "
                      "%s."),
                   path, list->str);
      return FALSE;
    }
  if (! g_file_test (folder, G_FILE_TEST_IS_DIR))
    {
      g_set_error (error, PST_ERROR, PST_ERROR_FILE,
                   _ ("%s cannot be written: there is no folder %s."), path,
                   folder);
      return FALSE;
    }
  if (g_file_test (path, G_FILE_TEST_IS_DIR) || g_access (folder, W_OK) != 0)
    {
      g_set_error (error, PST_ERROR, PST_ERROR_FILE,
                   _ ("%s cannot be written: %s."), path,
                   g_strerror (g_file_test (path, G_FILE_TEST_IS_DIR)
                                   ? EISDIR
                                   : errno));
      return FALSE;
    }
  return TRUE;
}

void
helper_vips_fail (const char *path, GError **error)
{
  g_autofree char *text = g_strdup (vips_error_buffer ());

  vips_error_clear ();
  g_strdelimit (g_strchomp (text), "\n", ' ');
  g_set_error (error, PST_ERROR, PST_ERROR_FILE, "%s: %s", path,
               *text ? text : _ ("unknown error"));
}

static int
write_as (VipsImage *image, const char *path, HelperFormat format, int quality)
{
  switch (format)
    {
    case HELPER_FORMAT_JPEG:
      return vips_jpegsave (image, path, "Q", quality, "optimize_coding", TRUE,
                            NULL);
    case HELPER_FORMAT_PNG:
      return vips_pngsave (image, path, NULL);
    case HELPER_FORMAT_TIFF:
      return vips_tiffsave (image, path, "compression",
                            VIPS_FOREIGN_TIFF_COMPRESSION_DEFLATE, "predictor",
                            image->BandFmt == VIPS_FORMAT_FLOAT
                                ? VIPS_FOREIGN_TIFF_PREDICTOR_FLOAT
                                : VIPS_FOREIGN_TIFF_PREDICTOR_HORIZONTAL,
                            NULL);
    default:
      return vips_webpsave (image, path, "Q", quality, "lossless",
                            quality == 100, WEBP_EXACT NULL);
    }
}

/* Makes sure that the file is on the disk before it takes its name. */
static gboolean
flush (const char *path)
{
  int      fd = g_open (path, O_RDONLY | O_CLOEXEC);
  gboolean done = fd >= 0 && fsync (fd) == 0;

  if (fd >= 0)
    close (fd);
  return done;
}

gboolean
helper_write (VipsImage *image, const char *path, int quality, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *name = NULL;
  g_autofree char *other = NULL;
  GStatBuf         before;

  name = g_strdup_printf (".pastiche-%08x%s", g_random_int (),
                          get_ending (path));
  other = g_build_filename (folder, name, NULL);
  if (write_as (image, other, helper_write_format (path), quality) != 0)
    {
      helper_vips_fail (path, error);
      g_unlink (other);
      return FALSE;
    }
  if (g_stat (path, &before) == 0)
    g_chmod (other, before.st_mode & 07777);
  if (flush (other) && g_rename (other, path) == 0)
    return TRUE;
  g_set_error (error, PST_ERROR, PST_ERROR_FILE,
               _ ("%s cannot be written: %s."), path, g_strerror (errno));
  g_unlink (other);
  return FALSE;
}
