/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/pst.h"

/* What several commands take, as typed. Errors are %PST_ERROR_ARGUMENT. */

/**
 * HelperUsual:
 * @memory: (nullable): such as "800M"
 * @quality: 1 to 100
 *
 * Of every command that paints and writes pictures.
 */
typedef struct
{
  int      threads;
  char    *memory;
  int      quality;
  gboolean quiet;
} HelperUsual;

#define HELPER_USUAL_INIT { .quality = 92 }

/* Its options, for a table of GOptionEntry. */
#define HELPER_USUAL_ENTRIES(usual)                                           \
  { "threads", 0, 0, G_OPTION_ARG_INT, &(usual).threads,                      \
    N_ ("How many to use; 0: one for each core"), "N" },                      \
  { "memory", 0, 0, G_OPTION_ARG_STRING, &(usual).memory,                     \
    N_ ("Most to use, such as 800M or 4G; else half of what is free"),        \
    N_ ("SIZE") },                                                            \
  { "quality", 0, 0, G_OPTION_ARG_INT, &(usual).quality,                      \
    N_ ("1 to 100, for JPEG and WebP (WebP loses nothing at 100)"), "N" },    \
  { "quiet", 'q', 0, G_OPTION_ARG_NONE, &(usual).quiet,                       \
    N_ ("Show no progress and no notes"), NULL }

/* Threads and memory go to @controls. */
gboolean helper_usual_check (const HelperUsual *usual, PstControls *controls,
                             GError **error);

/**
 * helper_words_strengths:
 * @text: (nullable): such as "25,50"; 100 where there is none
 *
 * Returns: (transfer full) (nullable) (element-type double): at least one
 */
GArray *helper_words_strengths (const char *text, GError **error);
