/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/train/report.h"
#include "core/train/trainer-private.h"

struct _PstReport
{
  PstTrainer              *trainer;
  const PstTrainerOptions *options;
  GPtrArray               *thumbnails; /* (GPtrArray of (nullable) char): data
                                          URIs of the styles' pictures */
  GHashTable              *sheets;     /* step -> data URI, small */
  GPtrArray               *folders;    /* whose names nobody needs to see */
};

/* report-pictures.c */

/* At most a few of each style; both levels may be empty. */
GPtrArray *pst_report_thumbnails (PstTrainer *trainer);

/* "MODEL.step-001500.png"; transfer full */
char *pst_report_sheet_path (const char *out, gint64 step);

/* The newest sheet and some before it, from the first on in steps that grow
 * by a factor: at most %PST_REPORT_SHEETS. (element-type PstSheet) */
#define PST_REPORT_SHEETS 10
typedef struct
{
  gint64 step;
  char  *uri;
} PstSheet;
GPtrArray *pst_report_sheets (PstReport *report);

/* Which @most of @n steps, which grow, are to be shown; returns how many. */
guint pst_report_choose (const gint64 *steps, guint n, guint *chosen,
                         guint most);

/* report-names.c */

/* Those that the training's files lie in, with '/' at the end, the longest
 * first. @out: path of the model. (element-type filename) (transfer full) */
GPtrArray *pst_report_folders (const PstTrainer *trainer, const char *out);
/* @text with each path as it goes on from the data folder, or else without
 * what it begins with; transfer full */
char *pst_report_shorten (const PstReport *report, const char *text);

/* report-curves.c */
void pst_report_append_curves (GString *html, const PstTrainer *trainer);

/* report-facts.c */
void pst_report_append_styles (GString *html, const PstReport *report);
void pst_report_append_photos (GString *html, const PstReport *report);
void pst_report_append_facts (GString *html, const PstReport *report);

/* What this program runs on, such as "1 of 2 cores, AVX-512"; transfer full */
char *pst_report_hardware (const PstTrainer *trainer);

/* report-style.c */
extern const char pst_report_style[];
