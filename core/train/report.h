/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/train/trainer.h"

/**
 * PstReport:
 *
 * What people see of a training: an HTML file with all of it inside (styles,
 * curves, sample sheets, recipe), which needs no network and no scripts.
 */
typedef struct _PstReport PstReport;

/**
 * PstReportState:
 * @left: seconds; NaN where that isn't known
 * @ended: no more steps will be made
 */
typedef struct
{
  double   left;
  gboolean ended;
} PstReportState;

/* Both must outlive the report. */
PstReport *pst_report_new (PstTrainer *trainer,
                           const PstTrainerOptions *options);
void       pst_report_free (PstReport *report);

/* "MODEL.onnx" -> "MODEL.report.html"; transfer full */
char *pst_report_path (const char *out);

/**
 * pst_report_write:
 *
 * Writes the report as the training stands, whole or not at all. Pictures
 * that cannot be had are left out.
 *
 * Returns: %FALSE with %PST_ERROR_FILE
 */
gboolean pst_report_write (PstReport *report, const PstReportState *state,
                           GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstReport, pst_report_free)
