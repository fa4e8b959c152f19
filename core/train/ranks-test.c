/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trainings shared by several ranks, which are threads here. */
#include <math.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/test-run.h"
#include "core/train/trainer-fixture.h"

#define STEPS 20
#define MOST 4

#define BATCH "[training]\nbatch=5\n"
#define REPLAY "[training]\nreplay=3\n"
#define SCALE "[training]\nbalance=scale\nbalance-target=0.5\n"
#define WGAN "[training]\nadversarial-form=wgan-gp\n"
#define CLIP "[training]\nclip=0.5\n"
#define FLAT "[training]\nguard-steps=4\nguard-tries=1\nrate=0\n"             \
             "flat-pictures=3\n"

/* Where ranks meet. */
typedef struct
{
  GMutex   lock;
  GCond    here;
  int      n;
  int      n_here;
  guint    round;
  gpointer values[MOST];
} Place;

typedef struct
{
  Place   *place;
  PstRanks ranks;
} Member;

static void
meet (Place *place)
{
  guint round;

  g_mutex_lock (&place->lock);
  round = place->round;
  if (++place->n_here == place->n)
    {
      place->n_here = 0;
      place->round++;
      g_cond_broadcast (&place->here);
    }
  while (place->round == round)
    g_cond_wait (&place->here, &place->lock);
  g_mutex_unlock (&place->lock);
}

/* Lays @values open to all, until withdraw(). */
static void
offer (Member *member, gpointer values)
{
  member->place->values[member->ranks.rank] = values;
  meet (member->place);
}

#define DEFINE_SUM(name, type)                                                \
  static void name (type *values, gsize n, gpointer data)                     \
  {                                                                           \
    Member          *member = data;                                           \
    g_autofree type *sums = g_new0 (type, n);                                 \
                                                                              \
    offer (member, values);                                                   \
    for (int i = 0; i < member->place->n; i++)                                \
      for (gsize k = 0; k < n; k++)                                           \
        sums[k] += ((const type *) member->place->values[i])[k];              \
    meet (member->place);                                                     \
    memcpy (values, sums, sizeof (type) * n);                                 \
  }

DEFINE_SUM (sum, float)
DEFINE_SUM (add, double)

static void
send (gpointer bytes, gsize n, int from, gpointer data)
{
  Member *member = data;

  offer (member, bytes);
  if (member->ranks.rank != from)
    memcpy (bytes, member->place->values[from], n);
  meet (member->place);
}

/* What a rank does, and what comes of it. */
typedef struct _Job Job;
struct _Job
{
  Member       member;
  Fixture     *fixture;
  PstTrainHost host;
  PstPicture *(*load) (const char *path, int side, gpointer data,
                       GError **error); /* instead of the fixture's */
  void       (*work) (Job *job);
  PstTrainer  *trainer;
  PstEventFunc func;
  gpointer     func_data;
  int          n_steps;
  PstLosses    losses[STEPS];
  GError      *error;
};

static void
job_make (Job *job)
{
  job->trainer = pst_trainer_new (job->fixture->recipe, &job->host, 1,
                                  job->func, job->func_data, &job->error);
  g_assert_no_error (job->error);
}

static void
do_steps (Job *job)
{
  job_make (job);
  for (int i = 0; i < job->n_steps && ! job->error; i++)
    pst_trainer_step (job->trainer, &job->losses[i], &job->error);
}

static gpointer
run_job (gpointer data)
{
  Job *job = data;

  job->work (job);
  return NULL;
}

static void
job_clear (Job *job)
{
  g_clear_pointer (&job->trainer, pst_trainer_free);
  g_clear_error (&job->error);
}

/* Fills @jobs and has @n ranks do @work at the same time; 1: no ranks */
static void
together (Fixture *f, Job *jobs, int n, void (*work) (Job *job))
{
  GThread *threads[MOST];
  Place    place = { .n = n };

  g_mutex_init (&place.lock);
  g_cond_init (&place.here);
  for (int i = 0; i < n; i++)
    {
      Job *job = &jobs[i];

      job->member.place = &place;
      job->member.ranks = (PstRanks) { i, n, n, sum, add, send,
                                       &job->member };
      job->fixture = f;
      job->host = f->host;
      job->host.data = job;
      if (job->load)
        job->host.load = job->load;
      job->host.ranks = n > 1 ? &job->member.ranks : NULL;
      job->work = work;
      threads[i] = g_thread_new ("rank", run_job, job);
    }
  for (int i = 0; i < n; i++)
    g_thread_join (threads[i]);
  g_mutex_clear (&place.lock);
  g_cond_clear (&place.here);
}

