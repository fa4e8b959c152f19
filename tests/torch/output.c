/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/torch/output.h"

void
output_open (Output *to, const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "manifest", NULL);

  to->folder = folder;
  to->manifest = fopen (path, "w");
  if (! to->manifest)
    g_error ("%s cannot be written", path);
}

void
output_numbers (Output *to, const char *name, const PstShape *shape,
               const float *data)
{
  g_autofree char *path = g_strdup_printf ("%s/%s.f32", to->folder, name);
  FILE            *file = fopen (path, "wb");

  if (! file || ! to->manifest)
    g_error ("%s cannot be written", path);
  fwrite (data, sizeof (float), (size_t) pst_shape_count (shape), file);
  fclose (file);
  fprintf (to->manifest, "%s", name);
  for (int i = 0; i < shape->rank; i++)
    fprintf (to->manifest, " %d", (int) shape->dim[i]);
  fprintf (to->manifest, "\n");
}

void
output_arrays (Output *to, const char *room, GPtrArray *names,
              GPtrArray *arrays)
{
  for (guint i = 0; i < arrays->len; i++)
    {
      const PstArray  *array = arrays->pdata[i];
      g_autofree char *name = NULL;

      if (! array)
        continue;
      name = g_strdup_printf ("%s.%s", room, (char *) names->pdata[i]);
      output_numbers (to, name, &array->tensor.shape, array->tensor.data);
    }
}
