/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/train/patch-source.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "core/base/error.h"

#define MAX_SIDE 16 /* of a patch */
#define MAX_NUMBERS (MAX_SIDE * MAX_SIDE * 3)
#define BLOCK 16 /* patches that are written together */

/* A picture at one scale. */
typedef struct
{
  int           width;
  int           height;
  const guint8 *bytes; /* either its own, of a PstPicture, */
  float        *data;  /* or numbers from 0 to 1 */
} Level;

struct _PstPatchSource
{
  const PstRecipe *recipe;
  GPtrArray       *styles; /* (GArray of Level): by style, picture, scale */
};

static void
level_clear (gpointer data)
{
  g_free (((Level *) data)->data);
}

/* Means of @shrink x @shrink pixels; the rest at the right and below is left
 * out, as AveragePool does. */
static gboolean
level_init (Level *level, const PstPicture *picture, int shrink)
{
  float part = 1.0f / (255.0f * (float) (shrink * shrink));

  level->width = picture->width / shrink;
  level->height = picture->height / shrink;
  level->bytes = picture->data;
  if (shrink == 1)
    return TRUE;
  level->data = g_try_new0 (float,
                            (gsize) level->width * level->height * 3 + 1);
  if (! level->data)
    return FALSE;
  for (int y = 0; y < level->height * shrink; y++)
    {
      const guint8 *row = picture->data + (gsize) y * picture->width * 3;
      float *to = level->data + (gsize) (y / shrink) * level->width * 3;

      for (int x = 0; x < level->width * shrink; x++)
        for (int c = 0; c < 3; c++)
          to[x / shrink * 3 + c] += part * row[x * 3 + c];
    }
  return TRUE;
}

static gboolean
add_picture (GArray *levels, const PstPicture *picture,
             const PstRecipePatches *patches, const char *id, GError **error)
{
  for (int i = 0; i < patches->n_scales; i++)
    {
      Level level = { 0 };
      int   least = patches->size * patches->shrink[i];

      if (MIN (picture->width, picture->height) < least)
        {
          g_set_error (error, PST_ERROR, PST_ERROR_ARGUMENT,
                       _ ("[style %s]: at 1/%d of its size a picture has no "
                          "patch of %d pixels; it must have %d each way"),
                       id, patches->shrink[i], patches->size, least);
          return FALSE;
        }
      if (! level_init (&level, picture, patches->shrink[i]))
        {
          g_set_error_literal (error, PST_ERROR, PST_ERROR_MEMORY,
                               _ ("There is no memory for this picture"));
          return FALSE;
        }
      g_array_append_val (levels, level);
    }
  return TRUE;
}

PstPatchSource *
pst_patch_source_new (const PstRecipe *recipe, GPtrArray *pictures,
                      GError **error)
{
  g_autoptr (PstPatchSource) source = g_new0 (PstPatchSource, 1);

  source->recipe = recipe;
  source->styles =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  for (guint i = 0; i < pictures->len; i++)
    {
      const PstRecipeStyle *style = recipe->styles->pdata[i];
      GPtrArray            *some = pictures->pdata[i];
      GArray *levels = g_array_new (FALSE, FALSE, sizeof (Level));

      g_array_set_clear_func (levels, level_clear);
      g_ptr_array_add (source->styles, levels);
      for (guint k = 0; k < some->len; k++)
        if (! add_picture (levels, some->pdata[k], &recipe->patches,
                           style->id, error))
          return NULL;
    }
  return g_steal_pointer (&source);
}

void
pst_patch_source_free (PstPatchSource *source)
{
  if (! source)
    return;
  g_ptr_array_unref (source->styles);
  g_free (source);
}

static void
take_patch (const Level *level, gsize x, gsize y, gsize size, float *to)
{
  for (gsize j = 0; j < size; j++)
    {
      gsize at = ((y + j) * level->width + x) * 3;

      for (gsize i = 0; i < size * 3; i++)
        *to++ = level->data ? level->data[at + i]
                            : (float) level->bytes[at + i] / 255.0f;
    }
}

