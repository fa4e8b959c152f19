/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How fast the products with packed panels are, against cblas_sgemm on the
 * same numbers, in GFLOP per second of one processor; medians of turns taken
 * one after the other, and the best turn, for processors that do other work
 * as well. Then the loops over pixels. PASTICHE_ISA and OPENBLAS_CORETYPE
 * choose lesser instruction sets.
 *
 *   kernels [ROUNDS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/kernels/gemm.h"
#include "core/kernels/kernels.h"
#include "core/kernels/panel.h"

#define TURN 1e-3 /* seconds of one measurement */

typedef struct
{
  const char *name;
  gint64      parts, m, k, lda, n;
} Shape;

static const Shape shapes[] = {
  { "Winograd point 128 to 128", 1, 24, 128, 128, 128 },
  { "Winograd point 128 to 128", 1, 32, 128, 128, 128 },
  { "Winograd point 128 to 128", 1, 48, 128, 128, 128 },
  { "Winograd point 128 to 128", 1, 64, 128, 128, 128 },
  { "Winograd point 128 to 64", 1, 48, 128, 128, 64 },
  { "Winograd point 64 to 64", 1, 24, 64, 64, 64 },
  { "Winograd point 64 to 64", 1, 50, 64, 64, 64 },
  { "Winograd point 64 to 32", 1, 48, 64, 64, 32 },
  { "Winograd point 32 to 16", 1, 48, 32, 32, 16 },
  { "Winograd point 32 to 16", 1, 64, 32, 32, 16 },
  { "9x9, 3 to 32", 9, 256, 27, 3, 32 },
  { "9x9, 3 to 32", 9, 2000, 27, 3, 32 },
  { "9x9, 3 to 16", 9, 1000, 27, 3, 16 },
  { "3x3 stride 2, 32 to 64", 3, 500, 96, 64, 64 },
  { "3x3 stride 2, 64 to 128", 3, 250, 192, 128, 128 },
  { "3x3 stride 2, 64 to 128", 3, 1000, 192, 128, 128 },
  { "3x3 stride 2, 16 to 32", 3, 500, 48, 32, 32 },
  { "9x9 last, 32 to 3", 9, 1000, 32, 32, 27 },
  { "9x9 last, 16 to 3", 9, 1000, 16, 16, 27 },
  { "48 columns", 1, 50, 128, 128, 48 },
  { "3 columns", 9, 100, 32, 32, 3 },
};

typedef struct
{
  const Shape *shape;
  const float *a[9];
  float       *b, *packed, *c;
} Job;

static double
seconds (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

static void
run_own (const Job *job)
{
  const Shape *s = job->shape;

  pst_kernels ()->panel_product (job->a, s->parts, s->lda, s->m, s->k,
                                 job->packed, s->n, job->c, s->n, NULL,
                                 NULL);
}

/* Rows that overlap are taken as many apart as BLAS wants. */
static void
run_blas (const Job *job)
{
  const Shape *s = job->shape;
  gint64       apart = (s->k + s->lda - 1) / s->lda;

  for (gint64 i = 0; i < MIN (apart, s->m); i++)
    for (gint64 r = 0; r < s->parts; r++)
      pst_gemm (FALSE, FALSE, (s->m - i + apart - 1) / apart, s->n, s->k, 1.0f,
                job->a[r] + i * s->lda, s->lda * apart,
                job->b + r * s->k * s->n, s->n, r ? 1.0f : 0.0f,
                job->c + i * s->n, s->n * apart);
}

static double
measure (void (*run) (const Job *), const Job *job, int times)
{
  double from = seconds ();

  for (int i = 0; i < times; i++)
    run (job);
  return (seconds () - from) / times;
}

static int
compare (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

static float *
noise (gint64 n)
{
  gsize  size = ((gsize) n * sizeof (float) + 63) / 64 * 64;
  float *data = aligned_alloc (64, size);

  for (gint64 i = 0; i < n; i++)
    data[i] = (float) (rand () % 2001 - 1000) / 1000.0f;
  return data;
}

static void
compare_shape (const Shape *s, int rounds)
{
  gint64             row = (s->m - 1) * s->lda + s->k;
  float             *a = noise (s->parts * row);
  Job                job = { .shape = s };
  g_autofree double *own = g_new (double, rounds);
  g_autofree double *blas = g_new (double, rounds);
  double             flop = 2.0 * (double) (s->parts * s->m * s->k * s->n);
  int                times;

  for (gint64 r = 0; r < s->parts; r++)
    job.a[r] = a + r * row;
  job.b = noise (s->parts * s->k * s->n);
  job.packed = noise ((gint64) pst_panel_floats (s->parts * s->k, s->n));
  job.c = noise (s->m * s->n);
  pst_panel_pack (s->parts * s->k, s->n, job.b, s->n, 1, job.packed);
  measure (run_own, &job, 3);
  times = 1 + (int) (TURN / measure (run_own, &job, 3));
  for (int i = 0; i < rounds; i++)
    {
      own[i] = measure (run_own, &job, times);
      blas[i] = measure (run_blas, &job, times);
    }
  qsort (own, rounds, sizeof *own, compare);
  qsort (blas, rounds, sizeof *blas, compare);
  printf ("%-26s parts %d m %4d k %3d n %3d  %6.1f  %6.1f  "
          "(best %6.1f  %6.1f)\n",
          s->name, (int) s->parts, (int) s->m, (int) s->k, (int) s->n,
          flop / own[rounds / 2] / 1e9, flop / blas[rounds / 2] / 1e9,
          flop / own[0] / 1e9, flop / blas[0] / 1e9);
  free (a);
  free (job.b);
  free (job.packed);
  free (job.c);
}

/* Loops over [pixels, c] in the second cache, in GB/s read and written. */
typedef struct
{
  gint64   c, pixels;
  float   *x, *y, *factors, *sums;
  guint16 *cells;
} Map;

static void
run_affine (const Map *m)
{
  pst_kernels ()->channel_affine (m->x, m->factors, m->factors, 0.0f, m->c,
                                  m->pixels, m->y);
}

static void
run_pack (const Map *m)
{
  pst_kernels ()->pack_cell (m->x, m->c * PST_CELL_W, m->c,
                             m->pixels / PST_CELL_W, PST_CELL_W, m->cells,
                             m->c * PST_CELL_W, m->sums);
}

static void
run_unpack (const Map *m)
{
  pst_kernels ()->unpack_pixels (m->cells, m->sums, m->factors, m->factors,
                                 0.0f, m->c, m->pixels, m->y);
}

static void
run_sums (const Map *m)
{
  pst_kernels ()->channel_sums (m->x, m->factors, m->c, m->pixels, m->sums,
                                m->sums + m->c);
}

static void
run_norm (const Map *m)
{
  PstNormChannels n = { m->factors, m->factors, m->factors, m->factors, TRUE };

  pst_kernels ()->norm_sums (&n, m->x, m->y, m->c, m->pixels, m->sums,
                             m->sums + m->c);
}

static void
run_norm_gradient (const Map *m)
{
  PstNormChannels n = { m->factors, m->factors, m->factors, m->factors, TRUE };

  pst_kernels ()->norm_gradient (&n, m->x, m->y, m->factors, m->factors, m->c,
                                 m->pixels, m->sums);
}

static double
rate (void (*run) (const Map *), const Map *map, gint64 size, int rounds)
{
  g_autofree double *times = g_new (double, rounds);

  for (int i = 0; i < rounds; i++)
    {
      double from = seconds ();

      for (int j = 0; j < 20; j++)
        run (map);
      times[i] = (seconds () - from) / 20;
    }
  qsort (times, rounds, sizeof *times, compare);
  return (double) (size * map->c * map->pixels) / times[rounds / 2] / 1e9;
}

static void
measure_map (gint64 c, gint64 pixels, int rounds)
{
  Map map = { c, pixels, noise (c * pixels), noise (c * pixels), noise (c),
              noise (c * pixels), (guint16 *) noise (c * pixels) };

  run_pack (&map);
  printf ("c %3d pixels %4d  affine %5.1f  pack %5.1f  unpack %5.1f  "
          "sums %5.1f  norm %5.1f, gradient %5.1f\n",
          (int) c, (int) pixels, rate (run_affine, &map, 8, rounds),
          rate (run_pack, &map, 6, rounds),
          rate (run_unpack, &map, 6, rounds),
          rate (run_sums, &map, 4, rounds), rate (run_norm, &map, 8, rounds),
          rate (run_norm_gradient, &map, 16, rounds));
  free (map.sums);
  free (map.x);
  free (map.y);
  free (map.factors);
  free (map.cells);
}

int
main (int argc, char **argv)
{
  int rounds = argc > 1 ? MAX (1, atoi (argv[1])) : 41;

  pst_gemm_init ();
  printf ("GFLOP/s, one processor: %s, OpenBLAS\n", pst_kernels ()->name);
  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++)
    compare_shape (&shapes[i], rounds);
  printf ("GB/s\n");
  for (gint64 c = 16; c <= 128; c *= 2)
    measure_map (c, 65536 / c, rounds);
  measure_map (27, 2427, rounds);
  return 0;
}
