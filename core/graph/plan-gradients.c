/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which gradients a training plan works out. */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "core/graph/op.h"
#include "core/graph/plan-private.h"

/* Which values the seeded ones are made from. */
static gboolean *
find_leading (const PstPlan *plan)
{
  gboolean *leads = g_new0 (gboolean, plan->n_values);

  for (guint i = 0; i < plan->seeds->len; i++)
    leads[((PstValue *) plan->seeds->pdata[i])->index] = TRUE;
  for (guint i = plan->n_steps; i-- > 0;)
    {
      PstNode *node = plan->steps[i].node;
      gboolean any = FALSE;

      for (int k = 0; k < node->n_out; k++)
        any |= node->out[k] && leads[node->out[k]->index];
      for (int k = 0; k < node->n_in && any; k++)
        if (node->in[k])
          leads[node->in[k]->index] = TRUE;
    }
  return leads;
}

/* An operator that makes float numbers from float numbers and has no backward
 * pass would stop gradients without a word; a flat one does so rightly. */
static gboolean
stops (const PstNode *node, const gboolean *wanted, const gboolean *leads)
{
  gboolean in = FALSE, out = FALSE;

  for (int k = 0; k < node->n_in; k++)
    in |= node->in[k] && node->in[k]->info.dtype == PST_FLOAT32 &&
          wanted[node->in[k]->index];
  for (int k = 0; k < node->n_out; k++)
    out |= node->out[k] && node->out[k]->info.dtype == PST_FLOAT32 &&
           leads[node->out[k]->index];
  return in && out && ! node->op->backward &&
         ! (node->op->flags & PST_OP_FLAT);
}

static gboolean
check_operators (const PstPlan *plan, const gboolean *wanted, GError **error)
{
  g_autofree gboolean *leads = NULL;

  if (! plan->training)
    return TRUE;
  leads = find_leading (plan);
  for (guint i = 0; i < plan->n_steps; i++)
    if (stops (plan->steps[i].node, wanted, leads))
      {
        g_autofree char *who = pst_node_describe (plan->steps[i].node);

        g_set_error (error, PST_ERROR, PST_ERROR_UNSUPPORTED,
                     _ ("%s: this operator has no gradient here, so what "
                        "comes before it cannot be trained; use another one"),
                     who);
        return FALSE;
      }
  return TRUE;
}

gboolean *
pst_plan_find_gradients (PstPlan *plan, GError **error)
{
  gboolean *wanted = g_new0 (gboolean, plan->n_values);
  gboolean *reached = g_new0 (gboolean, plan->n_values);

  for (guint i = 0; plan->training && i < plan->gradients->len; i++)
    if (plan->gradients->pdata[i])
      wanted[((PstValue *) plan->gradients->pdata[i])->index] = TRUE;
  for (guint i = 0; i < plan->n_steps; i++)
    {
      PstNode *node = plan->steps[i].node;
      gboolean any = FALSE;

      for (int k = 0; k < node->n_in; k++)
        any |= node->in[k] && wanted[node->in[k]->index];
      for (int k = 0; k < node->n_out && any && node->op->backward; k++)
        if (node->out[k] && node->out[k]->info.dtype == PST_FLOAT32)
          wanted[node->out[k]->index] = TRUE;
    }

  if (! check_operators (plan, wanted, error))
    {
      g_free (wanted);
      g_free (reached);
      return NULL;
    }
  for (guint i = 0; plan->training && i < plan->seeds->len; i++)
    reached[((PstValue *) plan->seeds->pdata[i])->index] = TRUE;
  for (guint i = plan->n_steps; i-- > 0;)
    {
      PstNode *node = plan->steps[i].node;
      gboolean any = FALSE;

      for (int k = 0; k < node->n_out; k++)
        any |= node->out[k] && reached[node->out[k]->index] &&
               wanted[node->out[k]->index];
      for (int k = 0; k < node->n_in && any; k++)
        if (node->in[k] && wanted[node->in[k]->index])
          {
            reached[node->in[k]->index] = TRUE;
            plan->steps[i].backward = TRUE;
          }
    }
  for (guint i = 0; i < plan->n_values; i++)
    wanted[i] = wanted[i] && reached[i];
  g_free (reached);
  return wanted;
}
