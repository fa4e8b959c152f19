/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/train/networks.h"

#include <math.h>
#include <string.h>

/* What the functions below build with. */
typedef struct
{
  PstNetwork       *network;
  const PstNetwork *from; /* (nullable): whose weights it takes */
  PstGraph         *graph;
  PstRandom   random;
  PstValue   *style;
  int         n_styles;
  double      epsilon;
  int         n_layers;
} Builder;

static void
builder_init (Builder *b, guint64 seed, PstStream stream, guint64 index)
{
  memset (b, 0, sizeof *b);
  b->network = g_new0 (PstNetwork, 1);
  b->graph = b->network->graph = pst_graph_new ();
  b->network->weights =
    g_ptr_array_new_with_free_func ((GDestroyNotify) pst_array_unref);
  b->network->names = g_ptr_array_new_with_free_func (g_free);
  pst_random_init (&b->random, seed, stream, index);
}

static PstArray *
find_weight (const PstNetwork *network, const char *name)
{
  for (guint i = 0; i < network->names->len; i++)
    if (strcmp (network->names->pdata[i], name) == 0)
      return pst_array_ref (network->weights->pdata[i]);
  g_error ("The network has no weight %s", name);
}

/* A weight, uniform within @bound around @mean. */
static PstArray *
new_weight (Builder *b, const PstShape *shape, double mean, double bound)
{
  PstArray *array = pst_array_new (PST_FLOAT32, shape, TRUE);
  float    *data;
  gint64    n = pst_shape_count (shape);

  if (! array)
    g_error ("There is no memory for the weights of a network");
  data = array->tensor.data;
  for (gint64 i = 0; i < n; i++)
    data[i] = (float) (bound > 0 ? pst_random_range (&b->random, mean - bound,
                                                     mean + bound)
                                 : mean);
  return array;
}

static PstValue *
add_weight (Builder *b, const char *name, const PstShape *shape, double mean,
            double bound)
{
  PstArray *array = b->from ? find_weight (b->from, name)
                            : new_weight (b, shape, mean, bound);

  g_ptr_array_add (b->network->weights, array);
  g_ptr_array_add (b->network->names, g_strdup (name));
  return pst_graph_add_parameter (b->graph, name, array);
}

/* A constant that all nodes asking for it share. */
static PstValue *
add_floats (Builder *b, const char *name, gint64 n, float value)
{
  PstValue          *found = pst_graph_find (b->graph, name);
  g_autoptr (PstArray) array = NULL;

  if (found)
    return found;
  array = pst_array_new (PST_FLOAT32, PST_SHAPE_OF (n), TRUE);
  for (gint64 i = 0; i < n; i++)
    ((float *) array->tensor.data)[i] = value;
  return pst_graph_add_parameter (b->graph, name, array);
}

static PstValue *
add_ints (Builder *b, const char *name, const gint64 *values, gint64 n)
{
  PstValue          *found = pst_graph_find (b->graph, name);
  g_autoptr (PstArray) array = NULL;

  if (found)
    return found;
  array = pst_array_new_ints (PST_SHAPE_OF (n), values);
  return pst_graph_add_parameter (b->graph, name, array);
}

/* [N,C,H,W] -> [N,C,H+2p,W+2p] */
static PstValue *
reflect (Builder *b, PstValue *x, int p)
{
  g_autofree char *name = g_strdup_printf ("pads.%d", p);
  PstValue        *pads;

  pads = add_ints (b, name, PST_INTS (0, 0, p, p, 0, 0, p, p));
  x = pst_graph_op (b->graph, "Pad", 2, x, pads);
  pst_node_set_string (x->producer, "mode", "reflect");
  return x;
}

