// pickle_names.c — the names a pickle may mention, and what "calling" each of them means here: making an inert value.
// Knows nothing about opcodes or containers.
#include "weights/pickle.h"

#include <string.h>

enum { TENSOR_MAX = 1 << 18 };

struct harmless {
    const char *module, *name;
    bool (*call)(struct pickle *p, struct pickle_value args, struct pickle_value *out,
                 struct err *e); // NULL: no function
    bool storage;                // a storage class, holding:
    enum dtype dtype;
};

// The first `most` members of an argument tuple; the rest must not exist.
static bool arguments(const struct pickle *p, struct pickle_value args, struct pickle_value *out, uint32_t least,
                      uint32_t most, const char *who, struct err *e)
{
    const struct pickle_list *l = &p->list[args.as.id];
    if (l->n < least || l->n > most)
        return err_set(e, ERR_FORMAT, "pickle: %s has %u arguments, wanted %u to %u", who, l->n, least, most);
    for (uint32_t c = l->first, i = 0; c; c = p->cell[c].next) out[i++] = p->cell[c].v;
    return true;
}

static bool call_dict(struct pickle *p, struct pickle_value args, struct pickle_value *out, struct err *e)
{
    struct pickle_value unused[1];
    // a default factory may be named; initial members are written by SETITEMS since Python 3
    return arguments(p, args, unused, 0, 1, "a dictionary", e) && pickle_new_list(p, PICKLE_DICT, out, e);
}

static bool call_inert(struct pickle *p, struct pickle_value args, struct pickle_value *out, struct err *e)
{
    (void)args;
    return pickle_new_list(p, PICKLE_OBJECT, out, e);
}

// (storage, offset, size, stride, requires_grad, backward_hooks, metadata); the older function ends at stride.
static bool call_tensor(struct pickle *p, struct pickle_value args, struct pickle_value *out, struct err *e)
{
    struct pickle_value v[7];
    if (!arguments(p, args, v, 4, 7, "a tensor", e)) return false;
    struct pickle_tensor t = {0};
    uint32_t strides = 0;
    if (v[0].kind != PICKLE_STORAGE)
        return err_set(e, ERR_FORMAT, "pickle: a tensor lies in %s, wanted a storage", pickle_kind_name(v[0].kind));
    if (v[1].kind != PICKLE_INT || v[1].as.i < 0)
        return err_set(e, ERR_FORMAT, "pickle: a tensor's offset is negative or no number");
    if (!pickle_counts(p, v[2], t.dim, PICKLE_RANK, &t.rank) ||
        !pickle_counts(p, v[3], t.stride, PICKLE_RANK, &strides) || strides != t.rank)
        return err_set(e, ERR_FORMAT, "pickle: a tensor's size and stride are not two lists of up to %d whole numbers",
                       PICKLE_RANK);
    if (p->n_tensor >= TENSOR_MAX) return err_set(e, ERR_FORMAT, "pickle: more than %d tensors", TENSOR_MAX);
    if (!mem_grow(&p->tensor, &p->cap_tensor, p->n_tensor + 1, sizeof t, e)) return false;
    t.storage = v[0].as.id;
    t.offset = (uint64_t)v[1].as.i;
    *out = (struct pickle_value){.kind = PICKLE_TENSOR, .as.id = p->n_tensor};
    p->tensor[p->n_tensor++] = t;
    return true;
}

// (tensor, requires_grad, backward_hooks[, state]): a parameter is its tensor
static bool call_parameter(struct pickle *p, struct pickle_value args, struct pickle_value *out, struct err *e)
{
    struct pickle_value v[4];
    if (!arguments(p, args, v, 2, 4, "a parameter", e)) return false;
    if (v[0].kind != PICKLE_TENSOR)
        return err_set(e, ERR_FORMAT, "pickle: a parameter holds %s, wanted a tensor", pickle_kind_name(v[0].kind));
    *out = v[0];
    return true;
}

