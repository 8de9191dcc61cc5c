// pickle.h — a pickle read as data. A small stack machine that knows the opcodes torch.save writes and a fixed list
// of harmless names; nothing is imported, called or executed, and a pickle can only ever become the values below.
// Knows nothing about containers, files or checkpoints.
#ifndef VKDIT_PICKLE_H
#define VKDIT_PICKLE_H

#include "base/base.h"
#include "base/dtype.h"

enum { PICKLE_RANK = 8 };

enum pickle_kind {
    PICKLE_UNSET, // a memo slot that was never written
    PICKLE_MARK,
    PICKLE_NONE,
    PICKLE_BOOL,  // as.i
    PICKLE_INT,   // as.i
    PICKLE_FLOAT, // as.f
    PICKLE_TEXT,  // as.text, not terminated, inside the pickle itself; may hold any bytes
    PICKLE_BYTES, // byte strings and integers beyond 64 bits: their content is of no interest
    PICKLE_TUPLE, // as.id: list[id]
    PICKLE_LIST,
    PICKLE_DICT,    // its cells are key, value, key, value, ...
    PICKLE_OBJECT,  // an object of a harmless class; its cells are what BUILD gave it
    PICKLE_GLOBAL,  // as.id: row of the list of harmless names
    PICKLE_STORAGE, // as.id: storage[id]
    PICKLE_TENSOR,  // as.id: tensor[id]
};

struct pickle_value {
    enum pickle_kind kind;
    uint32_t bytes; // of text
    union {
        int64_t i;
        double f;
        const char *text;
        uint32_t id;
    } as;
};

struct pickle_cell {
    struct pickle_value v;
    uint32_t next; // 0 ends a list
};

struct pickle_list {
    uint32_t first, last, n; // cell ids, number of cells
};

struct pickle_storage { // claims of the pickle; the container checks them
    const char *key;
    uint32_t key_bytes;
    enum dtype dtype;
    uint64_t count;
};

struct pickle_tensor {
    uint32_t storage, rank;
    uint64_t offset; // elements
    uint64_t dim[PICKLE_RANK], stride[PICKLE_RANK];
};

struct pickle {
    const uint8_t *data;
    uint64_t bytes, pos;
    struct pickle_value *stack, *memo;
    struct pickle_cell *cell; // cell[0] is unused
    struct pickle_list *list;
    struct pickle_storage *storage;
    struct pickle_tensor *tensor;
    uint32_t n_stack, n_memo, n_cell, n_list, n_storage, n_tensor;
    uint32_t cap_stack, cap_memo, cap_cell, cap_list, cap_storage, cap_tensor;
};

// Runs one pickle from `data` until STOP; p->pos is then the byte behind it. `data` must outlive p.
bool pickle_load(struct pickle *p, const void *data, uint64_t bytes, struct pickle_value *top, struct err *e);
void pickle_close(struct pickle *p); // accepts {0}, and a pickle that failed

// Whole numbers of a tuple or list, none negative.
bool pickle_counts(const struct pickle *p, struct pickle_value v, uint64_t *out, uint32_t most, uint32_t *n);
bool pickle_is_text(struct pickle_value v, const char *text);
const char *pickle_kind_name(enum pickle_kind kind); // "a list", for messages
// The value stored under a text key, or UNSET. Dictionaries only.
struct pickle_value pickle_get(const struct pickle *p, struct pickle_value dict, const char *key);

// --- between the machine and the list of names (pickle_names.c) ---
bool pickle_new_list(struct pickle *p, enum pickle_kind kind, struct pickle_value *out, struct err *e);
bool pickle_append(struct pickle *p, struct pickle_value list, struct pickle_value v, struct err *e);
bool pickle_name(struct pickle_value module, struct pickle_value name, struct pickle_value *out, struct err *e);
bool pickle_call(struct pickle *p, struct pickle_value callee, struct pickle_value args, struct pickle_value *out,
                 struct err *e);
bool pickle_persistent(struct pickle *p, struct pickle_value id, struct pickle_value *out, struct err *e);

#endif