/* [N,I,H,W] -> [N,O,(H-k)/stride+1,(W-k)/stride+1] */
static PstValue *
convolve (Builder *b, PstValue *x, int in, int out, int k, int stride,
          gboolean bias)
{
  double           bound = 1 / sqrt ((double) in * k * k);
  g_autofree char *weight = NULL, *shift = NULL;
  PstValue        *w;

  weight = g_strdup_printf ("conv%d.weight", b->n_layers);
  shift = g_strdup_printf ("conv%d.bias", b->n_layers++);
  w = add_weight (b, weight, PST_SHAPE_OF (out, in, k, k), 0, bound);
  if (bias)
    x = pst_graph_op (b->graph, "Conv", 3, x, w,
                      add_weight (b, shift, PST_SHAPE_OF (out), 0, bound));
  else
    x = pst_graph_op (b->graph, "Conv", 2, x, w);
  pst_node_set_ints (x->producer, "kernel_shape", PST_INTS (k, k));
  pst_node_set_ints (x->producer, "strides", PST_INTS (stride, stride));
  return x;
}

/* The row of @table that belongs to each sample: [N,S] [S,C] -> [N,C,1,1] */
static PstValue *
mix (Builder *b, const char *kind, int channels, float value)
{
  g_autofree char *name = NULL, *shape = NULL;
  PstValue        *table, *to;

  name = g_strdup_printf ("norm%d.%s", b->n_layers - 1, kind);
  table = add_weight (b, name, PST_SHAPE_OF (b->n_styles, channels), value, 0);
  shape = g_strdup_printf ("shape.%d", channels);
  to = add_ints (b, shape, PST_INTS (-1, channels, 1, 1));
  return pst_graph_op (b->graph, "Reshape", 2,
                       pst_graph_op (b->graph, "MatMul", 2, b->style, table),
                       to);
}

/* Conditional instance normalisation of [N,C,H,W]. */
static PstValue *
normalise (Builder *b, PstValue *x, int channels)
{
  g_autofree char *one = g_strdup_printf ("one.%d", channels);
  g_autofree char *zero = g_strdup_printf ("zero.%d", channels);

  x = pst_graph_op (b->graph, "InstanceNormalization", 3, x,
                    add_floats (b, one, channels, 1),
                    add_floats (b, zero, channels, 0));
  pst_node_set_float (x->producer, "epsilon", (float) b->epsilon);
  x = pst_graph_op (b->graph, "Mul", 2, x, mix (b, "gamma", channels, 1));
  return pst_graph_op (b->graph, "Add", 2, x, mix (b, "beta", channels, 0));
}

/* reflect padding, convolution, norm and, where asked for, ReLU */
static PstValue *
layer (Builder *b, PstValue *x, int in, int out, int k, int stride,
       gboolean relu)
{
  x = convolve (b, reflect (b, x, k / 2), in, out, k, stride, FALSE);
  x = normalise (b, x, out);
  return relu ? pst_graph_op (b->graph, "Relu", 1, x) : x;
}

static PstValue *
double_size (Builder *b, PstValue *x)
{
  PstValue *scales = pst_graph_find (b->graph, "scales");

  if (! scales)
    {
      const float          factors[] = { 1, 1, 2, 2 };
      g_autoptr (PstArray) array = NULL;

      array = pst_array_new_floats (PST_SHAPE_OF (4), factors);
      scales = pst_graph_add_parameter (b->graph, "scales", array);
    }
  x = pst_graph_op (b->graph, "Resize", 3, x, (PstValue *) NULL, scales);
  pst_node_set_string (x->producer, "mode", "nearest");
  pst_node_set_string (x->producer, "coordinate_transformation_mode",
                       "asymmetric");
  pst_node_set_string (x->producer, "nearest_mode", "floor");
  return x;
}

/* Cuts away what upsampling adds where a side is no multiple of 4. */
static PstValue *
crop_like (Builder *b, PstValue *x, PstValue *image)
{
  PstValue *shape = pst_graph_op (b->graph, "Shape", 1, image);
  PstValue *axes = add_ints (b, "axes", PST_INTS (2, 3));
  PstValue *size = pst_graph_op (b->graph, "Gather", 2, shape, axes);

  return pst_graph_op (b->graph, "Slice", 4, x,
                       add_ints (b, "origin", PST_INTS (0, 0)), size, axes);
}

