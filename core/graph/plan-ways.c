/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/graph/plan-private.h"
#include "core/graph/rewrite.h"

/* Ways to plan an inference, the fastest first; sizes in parts of the largest
 * map, 0 for none. */
static const struct
{
  int chain;
  int packed;
  int packed_sums;
} ways[PST_PLAN_WAYS] = {
  { 0, 0, 0 }, { 0, 1, 0 }, { 0, 16, 1 }, { 1, 16, 1 }, { 2, 16, 1 },
};

static gsize
part (gsize largest, int parts)
{
  return parts && largest ? MAX (1, largest / parts) : G_MAXSIZE;
}

static PstPlan *
plan_way (PstGraph *graph, const PstPlanOptions *options, int way,
          gsize *largest, GError **error)
{
  const PstStreamOptions stream = { part (*largest, ways[way].chain),
                                    part (*largest, ways[way].packed),
                                    ways[way].packed_sums };

  return pst_plan_place (pst_rewrite_stream (graph, &stream, largest), options,
                         NULL, NULL, error);
}

PstPlan *
pst_plan_stream (PstGraph *graph, const PstPlanOptions *options,
                 GError **error)
{
  gsize               largest = 0;
  g_autoptr (PstPlan) best = plan_way (graph, options, 0, &largest, error);

  for (int way = 1; way < PST_PLAN_WAYS && best && largest; way++)
    {
      PstPlan *plan;

      if (options->way > 0 ? way > options->way
                           : ! options->budget ||
                                 best->total <= options->budget)
        break;
      plan = plan_way (graph, options, way, &largest, error);
      if (plan && ! options->way && plan->total >= best->total)
        {
          pst_plan_unref (plan);
          continue;
        }
      pst_plan_unref (best);
      best = plan;
    }
  return g_steal_pointer (&best);
}