static const struct harmless names[] = {
    {"collections", "OrderedDict", call_dict},
    {"collections", "defaultdict", call_dict},
    {"torch._utils", "_rebuild_tensor_v2", call_tensor},
    {"torch._utils", "_rebuild_tensor", call_tensor},
    {"torch._utils", "_rebuild_parameter", call_parameter},
    {"torch._utils", "_rebuild_parameter_with_state", call_parameter},
    {"torch", "FloatStorage", NULL, true, DT_F32},
    {"torch", "HalfStorage", NULL, true, DT_F16},
    {"torch", "BFloat16Storage", NULL, true, DT_BF16},
    {"torch", "DoubleStorage", NULL, true, DT_F64},
    {"torch", "LongStorage", NULL, true, DT_I64},
    {"torch", "IntStorage", NULL, true, DT_I32},
    {"torch", "ShortStorage", NULL, true, DT_I16},
    {"torch", "CharStorage", NULL, true, DT_I8},
    {"torch", "ByteStorage", NULL, true, DT_U8},
    {"torch", "BoolStorage", NULL, true, DT_BOOL},
    // things that training programs store beside the weights
    {"argparse", "Namespace", call_inert},
    {"copyreg", "_reconstructor", call_inert},
    {"copy_reg", "_reconstructor", call_inert},
    {"builtins", "object"},
    {"__builtin__", "object"},
    {"builtins", "set", call_inert},
    {"__builtin__", "set", call_inert},
    {"builtins", "int"},
    {"builtins", "float"},
    {"builtins", "list"},
    {"builtins", "dict"},
    {"torch", "Size", call_inert},
    {"torch", "device", call_inert},
    {"torch", "float32"},
    {"torch", "float16"},
    {"torch", "bfloat16"},
    {"torch", "float64"},
    {"torch", "int64"},
    {"pathlib", "PosixPath", call_inert},
    {"numpy", "dtype", call_inert},
    {"numpy.core.multiarray", "scalar", call_inert},
    {"numpy._core.multiarray", "scalar", call_inert},
    {"_codecs", "encode", call_inert},
    {"pytorch_lightning.callbacks.model_checkpoint", "ModelCheckpoint", call_inert},
};

bool pickle_name(struct pickle_value module, struct pickle_value name, struct pickle_value *out, struct err *e)
{
    if (module.kind != PICKLE_TEXT || name.kind != PICKLE_TEXT)
        return err_set(e, ERR_FORMAT, "pickle: a name is not text");
    for (uint32_t i = 0; i < COUNTOF(names); i++) {
        if (!pickle_is_text(module, names[i].module) || !pickle_is_text(name, names[i].name)) continue;
        *out = (struct pickle_value){.kind = PICKLE_GLOBAL, .as.id = i};
        return true;
    }
    char m[80], n[80];
    text_clean(m, sizeof m, module.as.text, module.bytes);
    text_clean(n, sizeof n, name.as.text, name.bytes);
    if (strstr(n, "Storage"))
        return err_set(e, ERR_UNSUPPORTED, "pickle: tensors of type %s.%s are not supported", m, n);
    return err_set(e, ERR_FORMAT, "pickle: refers to %s.%s, which no weights need; nothing was executed", m, n);
}

bool pickle_call(struct pickle *p, struct pickle_value callee, struct pickle_value args, struct pickle_value *out,
                 struct err *e)
{
    if (callee.kind != PICKLE_GLOBAL || args.kind != PICKLE_TUPLE)
        return err_set(e, ERR_FORMAT, "pickle: a call of %s with %s", pickle_kind_name(callee.kind),
                       pickle_kind_name(args.kind));
    const struct harmless *h = &names[callee.as.id];
    if (!h->call) return err_set(e, ERR_FORMAT, "pickle: %s.%s is called, but is no function", h->module, h->name);
    return h->call(p, args, out, e);
}

// ("storage", class, key, device, element count[, view]): the bytes are elsewhere in the container, under the key
bool pickle_persistent(struct pickle *p, struct pickle_value id, struct pickle_value *out, struct err *e)
{
    struct pickle_value v[6] = {0};
    if (id.kind != PICKLE_TUPLE)
        return err_set(e, ERR_FORMAT, "pickle: a persistent id is %s, wanted a tuple", pickle_kind_name(id.kind));
    if (!arguments(p, id, v, 5, 6, "a persistent id", e)) return false;
    if (!pickle_is_text(v[0], "storage") || v[1].kind != PICKLE_GLOBAL || !names[v[1].as.id].storage ||
        v[2].kind != PICKLE_TEXT || v[4].kind != PICKLE_INT || v[4].as.i < 0)
        return err_set(e, ERR_FORMAT, "pickle: a persistent id does not describe a storage");
    if (v[5].kind != PICKLE_UNSET && v[5].kind != PICKLE_NONE)
        return err_set(e, ERR_UNSUPPORTED, "pickle: storages that are views of others are not supported");
    if (p->n_storage >= TENSOR_MAX) return err_set(e, ERR_FORMAT, "pickle: more than %d storages", TENSOR_MAX);
    if (!mem_grow(&p->storage, &p->cap_storage, p->n_storage + 1, sizeof *p->storage, e)) return false;
    *out = (struct pickle_value){.kind = PICKLE_STORAGE, .as.id = p->n_storage};
    p->storage[p->n_storage++] =
        (struct pickle_storage){v[2].as.text, v[2].bytes, names[v[1].as.id].dtype, (uint64_t)v[4].as.i};
    return true;
}