/* 0 to 1 -> -1 to 1 */
static PstValue *
centre (Builder *b, PstValue *x)
{
  x = pst_graph_op (b->graph, "Mul", 2, x, add_floats (b, "two", 1, 2));
  return pst_graph_op (b->graph, "Sub", 2, x, add_floats (b, "one", 1, 1));
}

/* x + style[0] * logit (image) */
static PstValue *
add_photo (Builder *b, PstValue *x, PstValue *image)
{
  PstShape             column = PST_SHAPE (b->n_styles, 1);
  g_autoptr (PstArray) first = pst_array_new (PST_FLOAT32, &column, TRUE);
  PstValue            *gate, *p, *q;

  ((float *) first->tensor.data)[0] = 1;
  gate = pst_graph_op (b->graph, "MatMul", 2, b->style,
                       pst_graph_add_parameter (b->graph, "gate", first));
  gate = pst_graph_op (b->graph, "Reshape", 2, gate,
                       add_ints (b, "shape.1", PST_INTS (-1, 1, 1, 1)));
  p = pst_graph_op (b->graph, "Max", 2, image,
                    add_floats (b, "darkest", 1, 0.02f));
  p = pst_graph_op (b->graph, "Min", 2, p,
                    add_floats (b, "lightest", 1, 0.98f));
  q = pst_graph_op (b->graph, "Sub", 2, add_floats (b, "one", 1, 1), p);
  p = pst_graph_op (b->graph, "Log", 1,
                    pst_graph_op (b->graph, "Div", 2, p, q));
  return pst_graph_op (b->graph, "Add", 2, x,
                       pst_graph_op (b->graph, "Mul", 2, p, gate));
}

/* [N,3,H,W] -> [N,4a,H/4,W/4] */
static PstValue *
encode (Builder *b, PstValue *image, int a)
{
  PstValue *x = layer (b, centre (b, image), 3, a, 7, 1, TRUE);

  x = layer (b, x, a, 2 * a, 3, 2, TRUE);
  return layer (b, x, 2 * a, 4 * a, 3, 2, TRUE);
}

PstNetwork *
pst_network_generator (int width, int blocks, int n_styles, double epsilon,
                       PstSkip skip, guint64 seed)
{
  Builder   b;
  PstValue *image, *x, *y;
  int       a = width;

  builder_init (&b, seed, PST_STREAM_GENERATOR, 0);
  b.n_styles = n_styles;
  b.epsilon = epsilon;
  image = pst_graph_add_input (b.graph, "image", PST_FLOAT32,
                               PST_SHAPE_OF (-1, 3, -1, -1));
  b.style = pst_graph_add_input (b.graph, "style", PST_FLOAT32,
                                 PST_SHAPE_OF (-1, n_styles));
  x = encode (&b, image, a);
  for (int i = 0; i < blocks; i++)
    {
      y = layer (&b, x, 4 * a, 4 * a, 3, 1, TRUE);
      y = layer (&b, y, 4 * a, 4 * a, 3, 1, FALSE);
      x = pst_graph_op (b.graph, "Add", 2, x, y);
    }
  x = layer (&b, double_size (&b, x), 4 * a, 2 * a, 3, 1, TRUE);
  x = layer (&b, double_size (&b, x), 2 * a, a, 3, 1, TRUE);
  x = convolve (&b, reflect (&b, x, 3), a, 3, 7, 1, TRUE);
  x = crop_like (&b, x, image);
  if (skip == PST_SKIP_LOGIT)
    x = add_photo (&b, x, image);
  x = pst_graph_op (b.graph, "Sigmoid", 1, x);
  pst_graph_add_output (b.graph, x, "pastiche");
  pst_graph_seal (b.graph);
  return b.network;
}

