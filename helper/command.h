/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/* Exit statuses. */
#define HELPER_DONE 0
#define HELPER_FAILED 1
#define HELPER_USAGE 2

/**
 * HelperCommand:
 * @name: what is typed after "pastiche"
 * @summary: a line for the list, to be translated
 * @run: gets the arguments, its own name first; returns the exit status
 */
typedef struct
{
  const char *name;
  const char *summary;
  int       (*run) (int argc, char **argv);
} HelperCommand;

int helper_apply (int argc, char **argv);
int helper_eval (int argc, char **argv);
int helper_info (int argc, char **argv);
int helper_sheet (int argc, char **argv);

/* "pastiche: text" on standard error; returns @status. */
int helper_fail (int status, const char *text);

/**
 * helper_parse:
 * @usage: what follows the options, such as "MODEL IN OUT"
 * @n_words: (array length): how many words must be left; -1 for any
 * @words: (out) (transfer full): those words
 *
 * Returns: %FALSE where the arguments are wrong (said already)
 */
gboolean helper_parse (int argc, char **argv, const GOptionEntry *entries,
                       const char *usage, const char *summary, int n_words,
                       char ***words);
