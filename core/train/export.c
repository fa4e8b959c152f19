/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/train/trainer-private.h"

#include <string.h>

#include "core/onnx/onnx.h"
#include "core/style/metadata.h"

#define THUMBNAIL_SIDE 160  /* shorter side, pixels */
#define THUMBNAIL_PAINT 480 /* painted at, then shrunk */

/* The thumbnail photo in each style, JPEG; all NULL where there is none. */
static GPtrArray *
make_thumbnails (PstTrainer *trainer, GError **error)
{
  const PstTrainHost    *host = trainer->host;
  guint                  n = pst_recipe_count_own (trainer->recipe);
  g_autoptr (GPtrArray)  all = NULL;
  g_autoptr (PstPicture) photo = NULL;
  g_autoptr (PstPainter) painter = NULL;

  all = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  if (! trainer->recipe->thumbnail || ! host->encode)
    return g_steal_pointer (&all);
  photo = host->load (trainer->recipe->thumbnail, THUMBNAIL_PAINT, host->data,
                      error);
  if (photo)
    painter = pst_painter_new (trainer, photo->width, photo->height, error);
  if (! painter)
    return NULL;
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (PstPicture) large = NULL, small = NULL;
      GBytes                *bytes;

      large = pst_picture_try (photo->width, photo->height, error);
      if (! large)
        return NULL;
      pst_picture_put (large, 0, 0,
                       pst_painter_paint (painter, photo, (int) i + 1),
                       photo->width, photo->height);
      small = pst_picture_scale (large, THUMBNAIL_SIDE);
      bytes = host->encode (small, host->data, error);
      if (! bytes)
        return NULL;
      g_ptr_array_add (all, bytes);
    }
  return g_steal_pointer (&all);
}

static PstMetadata *
make_metadata (PstTrainer *trainer, GError **error)
{
  const PstRecipe       *recipe = trainer->recipe;
  g_autoptr (GPtrArray)  thumbnails = make_thumbnails (trainer, error);
  PstMetadata           *metadata;

  if (! thumbnails)
    return NULL;
  metadata = pst_metadata_new (recipe->title);
  metadata->licence = g_strdup (recipe->licence);
  metadata->recipe = g_strdup (recipe->text);
  metadata->grain = recipe->grain;
  metadata->figures = g_strdup_printf ("{\"steps\":%" G_GINT64_FORMAT "}",
                                       trainer->n_steps);
  pst_metadata_add_style (metadata, PST_STYLE_IDENTITY, "", "", "", NULL);
  for (guint i = 0; i < recipe->styles->len; i++)
    {
      const PstRecipeStyle *style = recipe->styles->pdata[i];

      if (! style->shown)
        continue;
      pst_metadata_add_style (metadata, style->id, style->title,
                              style->credit, style->licence,
                              i < thumbnails->len ? thumbnails->pdata[i]
                                                  : style->thumbnail);
    }
  return metadata;
}

/* @to has the columns of @from that @recipe shows: their rows of the tables,
 * and all other weights as they are. */
static void
copy_shown (const PstRecipe *recipe, const PstNetwork *from, PstNetwork *to)
{
  for (guint i = 0; i < from->weights->len; i++)
    {
      const PstTensor *a = &((PstArray *) from->weights->pdata[i])->tensor;
      const PstTensor *b = &((PstArray *) to->weights->pdata[i])->tensor;
      gint64           n = pst_tensor_count (a) / a->shape.dim[0];
      float           *row = b->data;

      for (gint64 k = 0; k < a->shape.dim[0]; k++)
        {
          const PstRecipeStyle *style = NULL;

          if (a->shape.dim[0] != b->shape.dim[0] && k > 0)
            style = recipe->styles->pdata[k - 1];
          if (style && ! style->shown)
            continue;
          memcpy (row, (const float *) a->data + k * n, sizeof (float) * n);
          row += n;
        }
    }
}

/* The averaged network with the shown styles alone. */
static PstNetwork *
shown_network (PstTrainer *trainer, int n_styles)
{
  const PstRecipe *recipe = trainer->recipe;
  PstNetwork      *network;

  network = pst_network_generator (recipe->width, recipe->blocks, n_styles,
                                   recipe->epsilon, recipe->skip,
                                   recipe->seed);
  copy_shown (recipe, trainer->average, network);
  return network;
}

/* The averaged student; no style model, so without a style's metadata. */
static gboolean
export_student (PstTrainer *trainer, const char *path, GError **error)
{
  const PstRecipe      *recipe = trainer->recipe;
  g_autoptr (PstGraph)  graph = pst_graph_new ();
  g_autoptr (GPtrArray) out = NULL;
  PstShape              shape = PST_SHAPE (-1, 3, -1, -1);
  PstValue             *image;

  image = pst_graph_add_input (graph, "image", PST_FLOAT32, &shape);
  out = pst_graph_append (graph, trainer->average->graph, &image, NULL);
  for (guint i = 0; i < out->len; i++)
    pst_graph_add_output (graph, out->pdata[i], recipe->style[i].name);
  pst_graph_set_metadata (graph, PST_METADATA_TITLE, recipe->title);
  pst_graph_set_metadata (graph, PST_METADATA_LICENCE, recipe->licence);
  pst_graph_set_metadata (graph, PST_METADATA_RECIPE, recipe->text);
  pst_graph_seal (graph);
  return pst_onnx_save (graph, path, error);
}

gboolean
pst_export_model (PstTrainer *trainer, const char *path, GError **error)
{
  g_autoptr (PstMetadata) metadata = NULL;
  g_autoptr (PstGraph)    graph = pst_graph_new ();
  g_autoptr (GPtrArray)   out = NULL;
  PstNetwork             *network;
  PstShape                shape = PST_SHAPE (-1, 3, -1, -1);
  PstShape                row;
  PstValue               *in[2];
  int                     n_styles = 1;

  if (trainer->channels)
    return export_student (trainer, path, error);
  metadata = make_metadata (trainer, error);
  if (! metadata)
    return FALSE;
  for (guint i = 0; i < trainer->recipe->styles->len; i++)
    n_styles += ((PstRecipeStyle *) trainer->recipe->styles->pdata[i])->shown;
  row = PST_SHAPE (-1, n_styles);
  network = shown_network (trainer, n_styles);
  in[0] = pst_graph_add_input (graph, "image", PST_FLOAT32, &shape);
  in[1] = pst_graph_add_input (graph, "style", PST_FLOAT32, &row);
  out = pst_graph_append (graph, network->graph, in, NULL);
  pst_network_free (network);
  pst_graph_add_output (graph, out->pdata[0], "pastiche");
  pst_metadata_pack (metadata, graph);
  pst_graph_seal (graph);
  return pst_onnx_save (graph, path, error);
}