PstNetwork *
pst_network_encoder (const PstNetwork *generator, int width, int n_styles,
                     double epsilon)
{
  Builder   b;
  PstValue *image, *x;
  int       a = width;

  builder_init (&b, 0, PST_STREAM_GENERATOR, 0);
  b.from = generator;
  b.n_styles = n_styles;
  b.epsilon = epsilon;
  image = pst_graph_add_input (b.graph, "image", PST_FLOAT32,
                               PST_SHAPE_OF (-1, 3, -1, -1));
  b.style = pst_graph_add_input (b.graph, "style", PST_FLOAT32,
                                 PST_SHAPE_OF (-1, n_styles));
  x = encode (&b, image, a);
  pst_graph_add_output (b.graph, x, "encoder");
  pst_graph_seal (b.graph);
  return b.network;
}

PstNetwork *
pst_network_discriminator (const PstRecipeDiscriminator *shape, int n_styles,
                           guint64 seed, guint64 index)
{
  Builder   b;
  PstValue *x;
  int       in = 3;

  builder_init (&b, seed, PST_STREAM_DISCRIMINATOR, index);
  x = pst_graph_add_input (b.graph, "picture", PST_FLOAT32,
                           PST_SHAPE_OF (-1, 3, -1, -1));
  x = centre (&b, x);
  for (int i = 0; i < shape->depth; i++)
    {
      x = convolve (&b, x, in, shape->channels[i], 4, shape->strides[i],
                    TRUE);
      x = pst_graph_op (b.graph, "LeakyRelu", 1, x);
      pst_node_set_float (x->producer, "alpha", 0.2f);
      in = shape->channels[i];
    }
  x = convolve (&b, x, in, n_styles, 4, 1, TRUE);
  x = pst_graph_op (b.graph, "Mul", 2, x,
                    add_floats (&b, "gain", 1, (float) shape->gain));
  pst_graph_add_output (b.graph, x, "logits");
  pst_graph_seal (b.graph);
  return b.network;
}

int
pst_network_patch (const PstRecipeDiscriminator *shape)
{
  int side = 4;

  for (int i = shape->depth - 1; i >= 0; i--)
    side = (side - 1) * shape->strides[i] + 4;
  return side * shape->pool;
}

gboolean
pst_network_is_table (const PstNetwork *network, guint i)
{
  return g_str_has_prefix (network->names->pdata[i], "norm");
}

gboolean
pst_network_trains (const PstNetwork *network, guint i, PstTrain train)
{
  return train == PST_TRAIN_ALL || pst_network_is_table (network, i);
}

void
pst_network_free (PstNetwork *network)
{
  if (! network)
    return;
  pst_graph_unref (network->graph);
  g_ptr_array_unref (network->weights);
  g_ptr_array_unref (network->names);
  g_free (network);
}

void
pst_network_find_weights (const PstNetwork *network, PstGraph *graph,
                          GPtrArray *values)
{
  GPtrArray *all = pst_graph_get_values (graph);

  for (guint i = 0; i < network->weights->len; i++)
    for (guint k = 0; k < all->len; k++)
      {
        PstValue *value = all->pdata[k];

        if (value->kind == PST_VALUE_PARAMETER &&
            value->array == network->weights->pdata[i])
          {
            g_ptr_array_add (values, value);
            break;
          }
      }
}

void
pst_network_copy (PstNetwork *to, const PstNetwork *from)
{
  g_return_if_fail (to->weights->len == from->weights->len);

  for (guint i = 0; i < to->weights->len; i++)
    {
      PstArray *a = to->weights->pdata[i];
      PstArray *b = from->weights->pdata[i];

      memcpy (a->tensor.data, b->tensor.data, pst_tensor_bytes (&a->tensor));
    }
}
