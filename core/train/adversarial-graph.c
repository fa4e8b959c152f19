/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The two graphs of a step, and their plans. */
#include "core/train/adversarial-private.h"

#include "core/train/losses.h"
#include "core/train/penalty.h"

gboolean
pst_adversarial_has_judges (const PstAdversarialStep *step)
{
  return step->settings->adversarial > 0 &&
         step->players->discriminators->len > 0;
}

void
pst_adversarial_add_term (PstAdversarialStep *step, PstGraph *graph,
                          GPtrArray *seeds, PstTermKind kind, double weight,
                          PstValue *value)
{
  static const char *const names[PST_N_TERMS] = {
    "loss.content", "loss.style", "loss.variation", "loss.identity",
    "loss.adversarial", "loss.patches", "loss.saturation",
  };
  PstTerm term = { kind, weight };

  pst_graph_add_output (graph, value, names[kind]);
  g_ptr_array_add (seeds, value);
  g_array_append_val (step->terms, term);
}

/* Channels of style layer @i. */
static gint64
layer_channels (const PstAdversarialStep *step, int i)
{
  GPtrArray *moments = step->players->moments->pdata[0];

  if (step->recipe->style_form == PST_STYLE_COVARIANCE)
    i *= 2;
  return ((PstArray *) moments->pdata[i])->tensor.shape.dim[0];
}

/* Moments to aim at: @part of them are the photo's. */
static void
aim_between (PstGraph *graph, PstStyleForm form, PstValue *photo,
             PstValue *part, PstValue **second, PstValue **first)
{
  PstValue *mean, *gram = pst_style_moments (graph, form, photo, &mean);

  *second = pst_loss_between (graph, *second, gram, part, 3);
  if (*first)
    *first = pst_loss_between (graph, *first, mean, part, 2);
}

static void
add_feature_terms (PstAdversarialStep *step, PstGraph *graph,
                   GPtrArray *seeds, PstValue *photo, PstValue *pastiche,
                   PstValue *part)
{
  const PstRecipe      *recipe = step->recipe;
  PstFeatures          *features = step->players->features;
  g_autoptr (GPtrArray) of_photo = NULL;
  g_autoptr (GPtrArray) of_pastiche = NULL;

  of_photo = pst_graph_append (graph, features->graph, &photo, "photo/");
  of_pastiche = pst_graph_append (graph, features->graph, &pastiche,
                                  "features/");
  for (int i = 0; i < features->n_content; i++)
    pst_adversarial_add_term (step, graph, seeds, PST_TERM_CONTENT, recipe->content[i].weight,
              pst_loss_content (graph, pst_recipe_content_form (recipe, i),
                                of_pastiche->pdata[i], of_photo->pdata[i]));
  for (int i = 0; i < features->n_style; i++)
    {
      PstValue *map = of_pastiche->pdata[features->n_content + i];
      PstValue *second, *first = NULL;
      gint64    c = layer_channels (step, i);
      PstShape  square = PST_SHAPE (-1, c, c), row = PST_SHAPE (-1, c);

      second = pst_graph_add_input (graph, "second", PST_FLOAT32, &square);
      if (recipe->style_form == PST_STYLE_COVARIANCE)
        first = pst_graph_add_input (graph, "first", PST_FLOAT32, &row);
      if (step->settings->blend_share > 0)
        aim_between (graph, recipe->style_form,
                     of_photo->pdata[features->n_content + i], part, &second,
                     &first);
      pst_adversarial_add_term (step, graph, seeds, PST_TERM_STYLE,
                                recipe->style[i].weight,
                                pst_loss_style (graph, recipe->style_form, map,
                                                second, first));
    }
}

/* The content as the generator itself sees it, in the sample's style. */
static void
add_encoder_term (PstAdversarialStep *step, PstGraph *graph, GPtrArray *seeds,
                  PstValue *style, PstValue *photo, PstValue *pastiche)
{
  PstGraph             *encoder = step->players->encoder->graph;
  PstValue             *in[] = { photo, style };
  g_autoptr (GPtrArray) wanted = NULL;
  g_autoptr (GPtrArray) have = NULL;

  wanted = pst_graph_append (graph, encoder, in, "wanted/");
  in[0] = pastiche;
  have = pst_graph_append (graph, encoder, in, "have/");
  pst_adversarial_add_term (step, graph, seeds, PST_TERM_CONTENT,
                            step->recipe->encoder,
                            pst_loss_content (graph, PST_CONTENT_ABSOLUTE,
                                              have->pdata[0],
                                              wanted->pdata[0]));
}

gboolean
pst_adversarial_has_penalty (const PstAdversarialStep *step)
{
  return step->recipe->adversarial_form == PST_ADVERSARIAL_WGAN_GP &&
         step->recipe->penalty > 0;
}

/* @picture as discriminator @i takes it. */
static PstValue *
add_pool (PstAdversarialStep *step, PstGraph *graph, guint i,
          PstValue *picture)
{
  const PstRecipeDiscriminator *shape = step->recipe->discriminators->pdata[i];

  return pst_loss_pool (graph, picture, shape->pool);
}

