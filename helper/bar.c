/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "helper/bar.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BAR_WIDTH 40

gboolean
helper_bar_wanted (gboolean quiet)
{
  return ! quiet && isatty (STDERR_FILENO);
}

void
helper_bar_show (double fraction, gpointer unused)
{
  char bar[BAR_WIDTH + 1] = "";
  int  done = (int) (fraction * BAR_WIDTH);

  memset (bar, '#', done);
  memset (bar + done, '.', BAR_WIDTH - done);
  fprintf (stderr, "\r[%s] %3.0f %%", bar, fraction * 100);
  fflush (stderr);
}

void
helper_bar_clear (void)
{
  fprintf (stderr, "\r%*s\r", BAR_WIDTH + 8, "");
}
