/* net.h - a classifier from inside: layers, activations, and how a pass over a batch is cut up.
 *
 * An activation of one example is h x w positions of c channels, channels fastest; activation 0 is
 * the input as it was given.  A layer reads one activation (a sum two) and makes one.  Its gradient
 * ("delta") has the same shape.
 *
 * A batch is cut into groups of examples.  One task takes a group through all layers forward and
 * back, so that its activations stay in cache; weights of dense layers then get their gradients by
 * tile, each tile one product over the whole batch, and those of convolutions and norms as sums of
 * the groups' parts in order.  A row's bits do not depend on its neighbours (tensor/product.h), so
 * the size of a group shows only in the parts: with convolutions it is fixed, without it may depend
 * on the number of threads. */
#ifndef EID_SRC_NET_H
#define EID_SRC_NET_H
#include "eidetic/classifier.h"
#include "par/par.h"
#include "tensor/product.h"

typedef enum net_kind {
    NET_TURN, /* channel by channel to channels fastest */
    NET_CONV,
    NET_DENSE,
    NET_NORM, /* group norm */
    NET_POOL, /* maximum */
    NET_MEAN,
    NET_ADD
} net_kind;

typedef struct net_map {
    int64_t h, w, c, n; /* n = h w c */
} net_map;

typedef struct net_layer {
    net_kind kind;
    bool relu;
    bool back;         /* weights lie below: its input's delta is wanted */
    bool fresh;        /* going back it is the first to write its input's delta; others add */
    int in, skip, out; /* activations; skip: of a sum */
    int64_t window, stride, pad; /* of a convolution; window: of a maximum, too */
    int64_t groups;              /* of a norm */
    int weight, bias;            /* parameters (a norm's: gain, bias); -1: none */
} net_layer;

enum {
    NET_GROUP = 16,     /* examples of a group of a net with convolutions */
    NET_TILE = 1 << 15, /* floats of a tile, about */
    NET_CHUNK = 1 << 14,
    NET_NAME = 24
};

/* A piece of the parameters that one task makes the gradient of, and updates. */
typedef struct net_piece {
    int layer, param;
    int64_t at, n;     /* floats of the parameter */
    int64_t row, rows; /* of a dense layer's weights; rows 0: anything else */
} net_piece;

typedef struct net_work net_work;

struct eid_net {
    char *model;
    eid_net_shape shape;
    net_layer *layer;
    size_t layers, layers_cap;
    net_map *map;
    size_t maps, maps_cap;
    eid_param *param;
    size_t params, params_cap;
    char *names;
    bool convs;     /* anything but dense layers */
    int64_t floats; /* of all parameters */
    float *values, *gradients;
    float **turned; /* per parameter: weights^T where a delta needs it, else NULL */
    float *turned_block, *turned_input;
    net_piece *piece;
    size_t pieces, pieces_cap;
    int64_t part;     /* floats of a group's partial gradients */
    int64_t *part_at; /* per parameter: where in it; -1: of a dense layer */
    net_work *work;
};

/* Builds layers, maps and parameters (without memory for values) from the text. */
eid_status net_describe(eid_net *m, const char *model);
/* Makes room for transposed weights: of layers above others (`back`), or of the first ones. */
eid_status net_turned(eid_net *m, bool back);
void net_turn(const eid_net *m, const net_piece *p); /* refreshes a piece's */

/* One worker's memory for a group. */
typedef struct net_worker {
    float **act, **delta; /* per map */
    float *unfold;        /* net_panel(m) rows of a convolution's input */
    float *spread;        /* the same, backward; and transposed */
    float *small;         /* a parameter's gradient of one example; a tile's */
    float *pad;           /* of products */
    double *sum;          /* of norms: 4 per channel */
    float *mean, *rstd;   /* of norms: per layer, example and group */
} net_worker;

struct net_work {
    int threads;
    int64_t group; /* examples that a worker has room for */
    net_worker *worker;
    float *block;         /* of the workers */
    int64_t room;         /* examples that there is a wide block for */
    float **act, **delta; /* per map: all examples, for the inputs and deltas of dense layers */
    float *wide;
    float *part; /* groups x m->part */
    int64_t part_groups;
    double *norm2; /* scratch of clipping: group x params per worker */
    double *losses;
    int64_t losses_cap;
};

/* Workers for this context, groups of at most `group` examples. */
eid_status net_work_for(eid_net *m, eid_ctx *ctx, int64_t group);
/* And room for the gradients of n examples. */
eid_status net_work_wide(eid_net *m, eid_ctx *ctx, int64_t n);
void net_work_free(net_work *w);

/* What a pass over a batch does. */
struct net_group;
typedef struct net_pass {
    eid_net *m;
    const float *x;
    const int32_t *y;
    const float *weight;
    int64_t n, group, groups;
    bool back;    /* go back at all */
    bool wide;    /* keep what the weights' gradients need, and make the groups' parts */
    bool input;   /* as far as the input */
    bool own;     /* deltas of each example's own loss, else of the weighted mean */
    bool norms;   /* take |g|^2 per example and parameter */
    double clip;  /* own: then scale by weight min(1, clip / |g|); negative: leave */
    double scale; /* of each loss, unless own */
    const float *dlogits;
    float *dx, *logits;
    double *losses, *norm, *norm2;
    eid_optim *optim; /* pieces go into its step, NULL: into m->gradients */
    float lr;
    void (*look)(const struct net_group *g, void *user); /* after a group went back; NULL: nobody */
    void *look_user;
} net_pass;

