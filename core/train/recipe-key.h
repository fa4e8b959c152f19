/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/train/recipe.h"

/* Reading a key file into structs by tables; private to the recipe. */

typedef enum
{
  PST_KEY_INT,    /* int */
  PST_KEY_INT64,  /* gint64 */
  PST_KEY_NUMBER, /* double */
  PST_KEY_RANGE,  /* double[2], "1;2" */
  PST_KEY_TEXT,   /* char * */
  PST_KEY_PATH,   /* char *, made absolute */
  PST_KEY_PATHS,  /* char **, made absolute */
  PST_KEY_WORD,   /* int (an enum), one of `words` */
} PstKeyType;

typedef struct
{
  const char        *name;
  PstKeyType         type;
  gsize              offset;
  double             low;
  double             high;
  const char *const *words;
} PstRecipeKey;

typedef struct _PstRecipeReader PstRecipeReader;

/* Relative paths start from @folder, those that begin with "./" from @home. */
PstRecipeReader *pst_recipe_reader_new (const char *text, const char *folder,
                                        const char *home, GError **error);
void             pst_recipe_reader_free (PstRecipeReader *reader);
char           **pst_recipe_reader_groups (PstRecipeReader *reader);
gboolean pst_recipe_reader_has (PstRecipeReader *reader, const char *group,
                                const char *key);

/* Whether @key is there and says just @word. */
gboolean pst_recipe_reader_is (PstRecipeReader *reader, const char *group,
                               const char *key, const char *word);

/* Reads those of @keys that @group has into the struct @to. */
gboolean pst_recipe_reader_read (PstRecipeReader *reader, const char *group,
                                 const PstRecipeKey *keys, gpointer to,
                                 GError **error);
/* A list that must be there and not be empty; transfer full */
char   **pst_recipe_reader_words (PstRecipeReader *reader, const char *group,
                                  const char *key, GError **error);
/* Cuts ":0.5" off @item; 1 where there is none. */
gboolean pst_recipe_reader_share (PstRecipeReader *reader, const char *group,
                                  const char *key, char *item, double *share,
                                  GError **error);
/* A list of at most @most numbers, unchanged where the key is missing. */
gboolean pst_recipe_reader_ints (PstRecipeReader *reader, const char *group,
                                 const char *key, int low, int high, int *to,
                                 int most, int *n, GError **error);
char    *pst_recipe_reader_path (PstRecipeReader *reader, const char *item);

/* Fails for any group or key that nothing asked for. */
gboolean pst_recipe_reader_finish (PstRecipeReader *reader, GError **error);

/* "[group] key: " and what is expected; always %FALSE */
gboolean pst_recipe_reader_fail (PstRecipeReader *reader, const char *group,
                                 const char *key, GError **error,
                                 const char *expected, ...)
  G_GNUC_PRINTF (5, 6);

/* recipe-read.c: all groups, into a recipe with the defaults */
gboolean pst_recipe_read (PstRecipeReader *reader, PstRecipe *recipe,
                          GError **error);

/* recipe-patches.c: the group [patches], or what holds without it */
gboolean pst_recipe_read_patches (PstRecipeReader *reader,
                                  PstRecipePatches *patches, GError **error);
/* Leaves out those of the usual scales that some crop or painting is too small
 * for; when all is read. */
void     pst_recipe_fit_patches (PstRecipe *recipe);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PstRecipeReader, pst_recipe_reader_free)