/* Each patch becomes a column. */
static void
put_columns (float (*block)[MAX_NUMBERS], int n, int numbers, float *to,
             int step)
{
  for (int k = 0; k < numbers; k++, to += step)
    for (int i = 0; i < n; i++)
      to[i] = block[i][k];
}

void
pst_patch_source_draw (const PstPatchSource *source, int style, int scale,
                       guint64 number, float *to)
{
  const PstRecipePatches *patches = &source->recipe->patches;
  GArray                 *levels = source->styles->pdata[style];
  guint                   n = levels->len / patches->n_scales;
  int                     size = patches->size;
  float                   block[BLOCK][MAX_NUMBERS];
  PstRandom               random;

  pst_random_init (&random, (guint64) source->recipe->seed, PST_STREAM_WISH,
                   number * PST_MAX_PATCH_SCALES + scale);
  for (int i = 0; i < patches->samples; i++)
    {
      guint        k = pst_random_below (&random, n);
      const Level *level = &g_array_index (levels, Level,
                                           k * patches->n_scales + scale);
      guint x = pst_random_below (&random, level->width - size + 1);
      guint y = pst_random_below (&random, level->height - size + 1);

      take_patch (level, x, y, size, block[i % BLOCK]);
      if (i % BLOCK == BLOCK - 1 || i == patches->samples - 1)
        put_columns (block, i % BLOCK + 1, size * size * 3,
                     to + i / BLOCK * BLOCK, patches->samples);
    }
}

/* The orthonormal cosine transform of @n numbers: basis[frequency][place] */
static void
make_basis (int n, double basis[MAX_SIDE][MAX_SIDE])
{
  for (int f = 0; f < n; f++)
    for (int x = 0; x < n; x++)
      basis[f][x] = sqrt ((f ? 2.0 : 1.0) / n) *
                    cos (G_PI * (x + 0.5) * f / n);
}

/* Box and Muller 1958 */
static double
draw_normal (PstRandom *random)
{
  double u = 1 - pst_random_double (random);
  double v = pst_random_double (random);

  return sqrt (-2 * log (u)) * cos (2 * G_PI * v);
}

/* One channel of a direction, every third number of @to; gives the sum of
 * squares. */
static double
draw_channel (const PstRecipePatches *patches,
              double basis[MAX_SIDE][MAX_SIDE], PstRandom *random, float *to)
{
  int    n = patches->size;
  double rows[MAX_SIDE][MAX_SIDE] = { 0 }; /* frequency down, place */
  double squares = 0;

  for (int v = 0; v < n; v++)
    for (int u = 0; u < n; u++)
      {
        double a = draw_normal (random);

        a *= u || v ? pow (hypot (u, v), patches->sharpness)
                    : patches->colour;
        squares += a * a;
        for (int x = 0; x < n; x++)
          rows[v][x] += a * basis[u][x];
      }
  for (int y = 0; y < n; y++)
    for (int x = 0; x < n; x++)
      {
        double sum = 0;

        for (int v = 0; v < n; v++)
          sum += rows[v][x] * basis[v][y];
        to[(y * n + x) * 3] = (float) sum;
      }
  return squares;
}

void
pst_patch_directions (const PstRecipe *recipe, guint64 step, float *to)
{
  const PstRecipePatches *patches = &recipe->patches;
  int       n = patches->size * patches->size * 3;
  double    basis[MAX_SIDE][MAX_SIDE];
  PstRandom random;

  make_basis (patches->size, basis);
  pst_random_init (&random, (guint64) recipe->seed, PST_STREAM_DIRECTION,
                   step);
  for (int k = 0; k < patches->projections; k++, to += n)
    {
      double squares = 0;
      float  scale;

      for (int c = 0; c < 3; c++)
        squares += draw_channel (patches, basis, &random, to + c);
      scale = (float) (1 / sqrt (squares));
      for (int i = 0; i < n; i++)
        to[i] *= scale;
    }
}

int
pst_patch_stride (const PstRecipePatches *patches, int side)
{
  int n = side - patches->size + 1;
  int stride = (int) ceil (n / sqrt ((double) patches->positions));

  return CLAMP (stride, 1, MAX (n, 1));
}
