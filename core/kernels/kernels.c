/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/kernels/kernels.h"

#include <string.h>

extern const PstKernels pst_kernels_baseline;
#if defined(__x86_64__)
extern const PstKernels pst_kernels_avx2;
extern const PstKernels pst_kernels_avx512;
#endif

const PstKernels *
pst_kernels_named (const char *name)
{
#if defined(__x86_64__)
  __builtin_cpu_init ();
  if (strcmp (name, "avx512") == 0)
    return __builtin_cpu_supports ("avx512f") &&
                   __builtin_cpu_supports ("avx512vl") &&
                   __builtin_cpu_supports ("avx512dq") &&
                   __builtin_cpu_supports ("avx512bw")
               ? &pst_kernels_avx512
               : NULL;
  if (strcmp (name, "avx2") == 0)
    return __builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma")
               ? &pst_kernels_avx2
               : NULL;
#endif
  return strcmp (name, "baseline") == 0 ? &pst_kernels_baseline : NULL;
}

const PstKernels *
pst_kernels (void)
{
  static gsize chosen = 0;

  if (g_once_init_enter (&chosen))
    {
      const char       *order[] = { "avx512", "avx2", "baseline" };
      const char       *mask = g_getenv ("PASTICHE_ISA");
      const PstKernels *kernels = mask ? pst_kernels_named (mask) : NULL;

      for (gsize i = 0; i < G_N_ELEMENTS (order) && ! kernels; i++)
        kernels = pst_kernels_named (order[i]);
      g_once_init_leave (&chosen, (gsize) kernels);
    }
  return (const PstKernels *) chosen;
}
