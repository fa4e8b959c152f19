/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/bench/serve.h"

#include <stdio.h>
#include <string.h>

double
bench_now (void)
{
  return g_get_monotonic_time () / 1e6;
}

guint64
bench_status (const char *key)
{
  g_autofree char *text = NULL;
  const char      *at;

  if (! g_file_get_contents ("/proc/self/status", &text, NULL, NULL))
    return 0;
  at = strstr (text, key);
  return at ? g_ascii_strtoull (at + strlen (key), NULL, 10) * 1024 : 0;
}

void
bench_print_memory (const BenchService *service)
{
  printf ("\"before\": %" G_GUINT64_FORMAT ", \"peak\": %" G_GUINT64_FORMAT,
          service->before, bench_status ("VmHWM:"));
  if (service->engine)
    printf (", \"engine\": %" G_GUINT64_FORMAT, service->engine);
}

gboolean
bench_serve (const BenchService *service, gpointer data, GError **error)
{
  char line[4096];

  printf ("{%s}\n", service->made);
  fflush (stdout);
  while (fgets (line, sizeof line, stdin))
    {
      g_strchomp (line);
      printf ("{");
      if (g_str_equal (line, "run"))
        printf ("\"seconds\": %.6f", service->pass (data));
      else if (g_str_equal (line, "memory"))
        bench_print_memory (service);
      else if (service->save && g_str_has_prefix (line, "save "))
        {
          if (! service->save (data, line + 5, error))
            return FALSE;
        }
      else
        printf ("\"error\": \"no such command\"");
      printf ("}\n");
      fflush (stdout);
    }
  return TRUE;
}