/* Discriminator @i's logits for what add_pool() gives. */
static PstValue *
add_logits (PstAdversarialStep *step, PstGraph *graph, guint i,
            PstValue *picture, const char *room)
{
  PstSpectral          *spectral = step->players->discriminators->pdata[i];
  g_autofree char      *prefix = g_strdup_printf ("%s%u/", room, i);
  g_autoptr (GPtrArray) logits = NULL;

  logits = pst_graph_append (graph, spectral->network->graph, &picture,
                             prefix);
  return logits->pdata[0];
}

/* Inputs as in PstGeneratorInput; outputs pastiche and the losses, each
 * [N]. */
static PstGraph *
generator_graph (PstAdversarialStep *step, GPtrArray *seeds)
{
  PstGraph             *graph = pst_graph_new ();
  g_autoptr (GPtrArray) outputs = NULL;
  PstValue             *in[2], *photo, *judged, *part, *pastiche;
  PstShape              shape = PST_SHAPE (-1, 3, -1, -1);
  PstShape              row = PST_SHAPE (-1, step->n_styles);
  PstShape              each = PST_SHAPE (-1);
  guint                 n_judges = 0;

  in[0] = pst_graph_add_input (graph, "image", PST_FLOAT32, &shape);
  in[1] = pst_graph_add_input (graph, "style", PST_FLOAT32, &row);
  photo = pst_graph_add_input (graph, "photo", PST_FLOAT32, &shape);
  judged = pst_graph_add_input (graph, "judged", PST_FLOAT32, &row);
  part = pst_graph_add_input (graph, "part", PST_FLOAT32, &each);
  outputs = pst_graph_append (graph, step->players->generator->graph, in,
                              "generator/");
  pastiche = outputs->pdata[0];
  pst_graph_add_output (graph, pastiche, "pastiche");
  add_feature_terms (step, graph, seeds, photo, pastiche, part);
  pst_adversarial_add_term (step, graph, seeds, PST_TERM_VARIATION, 1,
            pst_loss_variation (graph, pastiche));
  pst_adversarial_add_term (step, graph, seeds, PST_TERM_IDENTITY, 1,
            pst_loss_difference (graph, pastiche, photo));
  if (step->recipe->encoder > 0 && step->players->encoder)
    add_encoder_term (step, graph, seeds, in[1], photo, pastiche);
  if (pst_adversarial_has_patches (step))
    pst_adversarial_add_patches (step, graph, seeds, pastiche);
  if (step->settings->saturation > 0)
    pst_adversarial_add_term (step, graph, seeds, PST_TERM_SATURATION, 1,
              pst_loss_saturation (graph, pastiche->producer->in[0]));
  if (pst_adversarial_has_judges (step))
    n_judges = step->players->discriminators->len;
  for (guint i = 0; i < n_judges; i++)
    {
      PstValue *logits;

      logits = add_logits (step, graph, i, add_pool (step, graph, i, pastiche),
                           "discriminator");
      pst_adversarial_add_term (step, graph, seeds, PST_TERM_ADVERSARIAL, 1,
                pst_loss_adversarial (graph, step->recipe->adversarial_form,
                                      pst_loss_pick (graph, logits, judged),
                                      NULL));
    }
  pst_graph_seal (graph);
  return graph;
}

/* Inputs between, between-style; an output [N] for each discriminator. */
static void
add_penalties (PstAdversarialStep *step, PstGraph *graph, GPtrArray *seeds)
{
  PstShape  shape = PST_SHAPE (-1, 3, -1, -1);
  PstShape  row = PST_SHAPE (-1, step->n_styles);
  PstValue *between, *style;

  between = pst_graph_add_input (graph, "between", PST_FLOAT32, &shape);
  style = pst_graph_add_input (graph, "between-style", PST_FLOAT32, &row);
  for (guint i = 0; i < step->players->discriminators->len; i++)
    {
      const PstRecipeDiscriminator *one;
      PstValue *picture = add_pool (step, graph, i, between);
      PstValue *logits, *loss;

      one = step->recipe->discriminators->pdata[i];
      logits = add_logits (step, graph, i, picture, "between");
      loss = pst_loss_penalty (graph, logits, picture, style,
                               step->crop / one->pool);
      pst_graph_add_output (graph, loss, "penalty");
      g_ptr_array_add (seeds, loss);
    }
}

/* Inputs picture, style, sign, and those of add_penalties(); for each
 * discriminator an output [2N], then the penalties, then for each the logits
 * that it came from, [2N,h,w]. */
