/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/train/trainer-fixture.h"

#include <glib/gstdio.h>
#include <math.h>

#include "core/onnx/onnx.h"
#include "core/train/test-network.h"

/* A picture that depends on its name alone. */
static PstPicture *
load (const char *path, int side, gpointer data, GError **error)
{
  PstPicture *picture = pst_picture_new (80, 64);
  PstRandom   random;
  double      a, b;
  g_autofree char *name = g_path_get_basename (path);

  pst_random_init (&random, g_str_hash (name), PST_STREAM_TEST, 0);
  a = pst_random_range (&random, 0.1, 0.9);
  b = pst_random_range (&random, 0.1, 0.9);
  for (int i = 0; i < 80 * 64 * 3; i++)
    picture->data[i] =
        (guint8) (128 + 90 * sin (i / 3 % 80 * a * (1 + i % 3)) *
                            cos (i / 240 * b) +
                  pst_random_range (&random, -30, 30));
  return picture;
}

static gboolean
save (const PstPicture *picture, const char *path, gpointer data,
      GError **error)
{
  return g_file_set_contents (path, (const char *) picture->data,
                              picture->width * picture->height * 3, error);
}

static void
write_features (const char *folder)
{
  g_autoptr (PstGraph) graph = test_network_make ("Relu", "MaxPool", 6, 8,
                                                  0.4f);
  g_autofree char     *path = g_build_filename (folder, "net.onnx", NULL);

  g_assert_true (pst_onnx_save (graph, path, NULL));
}

void
fixture_set_up (Fixture *f, gconstpointer data)
{
  g_autofree char *photos = NULL;
  g_autofree char *text = g_strconcat (FIXTURE_RECIPE, data, NULL);
  GError          *error = NULL;

  f->folder = g_dir_make_tmp ("pastiche-XXXXXX", &error);
  g_assert_no_error (error);
  write_features (f->folder);
  photos = g_build_filename (f->folder, "photos", NULL);
  g_mkdir (photos, 0700);
  for (int i = 0; i < 7; i++)
    {
      g_autofree char *path = g_strdup_printf ("%s/%d.jpg", photos, i);

      g_file_set_contents (path, "", 0, NULL);
    }
  for (int i = 0; i < 2; i++)
    {
      g_autofree char *path = NULL;

      path = g_strdup_printf ("%s/%s.jpg", f->folder, i ? "two" : "one");
      g_file_set_contents (path, "", 0, NULL);
    }
  f->recipe = pst_recipe_parse (text, f->folder, &error);
  g_assert_no_error (error);
  f->out = g_build_filename (f->folder, "tiny.onnx", NULL);
  f->host = (PstTrainHost) { load, save, NULL, NULL };
}

static void
remove_all (const char *path)
{
  GDir       *dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir && (name = g_dir_read_name (dir)))
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_all (child);
    }
  if (dir)
    g_dir_close (dir);
  g_remove (path);
}

void
fixture_tear_down (Fixture *f, gconstpointer data)
{
  remove_all (f->folder);
  pst_recipe_free (f->recipe);
  g_free (f->folder);
  g_free (f->out);
}

PstTrainer *
fixture_make (Fixture *f, guint n_threads, PstEventFunc func, gpointer data)
{
  GError     *error = NULL;
  PstTrainer *trainer;

  trainer = pst_trainer_new (f->recipe, &f->host, n_threads, func, data,
                             &error);
  g_assert_no_error (error);
  return trainer;
}

PstLosses
fixture_steps (PstTrainer *trainer, int n)
{
  PstLosses losses;
  GError   *error = NULL;

  for (int i = 0; i < n; i++)
    {
      pst_trainer_step (trainer, &losses, &error);
      g_assert_no_error (error);
    }
  return losses;
}

static void
assert_same_arrays (GPtrArray *a, GPtrArray *b)
{
  g_assert_cmpuint (a->len, ==, b->len);
  for (guint i = 0; i < a->len; i++)
    {
      const PstArray *x = a->pdata[i], *y = b->pdata[i];

      if (! x && ! y)
        continue;
      g_assert_cmpmem (x->tensor.data, pst_tensor_bytes (&x->tensor),
                       y->tensor.data, pst_tensor_bytes (&y->tensor));
    }
}

static void
assert_same_replay (PstReplay *a, PstReplay *b)
{
  gsize size = sizeof (float) * a->side * a->side * 3;

  g_assert_cmpint (a->side, ==, b->side);
  for (int i = 0; i < a->n_styles; i++)
    {
      g_assert_cmpint (a->counts[i], ==, b->counts[i]);
      if (a->counts[i] > 0)
        g_assert_cmpmem (
          ((PstArray *) a->pictures->pdata[i])->tensor.data,
          size * a->counts[i],
          ((PstArray *) b->pictures->pdata[i])->tensor.data,
          size * b->counts[i]);
    }
}

void
fixture_assert_same (PstTrainer *a, PstTrainer *b)
{
  g_assert_cmpint (a->n_steps, ==, b->n_steps);
  assert_same_arrays (a->players.generator->weights,
                      b->players.generator->weights);
  assert_same_arrays (a->average->weights, b->average->weights);
  assert_same_arrays (a->players.generator_adam->second,
                      b->players.generator_adam->second);
  g_assert_cmpmem (a->players.success->tensor.data,
                   pst_tensor_bytes (&a->players.success->tensor),
                   b->players.success->tensor.data,
                   pst_tensor_bytes (&b->players.success->tensor));
  assert_same_replay (a->players.replay, b->players.replay);
  for (guint i = 0; i < a->players.discriminators->len; i++)
    {
      PstSpectral *s = a->players.discriminators->pdata[i];
      PstSpectral *t = b->players.discriminators->pdata[i];

      assert_same_arrays (s->raw, t->raw);
      assert_same_arrays (s->left, t->left);
      assert_same_arrays (s->network->weights, t->network->weights);
    }
}

void
fixture_assert_resumes (Fixture *f, guint n_threads, PstLosses *a,
                        PstLosses *b)
{
  g_autoptr (PstTrainer) straight = fixture_make (f, n_threads, NULL, NULL);
  g_autoptr (PstTrainer) first = fixture_make (f, 1, NULL, NULL);
  g_autoptr (PstTrainer) second = fixture_make (f, 1, NULL, NULL);
  g_autofree char       *path = pst_trainer_checkpoint_path (f->out);
  GError                *error = NULL;

  *a = fixture_steps (straight, 9);
  fixture_steps (first, 4);
  pst_trainer_save (first, f->out, &error);
  g_assert_no_error (error);
  fixture_steps (second, 2); /* must leave no trace */
  pst_trainer_resume (second, path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (pst_trainer_get_step (second), ==, 4);
  *b = fixture_steps (second, 5);
  fixture_assert_same (straight, second);
}