/* A group under way. */
typedef struct net_group {
    const net_pass *p;
    net_worker *w;
    int64_t number, first, n;
} net_group;

static inline float *net_act(const net_group *g, int map)
{
    const net_work *w = g->p->m->work;
    if (map == 0)
        return (float *)g->p->x + g->first * g->p->m->map[0].n;
    return g->p->wide && w->act[map] ? w->act[map] + g->first * g->p->m->map[map].n
                                     : g->w->act[map];
}
static inline float *net_delta(const net_group *g, int map)
{
    const net_work *w = g->p->m->work;
    if (map == 0)
        return g->p->dx ? g->p->dx + g->first * g->p->m->map[0].n : NULL;
    return g->p->wide && w->delta[map] ? w->delta[map] + g->first * g->p->m->map[map].n
                                       : g->w->delta[map];
}

/* Tasks 0..n-1, without a pool or a signal mask of their own when there is one thread. */
eid_status net_for(eid_ctx *ctx, int64_t n, eid_task_fn fn, void *arg);

void net_forward(const net_group *g);
void net_backward(const net_group *g);
/* |g|^2 of each parameter of example i of the group, into norm2 (params). */
void net_norms_of(const net_group *g, int64_t i, double *norm2);
/* The group's part of the gradients of convolutions and norms. */
void net_part(const net_group *g);
/* Gradients of all pieces from the whole batch; updates when the pass has an optimizer. */
eid_status net_pieces(eid_ctx *ctx, const net_pass *p);

/* ---- convolutions (conv.c) and norms (norm.c), one example at a time ----------------------------
 */

/* Positions first .. first + rows - 1 of a convolution's output: each row the inputs that it sees,
 * kernel row by kernel row. */
void net_unfold(const net_map *in, const net_map *out, const net_layer *l, const float *x,
                int64_t first, int64_t rows, float *row);
/* Adds rows back to where they were taken from. */
void net_fold(const net_map *in, const net_map *out, const net_layer *l, const float *row,
              int64_t first, int64_t rows, float *dx);
void net_norm(const net_map *map, int64_t groups, const float *x, const float *gain,
              const float *bias, bool relu, float *y, float *mean, float *rstd, double *sum);
/* dx (NULL: not wanted) is written; dgain, dbias (NULL: not wanted) are written, in float. */
void net_norm_back(const net_map *map, int64_t groups, const float *x, const float *dy,
                   const float *gain, const float *mean, const float *rstd, float *dx,
                   double *dgain, double *dbias, double *sum);
/* Where a layer's statistics of example i of a group begin. */
int64_t net_stats_at(const eid_net *m, size_t layer, int64_t i, int64_t group);

/* Positions that are unfolded at a time: whole examples where they fit. */
enum { NET_PANEL = 256 };
static inline int64_t net_panel(const net_map *out)
{
    int64_t t = out->h * out->w;
    return t <= NET_PANEL ? NET_PANEL / t * t : NET_PANEL;
}
/* Is sum_ts (a_t . a_s)(d_t . d_s) cheaper than |A^T D|^2? */
static inline bool net_ghost(const eid_net *m, const net_layer *l)
{
    const net_map *out = &m->map[l->out];
    double T = (double)(out->h * out->w), K = (double)m->param[l->weight].rows,
           M = (double)m->param[l->weight].cols;
    return T <= NET_PANEL && T * (K + M) < K * M;
}
/* Rows of a group's panel that begins at row `at` of n examples. */
static inline int64_t net_panel_rows(const net_map *out, int64_t n, int64_t at)
{
    int64_t t = out->h * out->w, panel = net_panel(out);
    int64_t left = t <= NET_PANEL ? n * t - at : t - at % t;
    return left < panel ? left : panel;
}
/* Unfolds rows at .. at + rows - 1 of the group's examples into w->unfold. */
void net_unfold_rows(const net_group *g, const net_layer *l, int64_t at, int64_t rows);
/* One task: forward, loss, back, norms, parts. */
eid_status net_group_task(void *pass, int64_t task, int worker);
/* Makes memory and runs the groups, then the pieces if the pass is wide.  p->n may be 0. */
eid_status net_run(eid_ctx *ctx, net_pass *p);
eid_status net_gradients(eid_net *m); /* makes param->gradient */
/* Takes the batch forward and, each example's own loss, back; `look` sees every group, from any
 * thread. */
eid_status net_look(eid_net *m, eid_ctx *ctx, const eid_examples *batch,
                    void (*look)(const net_group *g, void *user), void *user);

/* The step of n floats of parameter `param` from `at` on.  g NULL: the first moment holds
 * momentum v + g already, which net_folds allows. */
void net_update(const eid_optim *o, int param, int64_t at, int64_t n, const float *g, float lr);
bool net_folds(const eid_optim *o, float *momentum);
float *net_first(const eid_optim *o, int param);
/* Before the updates of a step. */
void net_step_begins(eid_optim *o);
#endif
