/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "core/base/test-run.h"
#include "core/graph/plan.h"
#include "core/graph/rewrite.h"
#include "core/graph/test-script.h"

/* A network of one size, and what keeps it there (a part of the message), or
 * the network that it is at any size. */
typedef struct
{
  const char *name;
  int         opset;
  const char *text;
  const char *culprit;
  const char *free;
} Case;

#define CONV(in, out) "Conv " in " f(" out ",3,3,3) pads=[1,1,1,1]"

static const Case cases[] = {
  { "declared-only", 13, "x 1,3,64,48; y = " CONV ("x", "3"), NULL,
    "x 1,3,-1,-1; y = " CONV ("x", "3") },
  { "any-batch", 13, "x -1,3,64,48; y = " CONV ("x", "3"), NULL,
    "x 1,3,-1,-1; y = " CONV ("x", "3") },
  { "norm", 9,
    "x 1,3,64,48; c = " CONV ("x", "3") "; f = Reshape c i[1,3,3072];"
    "m = ReduceMean f axes=[2]; d = Sub f m; q = Mul d d;"
    "v = ReduceMean q axes=[2]; e = Add v f()=1e-3; r = Sqrt e;"
    "n = Div d r; b = Reshape n i[1,3,64,48]; g = Mul b f(3,1,1);"
    "y = Add g f(3,1,1)", NULL,
    "x 1,3,-1,-1; c = " CONV ("x", "3") ";"
    "n = InstanceNormalization c f(3)=1.0 f(3)=0.0 epsilon=1e-3;"
    "g = Mul n f(3,1,1); y = Add g f(3,1,1)" },
  { "enlarged", 9,
    "x 1,3,64,48; c = Conv x f(4,3,3,3) pads=[1,1,1,1] strides=[2,2];"
    "a = Reshape c i[-1,1]; b = Concat a a axis=1;"
    "e = Reshape b i[-1,48]; d = Concat e e axis=1;"
    "u = Reshape d i[-1,4,64,48]; y = Conv u f(3,4,3,3) pads=[1,1,1,1]",
    NULL,
    "x 1,3,-1,-1; c = Conv x f(4,3,3,3) pads=[1,1,1,1] strides=[2,2];"
    "u = Upsample c scales=[1.0,1.0,2.0,2.0];"
    "y = Conv u f(3,4,3,3) pads=[1,1,1,1]" },
  { "enlarged-to-size", 13,
    "x 1,3,64,48; c = Conv x f(4,3,3,3) pads=[1,1,1,1] strides=[2,2];"
    "u = Resize c _ _ i[1,4,64,48]; y = Conv u f(3,4,3,3) pads=[1,1,1,1]",
    NULL,
    "x 1,3,-1,-1; c = Conv x f(4,3,3,3) pads=[1,1,1,1] strides=[2,2];"
    "u = Upsample c scales=[1.0,1.0,2.0,2.0];"
    "y = Conv u f(3,4,3,3) pads=[1,1,1,1]" },
  { "enlarged-to-size-smoothly", 13,
    "x 1,3,64,48; c = Conv x f(4,3,3,3) pads=[1,1,1,1] strides=[2,2];"
    "u = Resize c _ _ i[1,4,64,48] mode=linear"
    " coordinate_transformation_mode=align_corners;"
    "y = Conv u f(3,4,3,3) pads=[1,1,1,1]",
    NULL,
    "x 1,3,-1,-1; c = Conv x f(4,3,3,3) pads=[1,1,1,1] strides=[2,2];"
    "u = Resize c _ f[1,1,2,2] mode=linear"
    " coordinate_transformation_mode=align_corners;"
    "y = Conv u f(3,4,3,3) pads=[1,1,1,1]" },
  { "transposed", 7,
    "x 1,3,64,48; c = Conv x f(4,3,3,3) pads=[1,1,1,1] strides=[2,2];"
    "t = ConvTranspose c f(4,3,3,3) strides=[2,2] output_shape=[66,50];"
    "y = Crop t border=[1,1,1,1]", NULL,
    "x 1,3,-1,-1; c = Conv x f(4,3,3,3) pads=[1,1,1,1] strides=[2,2];"
    "y = ConvTranspose c f(4,3,3,3) strides=[2,2] pads=[1,1,1,1]"
    " output_padding=[1,1]" },
  { "from-shape", 13,
    "x 1,3,64,48; c = Conv x f(4,3,3,3) pads=[1,1,1,1] strides=[2,2];"
    "s = Shape x; h = Gather s i[2,3]; z = Concat i[1,4] h axis=0;"
    "u = Resize c _ _ z mode=linear; y = Conv u f(3,4,3,3) pads=[1,1,1,1]",
    NULL,
    "x 1,3,-1,-1; c = Conv x f(4,3,3,3) pads=[1,1,1,1] strides=[2,2];"
    "u = Resize c _ f[1,1,2,2] mode=linear;"
    "y = Conv u f(3,4,3,3) pads=[1,1,1,1]" },
  { "mean-over-count", 13, /* the number goes with the sum */
    "x 1,3,64,48; s = ReduceSum x i[2,3]; m = Mul s f()=0.0003255208333;"
    "d = Sub x m; q = Mul d d; t = ReduceSum q i[2,3];"
    "v = Div t f()=3072.0; e = Add v f()=1e-3; r = Sqrt e; y = Div d r",
    NULL,
    "x 1,3,-1,-1; y = InstanceNormalization x f(3)=1.0 f(3)=0.0"
    " epsilon=1e-3" },
  { "sum", 13,
    "x 1,3,64,48; s = ReduceSum x i[2,3]; m = Mul s f()=0.0003255208333;"
    "y = Sub x m", "ReduceSum “s”", NULL },
  { "fixed-reshape", 13,
    "x 1,3,64,48; r = Reshape x i[1,3,48,64]; t = Transpose r perm=[0,1,3,2];"
    "y = Relu t", "Reshape “r”", NULL },
  { "every-pixel", 13, "x 1,3,64,48; a = Relu x; y = Add a f(64,48)",
    "Add “y”", NULL },
  { "fixed-result", 13,
    "x 1,3,64,48; a = Relu x; y = Resize a _ _ i[1,3,64,48] mode=linear;"
    "z = Slice x i[1] i[65] i[2]; p = Pad z i[0,0,1,0,0,0,0,0];"
    "q = Add p y",
    "", NULL },
  { "half", 13,
    "x 1,3,64,48; y = Conv x f(3,3,3,3) pads=[1,1,1,1] strides=[2,2]",
    "its result does not follow", NULL },
};

