/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Measures of two made-up pictures, for measures.py to repeat: writes what
 * they are taken of into a folder, then prints them.
 *
 *   measures FOLDER */
#include "core/eval/luminance.h"
#include "core/eval/patches.h"
#include "core/eval/viewer.h"
#include "core/train/test-network.h"
#include "tests/torch/output.h"

#define WIDTH 150
#define HEIGHT 121

static PstPicture *
make_picture (Output *to, const char *name, double pace, double noise)
{
  PstPicture       *picture = test_network_waves (WIDTH, HEIGHT, pace);
  g_autofree float *floats = g_new (float, WIDTH * HEIGHT * 3);
  PstShape          shape = PST_SHAPE (1, HEIGHT, WIDTH, 3);

  for (int i = 0; i < WIDTH * HEIGHT * 3; i++)
    picture->data[i] = (guint8) (picture->data[i] + noise *
                                 pst_random_range (&to->random, -1, 1));
  pst_picture_to_floats (picture, floats);
  output_numbers (to, name, &shape, floats);
  return picture;
}

static PstPatches *
take_patches (Output *to, const char *name, const PstPicture *picture, guint n)
{
  PstPatches *patches = pst_patches_new ();
  PstShape    shape = PST_SHAPE (n, 7, 7, 3);

  pst_patches_add (patches, picture, n, n);
  for (int i = 0; i < PST_PATCH_SCALES; i++)
    {
      g_autofree char *full = g_strdup_printf ("%s%d", name, i);

      output_numbers (to, full, &shape, pst_patches_numbers (patches, i));
    }
  return patches;
}

static void
write_weights (Output *to, PstGraph *graph)
{
  GPtrArray *values = pst_graph_get_values (graph);
  int        k = 0;

  for (guint i = 0; i < values->len; i++)
    {
      const PstValue  *value = values->pdata[i];
      g_autofree char *name = NULL;

      if (value->kind != PST_VALUE_PARAMETER)
        continue;
      name = g_strdup_printf ("weight%d", k++);
      output_numbers (to, name, &value->array->tensor.shape,
                      value->array->tensor.data);
    }
}

int
main (int argc, char **argv)
{
  static const char *const content[] = { "deep", NULL };
  static const char *const style[] = { "shallow", "deep", NULL };
  g_autoptr (PstGraph)   graph = test_network_new ();
  g_autoptr (PstViewer)  viewer = NULL;
  g_autoptr (PstView)    of_a = NULL, of_b = NULL;
  g_autoptr (PstPicture) a = NULL, b = NULL;
  g_autoptr (PstPatches) from_a = NULL, from_b = NULL;
  PstLikeness            likeness;
  double                 distance[PST_PATCH_SCALES];
  Output                 to = { 0 };

  if (argc != 2)
    g_error ("usage: measures FOLDER");
  output_open (&to, argv[1]);
  pst_random_init (&to.random, 7, PST_STREAM_TEST, 0);
  a = make_picture (&to, "a", 0.3, 10);
  b = make_picture (&to, "b", 1.1, 30);
  write_weights (&to, graph);
  from_a = take_patches (&to, "patches_a", a, 1500);
  from_b = take_patches (&to, "patches_b", b, 1500);
  fclose (to.manifest);
  viewer = pst_viewer_new (graph, content, style, NULL, NULL);
  of_a = pst_viewer_look (viewer, a, NULL);
  of_b = pst_viewer_look (viewer, b, NULL);
  pst_luminance_compare (a, b, &likeness);
  pst_patches_distance (from_a, from_b, 1, distance);
  printf ("%.9g %.9g %.9g %.9g %.9g %.9g %.9g %.9g\n",
          pst_view_gram_distance (of_a, of_b),
          pst_view_moments_distance (of_a, of_b),
          pst_view_content_distance (of_a, of_b), likeness.distance,
          likeness.correlation, distance[0], distance[1], distance[2]);
  return 0;
}