/* The largest relative difference of two steps' losses. */
static double
difference (const PstLosses *a, const PstLosses *b)
{
  enum { N = sizeof (PstLosses) / sizeof (double) };
  double x[N], y[N], most = 0;

  memcpy (x, a, sizeof x);
  memcpy (y, b, sizeof y);
  for (int i = 0; i < N; i++)
    {
      g_assert_cmpint (isnan (x[i]), ==, isnan (y[i]));
      if (! isnan (x[i]) && x[i] != y[i])
        most = MAX (most, fabs (x[i] - y[i]) / fabs (x[i]));
    }
  return most;
}

/* The losses of one process with the same batch, and the same networks on all
 * ranks. */
static void
test_equal (Fixture *f, gconstpointer data)
{
  Job alone = { .n_steps = STEPS };
  int batch = pst_recipe_settings (f->recipe, 0)->batch;

  together (f, &alone, 1, do_steps);
  g_assert_no_error (alone.error);
  for (int n = 2; n <= MIN (MOST, batch); n++)
    {
      Job    jobs[MOST] = { 0 };
      double most = 0;

      for (int i = 0; i < n; i++)
        jobs[i].n_steps = STEPS;
      together (f, jobs, n, do_steps);
      for (int i = 0; i < n; i++)
        {
          g_assert_no_error (jobs[i].error);
          fixture_assert_same (jobs[0].trainer, jobs[i].trainer);
          for (int k = 0; k < STEPS; k++)
            most = MAX (most, difference (&alone.losses[k],
                                          &jobs[i].losses[k]));
        }
      g_test_message ("%d ranks: %g", n, most);
      g_assert_cmpfloat (most, <, 1e-5);
      for (int i = 0; i < n; i++)
        job_clear (&jobs[i]);
    }
  job_clear (&alone);
}

static void
do_resume (Job *job)
{
  g_autoptr (PstTrainer) first = NULL;
  g_autofree char       *path = NULL;

  path = pst_trainer_checkpoint_path (job->fixture->out);
  job_make (job);
  first = g_steal_pointer (&job->trainer);
  fixture_steps (first, 4);
  g_assert_true (pst_trainer_save (first, job->fixture->out, &job->error));
  g_assert_no_error (job->error);
  job_make (job);
  g_assert_true (pst_trainer_resume (job->trainer, path, &job->error));
  g_assert_no_error (job->error);
  fixture_steps (first, 5);
  fixture_steps (job->trainer, 5);
  fixture_assert_same (first, job->trainer);
}

static void
test_resume (Fixture *f, gconstpointer data)
{
  Job jobs[3] = { 0 };

  together (f, jobs, 3, do_resume);
  for (int i = 0; i < 3; i++)
    job_clear (&jobs[i]);
}

/* A rank whose numbers have changed by themselves is found out. */
static void
do_drift (Job *job)
{
  PstArray *array;

  job_make (job);
  fixture_steps (job->trainer, 99);
  array = job->trainer->players.generator->weights->pdata[1];
  if (job->member.ranks.rank == 1)
    ((float *) array->tensor.data)[0] += 1e-6f;
  pst_trainer_step (job->trainer, &job->losses[0], &job->error);
  g_assert_no_error (job->error);
  pst_trainer_step (job->trainer, &job->losses[0], &job->error);
}

static void
test_drift (Fixture *f, gconstpointer data)
{
  Job jobs[2] = { 0 };

  together (f, jobs, 2, do_drift);
  for (int i = 0; i < 2; i++)
    {
      g_assert_error (jobs[i].error, PST_ERROR, PST_ERROR_DIVERGED);
      g_assert_nonnull (strstr (jobs[i].error->message, "Step 100"));
      job_clear (&jobs[i]);
    }
}

static PstPicture *
load_worn (const char *path, int side, gpointer data, GError **error)
{
  const Job *job = data;

  if (! g_str_has_suffix (path, "2.jpg") && ! g_str_has_suffix (path, "5.jpg"))
    return job->fixture->host.load (path, side, NULL, error);
  g_set_error_literal (error, PST_ERROR, PST_ERROR_FILE, "worn out");
  return NULL;
}

static void
count_worn (const PstEvent *event, gpointer data)
{
  int *n = data;

  *n += event->kind == PST_EVENT_NOTE && strstr (event->text, "worn out");
}