static void
assert_same (PstGraph *a, PstGraph *b, gint64 height, gint64 width)
{
  PstShape             shape = PST_SHAPE (1, 3, height, width);
  g_autoptr (PstArray) x = pst_test_paint (a, &shape, TRUE);
  g_autoptr (PstArray) y = pst_test_paint (b, &shape, TRUE);

  g_assert_true (pst_shape_equal (&x->tensor.shape, &y->tensor.shape));
  g_assert_cmpint (x->tensor.shape.dim[2], ==, height);
  for (gint64 i = 0; i < pst_tensor_count (&x->tensor); i++)
    g_assert_cmpfloat_with_epsilon (pst_tensor_get (&x->tensor, i),
                                    pst_tensor_get (&y->tensor, i), 1e-5);
}

static void
test_case (gconstpointer data)
{
  const Case          *c = data;
  g_autoptr (PstGraph) graph = pst_test_script (c->text, c->opset);
  g_autoptr (PstGraph) free = NULL;
  g_autoptr (PstGraph) relaxed = NULL;
  g_autoptr (GError)   error = NULL;

  pst_graph_set_metadata (graph, "author", "somebody");
  pst_graph_seal (graph);
  relaxed = pst_rewrite_relax (graph, 0, &error);
  if (c->culprit)
    {
      g_assert_error (error, PST_ERROR, error->code);
      g_assert_nonnull (strstr (error->message, c->culprit));
      g_assert_null (relaxed);
      return;
    }
  g_assert_no_error (error);
  g_assert_cmpstr (pst_graph_get_metadata (relaxed, "author"), ==,
                   "somebody");
  assert_same (relaxed, graph, 64, 48);
  free = pst_test_script (c->free, c->opset);
  assert_same (relaxed, free, 80, 112);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/relax/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  return test_run ();
}
