/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "core/base/memory.h"
#include "core/base/test-run.h"
#include "core/kernels/kernels.h"

#define C 48
#define STEP (C + 16) /* between points */
#define GUARD 12345.0f
#define OUT (4 * 4 * C)

static float *
noise (gint64 n, guint32 seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  float *data = pst_memory_try_alloc (sizeof (float) * n);

  for (gint64 i = 0; i < n; i++)
    data[i] = (float) g_rand_double_range (rand, -1.0, 1.0);
  return data;
}

/* Scaled on the way in or before, V is the same. */
static void
test_in (gconstpointer name)
{
  const PstKernels *kernels = pst_kernels_named (name);
  gint64            row = 10 * C, n = 6 * row;
  g_autofree float *x = noise (n, 1), *factors = noise (2 * C, 2);
  g_autofree float *scaled = noise (n, 3);
  g_autofree float *v = noise (PST_WINO_IN * STEP, 4);
  g_autofree float *w = noise (PST_WINO_IN * STEP, 4);

  if (! kernels)
    {
      g_test_skip ("this processor lacks the instructions");
      return;
    }
  for (gint64 i = 0; i < n; i++)
    scaled[i] = fmaxf (-0.1f, factors[i % C] * x[i] + factors[C + i % C]);
  kernels->wino_in_patch (scaled, row, C, v, STEP);
  kernels->wino_in_scaled (x, row, C, factors, factors + C, -0.1f, w, STEP);
  for (gint64 i = 0; i < PST_WINO_IN * STEP; i++)
    g_assert_cmpfloat_with_epsilon (v[i], w[i], 1e-4f);
}

/* What is stored within a window is what the whole tile has there, and the
 * sums are those of what is stored. */
static void
check_out (const PstKernels *kernels, PstWinoWindow window, const float *m)
{
  g_autofree float *whole = noise (OUT, 1), *part = noise (OUT, 1);
  g_autofree float *base = noise (C, 2), *sums = noise (2 * C, 3);
  g_autofree float *before = g_memdup2 (sums, sizeof (float) * 2 * C);
  PstWinoWindow     all = window;

  all.top = all.left = 0;
  all.bottom = all.right = 4;
  all.past = FALSE;
  kernels->wino_out_window (m, STEP, C, &all, whole);
  for (gint64 i = 0; i < OUT; i++)
    part[i] = GUARD;
  window.base = base;
  window.s = sums;
  window.q = sums + C;
  kernels->wino_out_window (m, STEP, C, &window, part);
  __atomic_thread_fence (__ATOMIC_SEQ_CST);
  for (gint64 c = 0; c < C; c++)
    {
      double s = before[c], q = before[C + c];

      for (int i = 0; i < 16; i++)
        {
          float d = part[i * C + c] - base[c];

          if (i / 4 < window.top || i / 4 >= window.bottom ||
              i % 4 < window.left || i % 4 >= window.right)
            {
              g_assert_cmpfloat (part[i * C + c], ==, GUARD);
              continue;
            }
          g_assert_cmpfloat (part[i * C + c], ==, whole[i * C + c]);
          s += d;
          q += (double) d * d;
        }
      g_assert_cmpfloat_with_epsilon (sums[c], s, 1e-5 * (fabs (s) + 100.0));
      g_assert_cmpfloat_with_epsilon (sums[C + c], q, 1e-5 * (q + 100.0));
    }
}

static void
test_out (gconstpointer name)
{
  const PstKernels *kernels = pst_kernels_named (name);
  g_autofree float *m = noise (PST_WINO_IN * STEP, 5);

  if (! kernels)
    {
      g_test_skip ("this processor lacks the instructions");
      return;
    }
  for (int phase = -1; phase < 4; phase++)
    for (int i = 0; i < 3; i++)
      {
        PstWinoWindow window = { .phase = phase, .bottom = 4, .right = 4,
                                 .row = 4 * C, .pixel = C, .past = i == 1 };

        if (i == 2)
          {
            window.top = 1;
            window.right = 3;
          }
        check_out (kernels, window, m);
      }
}

int
main (int argc, char **argv)
{
  const char *names[] = { "avx512", "avx2", "baseline" };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *in = g_strdup_printf ("/winograd/in/%s", names[i]);
      g_autofree char *out = g_strdup_printf ("/winograd/out/%s", names[i]);

      g_test_add_data_func (in, names[i], test_in);
      g_test_add_data_func (out, names[i], test_out);
    }
  return test_run ();
}