/* Photos that cannot be read are passed over everywhere, and told of once. */
static void
test_photos (Fixture *f, gconstpointer data)
{
  Job jobs[4] = { 0 };
  int told[4] = { 0 };

  for (int i = 0; i < 4; i++)
    jobs[i] = (Job) { .load = load_worn, .func = count_worn,
                      .func_data = &told[i], .n_steps = STEPS };
  together (f, &jobs[3], 1, do_steps);
  together (f, jobs, 3, do_steps);
  for (int i = 0; i < 4; i++)
    {
      g_assert_no_error (jobs[i].error);
      g_assert_cmpint (told[i], ==, i % 3 == 0 ? 2 : 0);
      g_assert_cmpuint (pst_dataset_get_skipped (jobs[i].trainer->dataset),
                        ==, 2);
      g_assert_cmpfloat (difference (&jobs[3].losses[STEPS - 1],
                                     &jobs[i].losses[STEPS - 1]), <, 1e-5);
    }
  for (int i = 0; i < 4; i++)
    job_clear (&jobs[i]);
}

/* The last of them is told to end; only the first one writes and tells. */
static void
do_cancel (Job *job)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  PstTrainerOptions        options = { job->fixture->out, 0, cancellable };

  job_make (job);
  if (job->member.ranks.rank == 2)
    g_cancellable_cancel (cancellable);
  g_assert_true (pst_trainer_run (job->trainer, &options, &job->error));
  g_assert_cmpint (pst_trainer_get_step (job->trainer), ==, 1);
}

static void
count_events (const PstEvent *event, gpointer data)
{
  int *n = data;

  n[event->kind]++;
}

static void
test_cancel (Fixture *f, gconstpointer data)
{
  g_autofree char *path = pst_trainer_checkpoint_path (f->out);
  Job              jobs[3] = { 0 };
  int              n[3][PST_EVENT_END + 1] = { 0 };

  for (int i = 0; i < 3; i++)
    jobs[i] = (Job) { .func = count_events, .func_data = n[i] };
  together (f, jobs, 3, do_cancel);
  g_assert_cmpint (n[0][PST_EVENT_START], ==, 1);
  g_assert_cmpint (n[0][PST_EVENT_CHECKPOINT], ==, 1);
  g_assert_cmpint (n[0][PST_EVENT_END], ==, 1);
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  for (int i = 0; i < 3; i++)
    {
      for (int k = 0; k <= PST_EVENT_END && i > 0; k++)
        g_assert_cmpint (n[i][k], ==, 0);
      job_clear (&jobs[i]);
    }
}

/* Without weights in its last layer all that it paints is one colour. */
static void
do_flat (Job *job)
{
  GPtrArray *weights;
  PstArray  *last;

  job_make (job);
  weights = job->trainer->players.generator->weights;
  last = weights->pdata[weights->len - 2];
  memset (last->tensor.data, 0, pst_tensor_bytes (&last->tensor));
  for (int i = 0; i < 100 && ! job->error; i++)
    pst_trainer_step (job->trainer, &job->losses[0], &job->error);
}

/* Pictures gone flat, counted over all ranks: they go back, then give up. */
static void
test_flat (Fixture *f, gconstpointer data)
{
  Job jobs[4] = { 0 };

  together (f, &jobs[3], 1, do_flat);
  together (f, jobs, 3, do_flat);
  for (int i = 0; i < 4; i++)
    {
      g_assert_error (jobs[i].error, PST_ERROR, PST_ERROR_DIVERGED);
      g_assert_cmpstr (jobs[i].error->message, ==, jobs[3].error->message);
    }
  for (int i = 0; i < 4; i++)
    job_clear (&jobs[i]);
}

/* What only the first can see goes wrong. */
static void
do_save (Job *job)
{
  g_autofree char *nowhere = NULL;

  nowhere = g_build_filename (job->fixture->folder, "gone", "x.onnx", NULL);
  job_make (job);
  fixture_steps (job->trainer, 1);
  g_assert_false (pst_trainer_save (job->trainer, nowhere, &job->error));
}

static void
test_save (Fixture *f, gconstpointer data)
{
  Job jobs[2] = { 0 };

  together (f, jobs, 2, do_save);
  for (int i = 0; i < 2; i++)
    {
      g_assert_error (jobs[i].error, PST_ERROR, PST_ERROR_FILE);
      g_assert_nonnull (strstr (jobs[i].error->message, "x.checkpoint.onnx"));
      g_assert_cmpint (g_str_has_prefix (jobs[i].error->message,
                                         "In process 1 of 2: "), ==, i == 1);
      job_clear (&jobs[i]);
    }
}

/* The first that has failed is the one that is heard, but for those that have
 * errors of their own. */