static PstGraph *
discriminator_graph (PstAdversarialStep *step, GPtrArray *seeds)
{
  g_autoptr (GPtrArray) judged = g_ptr_array_new ();
  PstGraph *graph = pst_graph_new ();
  PstValue *picture, *style, *sign;
  PstShape  shape = PST_SHAPE (-1, 3, -1, -1);
  PstShape  row = PST_SHAPE (-1, step->n_styles);
  PstShape  one = PST_SHAPE (-1, 1, 1);

  picture = pst_graph_add_input (graph, "picture", PST_FLOAT32, &shape);
  style = pst_graph_add_input (graph, "style", PST_FLOAT32, &row);
  sign = pst_graph_add_input (graph, "sign", PST_FLOAT32, &one);
  for (guint i = 0; i < step->players->discriminators->len; i++)
    {
      PstValue *logits, *loss;

      logits = add_logits (step, graph, i, add_pool (step, graph, i, picture),
                           "discriminator");
      logits = pst_loss_pick (graph, logits, style);
      g_ptr_array_add (judged, logits);
      loss = pst_loss_adversarial (graph, step->recipe->adversarial_form,
                                   logits, sign);
      pst_graph_add_output (graph, loss, "loss");
      g_ptr_array_add (seeds, loss);
    }
  if (pst_adversarial_has_penalty (step))
    add_penalties (step, graph, seeds);
  for (guint i = 0; i < judged->len; i++)
    pst_graph_add_output (graph, judged->pdata[i], "judged");
  pst_graph_seal (graph);
  return graph;
}

static PstPlan *
plan_training (PstGraph *graph, const PstShape *shapes, GPtrArray *gradients,
               GPtrArray *seeds, PstPool *pool, guint64 budget,
               GError **error)
{
  PstPlanOptions options = { 0 };

  options.input_shapes = shapes;
  options.n_workers = pst_pool_get_size (pool);
  options.budget = budget;
  options.gradients = gradients;
  options.seeds = seeds;
  return pst_plan_new (graph, &options, error);
}

gboolean
pst_adversarial_plan_generator (PstAdversarialStep *step, PstPool *pool,
                                guint64 budget, GError **error)
{
  g_autoptr (GPtrArray) seeds = g_ptr_array_new ();
  g_autoptr (GPtrArray) values = g_ptr_array_new ();
  g_autoptr (PstGraph)  graph = generator_graph (step, seeds);
  GPtrArray            *moments = step->players->moments->pdata[0];
  PstShape              shapes[PST_INPUT_MOMENTS + 2 * PST_MAX_LAYERS +
                               PST_MAX_PATCH_INPUTS];

  shapes[PST_INPUT_IMAGE] = PST_SHAPE (step->batch, 3, step->crop, step->crop);
  shapes[PST_INPUT_MIX] = PST_SHAPE (step->batch, step->n_styles);
  shapes[PST_INPUT_PHOTO] = shapes[PST_INPUT_IMAGE];
  shapes[PST_INPUT_JUDGED] = shapes[PST_INPUT_MIX];
  shapes[PST_INPUT_PART] = PST_SHAPE (step->batch);
  for (guint i = 0; i < moments->len; i++)
    {
      const PstShape *one = &((PstArray *) moments->pdata[i])->tensor.shape;

      shapes[PST_INPUT_MOMENTS + i] = pst_shape (one->rank + 1, (gint64[]) {
        step->batch, one->dim[0], one->rank > 1 ? one->dim[1] : 0 });
    }
  if (pst_adversarial_has_patches (step))
    pst_adversarial_patch_shapes (step, shapes + step->patches);
  pst_network_find_weights (step->players->generator, graph, values);
  g_return_val_if_fail (values->len == step->players->generator->weights->len,
                        FALSE);
  for (guint i = values->len; i-- > 0;)
    if (! pst_network_trains (step->players->generator, i,
                              step->settings->train))
      g_ptr_array_remove_index (values, i);
  step->g_plan = plan_training (graph, shapes, values, seeds, pool, budget,
                                error);
  return step->g_plan != NULL;
}

gboolean
pst_adversarial_plan_discriminators (PstAdversarialStep *step, PstPool *pool,
                                     guint64 budget, GError **error)
{
  g_autoptr (GPtrArray) seeds = g_ptr_array_new ();
  g_autoptr (GPtrArray) values = g_ptr_array_new ();
  g_autoptr (PstGraph)  graph = discriminator_graph (step, seeds);
  gint64                n = 2 * step->batch;
  PstShape              shapes[PST_N_JUDGE_INPUTS];

  shapes[PST_INPUT_PICTURE] = PST_SHAPE (n, 3, step->crop, step->crop);
  shapes[PST_INPUT_STYLE] = PST_SHAPE (n, step->n_styles);
  shapes[PST_INPUT_SIGN] = PST_SHAPE (n, 1, 1);
  shapes[PST_INPUT_BETWEEN] = PST_SHAPE (n / 2, 3, step->crop, step->crop);
  shapes[PST_INPUT_BETWEEN_STYLE] = PST_SHAPE (n / 2, step->n_styles);
  for (guint i = 0; i < step->players->discriminators->len; i++)
    {
      PstSpectral *spectral = step->players->discriminators->pdata[i];

      pst_network_find_weights (spectral->network, graph, values);
    }
  step->d_plan = plan_training (graph, shapes, values, seeds, pool, budget,
                                error);
  return step->d_plan != NULL;
}
