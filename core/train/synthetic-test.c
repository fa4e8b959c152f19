/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/train/synthetic.h"

#include <math.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/base/test-run.h"

#define SIDE 128
#define BYTES (SIDE * SIDE * 3)

static PstPicture *
make (const PstSynthetic *synthetic, guint64 index)
{
  PstPicture *picture = pst_synthetic_picture (synthetic, index, SIDE, SIDE);

  g_assert_nonnull (picture);
  return picture;
}

static gboolean
same (const PstPicture *a, const PstPicture *b)
{
  return memcmp (a->data, b->data, BYTES) == 0;
}

static void
test_same (void)
{
  g_autoptr (PstSynthetic) one = pst_synthetic_new (7);
  g_autoptr (PstSynthetic) again = pst_synthetic_new (7);
  g_autoptr (PstSynthetic) other = pst_synthetic_new (8);

  for (guint64 i = 0; i < 6; i++)
    {
      g_autoptr (PstPicture) a = make (one, i);
      g_autoptr (PstPicture) b = make (again, 5 - i);
      g_autoptr (PstPicture) c = make (again, i);
      g_autoptr (PstPicture) d = make (other, i);

      g_assert_true (same (a, c));
      g_assert_false (same (a, b));
      g_assert_false (same (a, d));
    }
}

static gpointer
make_some (gpointer synthetic)
{
  GPtrArray *all;

  all = g_ptr_array_new_with_free_func ((GDestroyNotify) pst_picture_free);
  for (guint64 i = 0; i < 8; i++)
    g_ptr_array_add (all, make (synthetic, i));
  return all;
}

static void
test_threads (void)
{
  g_autoptr (PstSynthetic) synthetic = pst_synthetic_new (3);
  GThread                 *threads[3];
  g_autoptr (GPtrArray)    first = NULL;

  for (int i = 0; i < 3; i++)
    threads[i] = g_thread_new (NULL, make_some, synthetic);
  for (int i = 0; i < 3; i++)
    {
      g_autoptr (GPtrArray) mine = g_thread_join (threads[i]);

      for (guint k = 0; first && k < mine->len; k++)
        g_assert_true (same (first->pdata[k], mine->pdata[k]));
      if (! first)
        first = g_steal_pointer (&mine);
    }
}

static void
test_sizes (void)
{
  static const int sizes[][2] = { { 1, 1 },    { 2, 90 },  { 90, 2 },
                                  { 17, 300 }, { 400, 33 } };
  g_autoptr (PstSynthetic) synthetic = pst_synthetic_new (1);

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (guint64 k = 0; k < 20; k++)
      {
        g_autoptr (PstPicture) picture = NULL;

        picture = pst_synthetic_picture (synthetic, k, sizes[i][0],
                                         sizes[i][1]);
        g_assert_cmpint (picture->width, ==, sizes[i][0]);
        g_assert_cmpint (picture->height, ==, sizes[i][1]);
      }
}

static void
test_memory (void)
{
  g_autoptr (PstSynthetic) synthetic = pst_synthetic_new (1);
  g_autoptr (PstPicture)   picture = NULL;

  for (int i = 0; i < 2; i++)
    {
      pst_memory_fail_after (i);
      g_assert_null (pst_synthetic_picture (synthetic, 0, SIDE, SIDE));
    }
  pst_memory_fail_after (-1);
  picture = make (synthetic, 0);
}

/* What a table of numbers says of a picture. */
typedef struct
{
  double kurtosis; /* of the horizontal gradient of R + G + B over 3 */
  double mean;     /* of R + G + B over 3 */
  double contrast; /* its deviation */
  double warm;     /* deviation of (R - B) / 2 */
  double flat;     /* blocks of 16 x 16 that deviate less than 0.04 */
} Measures;

static double
light_at (const PstPicture *picture, int x, int y)
{
  const guint8 *p = picture->data + (y * SIDE + x) * 3;

  return (p[0] + p[1] + p[2]) / 765.0;
}

static double
deviation (const PstPicture *picture, int x0, int y0, int side, double *mean)
{
  double sum = 0, square = 0;

  for (int y = y0; y < y0 + side; y++)
    for (int x = x0; x < x0 + side; x++)
      {
        sum += light_at (picture, x, y);
        square += pow (light_at (picture, x, y), 2);
      }
  *mean = sum / (side * side);
  return sqrt (MAX (square / (side * side) - *mean * *mean, 0));
}

static Measures
measure (const PstPicture *picture)
{
  Measures m = { 0 };
  double   second = 0, fourth = 0, sum = 0, square = 0, mean;
  int      n = SIDE * SIDE;

  for (int y = 0; y < SIDE; y++)
    for (int x = 0; x < SIDE; x++)
      {
        const guint8 *p = picture->data + (y * SIDE + x) * 3;
        double        warm = (p[0] - p[2]) / 510.0;
        double        step = x > 0 ? light_at (picture, x, y) -
                                       light_at (picture, x - 1, y)
                                   : 0;

        second += step * step / n;
        fourth += pow (step, 4) / n;
        sum += warm / n;
        square += warm * warm / n;
      }
  m.kurtosis = fourth / (second * second);
  m.warm = sqrt (MAX (square - sum * sum, 0));
  m.contrast = deviation (picture, 0, 0, SIDE, &m.mean);
  for (int y = 0; y < SIDE; y += 16)
    for (int x = 0; x < SIDE; x += 16)
      m.flat += (deviation (picture, x, y, 16, &mean) < 0.04) * 256.0 / n;
  return m;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

/* The medians are as in photos, and the pictures differ from each other. */
static void
test_statistics (void)
{
  enum { N = 48 };
  static const struct
  {
    const char *name;
    double      low, high; /* of the median */
    double      apart;     /* from the 8th to the 40th of 48 */
  } wanted[] = {
    { "kurtosis", 9, 30, 8 },          { "mean", 0.3, 0.5, 0.1 },
    { "contrast", 0.12, 0.24, 0.05 },  { "warm", 0.04, 0.1, 0.03 },
    { "flat", 0.1, 0.5, 0.2 },
  };
  g_autoptr (PstSynthetic) synthetic = pst_synthetic_new (1);
  double                   values[G_N_ELEMENTS (wanted)][N];

  for (int i = 0; i < N; i++)
    {
      g_autoptr (PstPicture) picture = make (synthetic, i);
      Measures               m = measure (picture);

      for (gsize k = 0; k < G_N_ELEMENTS (wanted); k++)
        values[k][i] = ((double *) &m)[k];
    }
  for (gsize k = 0; k < G_N_ELEMENTS (wanted); k++)
    {
      qsort (values[k], N, sizeof (double), compare);
      g_test_message ("%s %g (%g to %g)", wanted[k].name, values[k][N / 2],
                      values[k][N / 6], values[k][N - N / 6]);
      g_assert_cmpfloat (values[k][N / 2], >, wanted[k].low);
      g_assert_cmpfloat (values[k][N / 2], <, wanted[k].high);
      g_assert_cmpfloat (values[k][N - N / 6] - values[k][N / 6], >,
                         wanted[k].apart);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/synthetic/same", test_same);
  g_test_add_func ("/synthetic/threads", test_threads);
  g_test_add_func ("/synthetic/sizes", test_sizes);
  g_test_add_func ("/synthetic/memory", test_memory);
  g_test_add_func ("/synthetic/statistics", test_statistics);
  return test_run ();
}