static void
do_agree (Job *job)
{
  const PstRanks *ranks = &job->member.ranks;
  gboolean        good = ranks->rank % 2 == 0;

  g_assert_true (pst_ranks_agree (ranks, TRUE, &job->error));
  if (! good)
    g_set_error (&job->error, PST_ERROR, PST_ERROR_MEMORY, "I am %d",
                 ranks->rank);
  g_assert_false (pst_ranks_agree (ranks, good, &job->error));
}

static void
test_agree (Fixture *f, gconstpointer data)
{
  static const char *const words[] = { "In process 2 of 4: I am 1", "I am 1",
                                       "In process 2 of 4: I am 1", "I am 3" };
  Job jobs[4] = { 0 };

  together (f, jobs, 4, do_agree);
  for (int i = 0; i < 4; i++)
    {
      g_assert_error (jobs[i].error, PST_ERROR, PST_ERROR_MEMORY);
      g_assert_cmpstr (jobs[i].error->message, ==, words[i]);
      job_clear (&jobs[i]);
    }
}

static void
do_gather (Job *job)
{
  const PstRanks    *ranks = &job->member.ranks;
  g_autoptr (GBytes) mine = g_bytes_new ("abcd", (gsize) ranks->rank);
  g_autoptr (GBytes) all = pst_ranks_gather (ranks, mine);

  g_assert_cmpmem (g_bytes_get_data (all, NULL), g_bytes_get_size (all),
                   "aababc", 6);
  g_assert_true (pst_ranks_equal (ranks, 7));
  g_assert_false (pst_ranks_equal (ranks, (guint64) ranks->rank / 3));
}

static void
test_gather (Fixture *f, gconstpointer data)
{
  Job jobs[4] = { 0 };

  together (f, jobs, 4, do_gather);
}

/* Each sample is taken once, and the parts are even. */
static void
test_parts (void)
{
  for (int batch = 1; batch < 20; batch++)
    for (int n = 1; n <= batch; n++)
      for (int i = 0, at = 0; i < n; i++)
        {
          PstRanks ranks = { i, n, 1 };
          int      count = pst_ranks_count (&ranks, batch);

          g_assert_cmpint (pst_ranks_first (&ranks, batch), ==, at);
          g_assert_cmpint (count, >=, batch / n);
          g_assert_cmpint (count, <=, (batch + n - 1) / n);
          at += count;
          g_assert_cmpint (pst_ranks_begin (&ranks, i + 1, batch), ==, at);
        }
  g_assert_cmpint (pst_ranks_first (NULL, 4), ==, 0);
  g_assert_cmpint (pst_ranks_count (NULL, 4), ==, 4);
}

static void
do_refused (Job *job)
{
  job->trainer = pst_trainer_new (job->fixture->recipe, &job->host, 1, NULL,
                                  NULL, &job->error);
}

static void
test_refused (Fixture *f, gconstpointer data)
{
  Job jobs[3] = { 0 };

  together (f, jobs, 3, do_refused);
  for (int i = 0; i < 3; i++)
    {
      g_assert_null (jobs[i].trainer);
      g_assert_error (jobs[i].error, PST_ERROR, PST_ERROR_ARGUMENT);
      g_assert_nonnull (strstr (jobs[i].error->message, "3 processes"));
      job_clear (&jobs[i]);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, text, func)                                                 \
  g_test_add ("/ranks/" name, Fixture, text, fixture_set_up, func,            \
              fixture_tear_down)
  g_test_add_func ("/ranks/parts", test_parts);
  ADD ("agree", NULL, test_agree);
  ADD ("gather", NULL, test_gather);
  ADD ("equal/hinge", BATCH, test_equal);
  ADD ("equal/batch-2", NULL, test_equal);
  ADD ("equal/wgan", BATCH WGAN, test_equal);
  ADD ("equal/wgan-balance", BATCH WGAN SCALE, test_equal);
  ADD ("equal/replay", BATCH REPLAY, test_equal);
  ADD ("equal/balance", BATCH SCALE, test_equal);
  ADD ("equal/clip", BATCH CLIP, test_equal);
  ADD ("resume", BATCH WGAN REPLAY, test_resume);
  ADD ("drift", NULL, test_drift);
  ADD ("photos", BATCH, test_photos);
  ADD ("cancel", BATCH, test_cancel);
  ADD ("flat", BATCH FLAT, test_flat);
  ADD ("save", NULL, test_save);
  ADD ("refused", NULL, test_refused);
#undef ADD
  return test_run ();
}
