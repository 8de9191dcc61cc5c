// pickle.c — the stack machine: one table row per opcode. Knows nothing about which names are harmless, nor what a
// tensor is. Every loop runs over the pickle's own bytes, values are never walked, and nothing recurses.
#include "weights/pickle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Far above what torch.save writes for any model, and small enough that a hostile pickle stays cheap.
enum {
    PICKLE_BYTES_MAX = 1 << 26,
    STACK_MAX = 1 << 16, // the writer collects at most 1000 items between MARK and SETITEMS
    MEMO_MAX = 1 << 20,
    CELL_MAX = 1 << 21,
    LIST_MAX = 1 << 20,
    PROTOCOL_MAX = 5,
};

struct opcode {
    const char *name;
    bool (*run)(struct pickle *p, const struct opcode *op, struct err *e);
    uint32_t arg;
    enum pickle_kind kind;
};

// ---- values ----

static bool push(struct pickle *p, struct pickle_value v, struct err *e)
{
    if (p->n_stack >= STACK_MAX)
        return err_set(e, ERR_FORMAT, "pickle: more than %d values wait on the stack", STACK_MAX);
    if (!mem_grow(&p->stack, &p->cap_stack, p->n_stack + 1, sizeof v, e)) return false;
    p->stack[p->n_stack++] = v;
    return true;
}

// The n topmost values, oldest first, none of them a MARK; they stay on the stack.
static struct pickle_value *top(struct pickle *p, uint32_t n, struct err *e)
{
    for (uint32_t i = 0; i < n; i++) {
        if (i < p->n_stack && p->stack[p->n_stack - 1 - i].kind != PICKLE_MARK) continue;
        err_set(e, ERR_FORMAT, "pickle: an opcode wants %u values, the stack has %u", n, i);
        return NULL;
    }
    return p->stack + (p->n_stack - n);
}

// Index of the value above the topmost MARK.
static bool above_mark(const struct pickle *p, uint32_t *first, struct err *e)
{
    for (uint32_t i = p->n_stack; i-- > 0;) {
        if (p->stack[i].kind != PICKLE_MARK) continue;
        *first = i + 1;
        return true;
    }
    return err_set(e, ERR_FORMAT, "pickle: an opcode wants a MARK, the stack has none");
}

bool pickle_new_list(struct pickle *p, enum pickle_kind kind, struct pickle_value *out, struct err *e)
{
    if (p->n_list >= LIST_MAX) return err_set(e, ERR_FORMAT, "pickle: more than %d objects", LIST_MAX);
    if (!mem_grow(&p->list, &p->cap_list, p->n_list + 1, sizeof *p->list, e)) return false;
    *out = (struct pickle_value){.kind = kind, .as.id = p->n_list};
    p->list[p->n_list++] = (struct pickle_list){0};
    return true;
}

bool pickle_append(struct pickle *p, struct pickle_value list, struct pickle_value v, struct err *e)
{
    if (p->n_cell >= CELL_MAX) return err_set(e, ERR_FORMAT, "pickle: more than %d members of objects", CELL_MAX);
    if (p->n_cell == 0) p->n_cell = 1; // 0 ends lists
    if (!mem_grow(&p->cell, &p->cap_cell, p->n_cell + 1, sizeof *p->cell, e)) return false;
    const uint32_t id = p->n_cell++;
    struct pickle_list *l = &p->list[list.as.id];
    p->cell[id] = (struct pickle_cell){v, 0};
    if (l->first)
        p->cell[l->last].next = id;
    else
        l->first = id;
    l->last = id;
    l->n++;
    return true;
}

// Moves stack[first..] into `list` and drops them.
static bool move_into(struct pickle *p, struct pickle_value list, uint32_t first, struct err *e)
{
    for (uint32_t i = first; i < p->n_stack; i++)
        if (!pickle_append(p, list, p->stack[i], e)) return false;
    p->n_stack = first;
    return true;
}

// ---- operands ----

static bool take(struct pickle *p, uint64_t n, const uint8_t **at, struct err *e)
{
    if (n > p->bytes - p->pos)
        return err_set(e, ERR_FORMAT, "pickle: %llu bytes wanted at byte %llu, %llu are left", (unsigned long long)n,
                       (unsigned long long)p->pos, (unsigned long long)(p->bytes - p->pos));
    *at = p->data + p->pos;
    p->pos += n;
    return true;
}

static bool take_number(struct pickle *p, uint32_t width, uint64_t *v, struct err *e) // little endian
{
    const uint8_t *at = NULL;
    if (!take(p, width, &at, e)) return false;
    *v = 0;
    for (uint32_t i = width; i-- > 0;) *v = *v << 8 | at[i];
    return true;
}

static bool take_line(struct pickle *p, struct pickle_value *text, struct err *e)
{
    const uint8_t *at = p->data + p->pos, *end = memchr(at, '\n', (size_t)min_u64(p->bytes - p->pos, 1024));
    if (!end) return err_set(e, ERR_FORMAT, "pickle: a name at byte %llu has no end", (unsigned long long)p->pos);
    *text = (struct pickle_value){.kind = PICKLE_TEXT, .bytes = (uint32_t)(end - at), .as.text = (const char *)at};
    p->pos += (uint64_t)(end - at) + 1;
    return true;
}

// ---- opcodes that push ----

static bool run_constant(struct pickle *p, const struct opcode *op, struct err *e)
{
    return push(p, (struct pickle_value){.kind = op->kind, .as.i = op->arg}, e);
}

static bool run_int(struct pickle *p, const struct opcode *op, struct err *e) // arg: width; 4 bytes are signed
{
    uint64_t v;
    if (!take_number(p, op->arg, &v, e)) return false;
    const int64_t i = op->arg == 4 ? (int32_t)(uint32_t)v : (int64_t)v;
    return push(p, (struct pickle_value){.kind = PICKLE_INT, .as.i = i}, e);
}

static bool run_long(struct pickle *p, const struct opcode *op, struct err *e) // arg: width of the length
{
    uint64_t n, v = 0;
    const uint8_t *at = NULL;
    if (!take_number(p, op->arg, &n, e) || !take(p, n, &at, e)) return false;
    if (n > 8) return push(p, (struct pickle_value){.kind = PICKLE_BYTES}, e);
    for (uint64_t i = n; i-- > 0;) v = v << 8 | at[i];
    if (n && n < 8 && at[n - 1] & 0x80) v |= UINT64_MAX << (8 * n); // two's complement
    return push(p, (struct pickle_value){.kind = PICKLE_INT, .as.i = (int64_t)v}, e);
}

static bool run_float(struct pickle *p, const struct opcode *op, struct err *e)
{
    (void)op;
    const uint8_t *at = NULL;
    if (!take(p, 8, &at, e)) return false;
    uint64_t bits = 0;
    for (int i = 0; i < 8; i++) bits = bits << 8 | at[i]; // the one big-endian operand
    struct pickle_value v = {.kind = PICKLE_FLOAT};
    memcpy(&v.as.f, &bits, sizeof v.as.f);
    return push(p, v, e);
}

static bool run_text(struct pickle *p, const struct opcode *op, struct err *e) // arg: width of the length
{
    uint64_t n;
    const uint8_t *at = NULL;
    if (!take_number(p, op->arg, &n, e) || !take(p, n, &at, e)) return false;
    return push(p, (struct pickle_value){.kind = op->kind, .bytes = (uint32_t)n, .as.text = (const char *)at}, e);
}

static bool run_global(struct pickle *p, const struct opcode *op, struct err *e)
{
    (void)op;
    struct pickle_value module, name, v;
    return take_line(p, &module, e) && take_line(p, &name, e) && pickle_name(module, name, &v, e) && push(p, v, e);
}

static bool run_stack_global(struct pickle *p, const struct opcode *op, struct err *e)
{
    (void)op;
    const struct pickle_value *v = top(p, 2, e);
    struct pickle_value out;
    if (!v || !pickle_name(v[0], v[1], &out, e)) return false;
    p->n_stack -= 2;
    return push(p, out, e);
}

// ---- opcodes that collect ----

static bool run_empty(struct pickle *p, const struct opcode *op, struct err *e)
{
    struct pickle_value v;
    return pickle_new_list(p, op->kind, &v, e) && push(p, v, e);
}

static bool run_tuple(struct pickle *p, const struct opcode *op, struct err *e) // arg: members
{
    struct pickle_value v;
    return top(p, op->arg, e) && pickle_new_list(p, PICKLE_TUPLE, &v, e) && move_into(p, v, p->n_stack - op->arg, e) &&
           push(p, v, e);
}

static bool run_collect(struct pickle *p, const struct opcode *op, struct err *e)
{
    struct pickle_value v;
    uint32_t first = 0;
    if (!above_mark(p, &first, e) || !pickle_new_list(p, op->kind, &v, e) || !move_into(p, v, first, e)) return false;
    if (op->kind == PICKLE_DICT && p->list[v.as.id].n % 2)
        return err_set(e, ERR_FORMAT, "pickle: a dictionary has a key without a value");
    p->n_stack--; // the MARK
    return push(p, v, e);
}

// arg: how many values are added to the object below them; 0 = all above the MARK
static bool run_add(struct pickle *p, const struct opcode *op, struct err *e)
{
    uint32_t first = 0;
    if (op->arg && !top(p, op->arg + 1, e)) return false;
    if (op->arg)
        first = p->n_stack - op->arg;
    else if (!above_mark(p, &first, e))
        return false;
    const uint32_t below = op->arg ? first : first - 1;
    if (below == 0) return err_set(e, ERR_FORMAT, "pickle: members without an object");
    const struct pickle_value object = p->stack[below - 1];
    if (object.kind != op->kind && object.kind != PICKLE_OBJECT)
        return err_set(e, ERR_FORMAT, "pickle: %s adds to %s", op->name, pickle_kind_name(object.kind));
    if (op->kind == PICKLE_DICT && (p->n_stack - first) % 2)
        return err_set(e, ERR_FORMAT, "pickle: a dictionary has a key without a value");
    if (!move_into(p, object, first, e)) return false;
    p->n_stack = below;
    return true;
}

// ---- the stack, the memo, the frame ----

static bool run_pop(struct pickle *p, const struct opcode *op, struct err *e)
{
    (void)op;
    if (p->n_stack == 0) return err_set(e, ERR_FORMAT, "pickle: POP from an empty stack");
    p->n_stack--;
    return true;
}

static bool run_pop_mark(struct pickle *p, const struct opcode *op, struct err *e)
{
    (void)op;
    uint32_t first = 0;
    if (!above_mark(p, &first, e)) return false;
    p->n_stack = first - 1;
    return true;
}

static bool run_dup(struct pickle *p, const struct opcode *op, struct err *e)
{
    (void)op;
    const struct pickle_value *v = top(p, 1, e);
    return v && push(p, *v, e);
}

static bool memo_put(struct pickle *p, uint64_t slot, struct err *e)
{
    const struct pickle_value *v = top(p, 1, e);
    if (!v) return false;
    if (slot >= MEMO_MAX)
        return err_set(e, ERR_FORMAT, "pickle: memo slot %llu, at most %d", (unsigned long long)slot, MEMO_MAX);
    if (!mem_grow(&p->memo, &p->cap_memo, (uint32_t)slot + 1, sizeof *p->memo, e)) return false;
    p->memo[slot] = *v;
    return true;
}

static bool run_put(struct pickle *p, const struct opcode *op, struct err *e)
{
    uint64_t slot;
    return take_number(p, op->arg, &slot, e) && memo_put(p, slot, e);
}

static bool run_memoize(struct pickle *p, const struct opcode *op, struct err *e)
{
    (void)op;
    // protocol 4 numbers the slots implicitly and never mixes this with PUT
    return memo_put(p, p->n_memo, e) && ++p->n_memo;
}

static bool run_get(struct pickle *p, const struct opcode *op, struct err *e)
{
    uint64_t slot;
    if (!take_number(p, op->arg, &slot, e)) return false;
    if (slot >= p->cap_memo || p->memo[slot].kind == PICKLE_UNSET)
        return err_set(e, ERR_FORMAT, "pickle: memo slot %llu was never written", (unsigned long long)slot);
    return push(p, p->memo[slot], e);
}

static bool run_proto(struct pickle *p, const struct opcode *op, struct err *e)
{
    (void)op;
    uint64_t version;
    if (!take_number(p, 1, &version, e)) return false;
    return version <= PROTOCOL_MAX || err_set(e, ERR_FORMAT, "pickle: protocol %llu, at most %d is known",
                                              (unsigned long long)version, PROTOCOL_MAX);
}

static bool run_frame(struct pickle *p, const struct opcode *op, struct err *e)
{
    (void)op;
    uint64_t bytes; // a hint for readers of streams
    return take_number(p, 8, &bytes, e);
}

// ---- opcodes that would execute something ----

static bool run_call(struct pickle *p, const struct opcode *op, struct err *e) // arg: 1 + argument values
{
    const struct pickle_value *v = top(p, op->arg, e);
    struct pickle_value out;
    if (!v || !pickle_call(p, v[0], v[1], &out, e)) return false;
    p->n_stack -= op->arg;
    return push(p, out, e);
}

static bool run_build(struct pickle *p, const struct opcode *op, struct err *e)
{
    (void)op;
    const struct pickle_value *v = top(p, 2, e);
    if (!v) return false;
    const struct pickle_value object = v[0], state = v[1];
    p->n_stack--;
    if (object.kind == PICKLE_OBJECT) return pickle_append(p, object, state, e);
    // an OrderedDict carries its module's _metadata this way
    return object.kind == PICKLE_DICT || err_set(e, ERR_FORMAT, "pickle: BUILD on %s", pickle_kind_name(object.kind));
}

static bool run_persistent(struct pickle *p, const struct opcode *op, struct err *e)
{
    (void)op;
    const struct pickle_value *v = top(p, 1, e);
    struct pickle_value out;
    if (!v || !pickle_persistent(p, *v, &out, e)) return false;
    p->n_stack--;
    return push(p, out, e);
}

enum { STOP = '.' };

static const struct opcode opcodes[256] = {
    ['('] = {"MARK", run_constant, 0, PICKLE_MARK},
    ['0'] = {"POP", run_pop},
    ['1'] = {"POP_MARK", run_pop_mark},
    ['2'] = {"DUP", run_dup},
    ['N'] = {"NONE", run_constant, 0, PICKLE_NONE},
    [0x88] = {"NEWTRUE", run_constant, 1, PICKLE_BOOL},
    [0x89] = {"NEWFALSE", run_constant, 0, PICKLE_BOOL},
    ['J'] = {"BININT", run_int, 4},
    ['K'] = {"BININT1", run_int, 1},
    ['M'] = {"BININT2", run_int, 2},
    [0x8A] = {"LONG1", run_long, 1},
    [0x8B] = {"LONG4", run_long, 4},
    ['G'] = {"BINFLOAT", run_float},
    ['X'] = {"BINUNICODE", run_text, 4, PICKLE_TEXT},
    [0x8C] = {"SHORT_BINUNICODE", run_text, 1, PICKLE_TEXT},
    [0x8D] = {"BINUNICODE8", run_text, 8, PICKLE_TEXT},
    ['T'] = {"BINSTRING", run_text, 4, PICKLE_TEXT}, // text of Python 2
    ['U'] = {"SHORT_BINSTRING", run_text, 1, PICKLE_TEXT},
    ['B'] = {"BINBYTES", run_text, 4, PICKLE_BYTES},
    ['C'] = {"SHORT_BINBYTES", run_text, 1, PICKLE_BYTES},
    [0x8E] = {"BINBYTES8", run_text, 8, PICKLE_BYTES},
    [0x96] = {"BYTEARRAY8", run_text, 8, PICKLE_BYTES},
    ['c'] = {"GLOBAL", run_global},
    [0x93] = {"STACK_GLOBAL", run_stack_global},
    [')'] = {"EMPTY_TUPLE", run_empty, 0, PICKLE_TUPLE},
    [']'] = {"EMPTY_LIST", run_empty, 0, PICKLE_LIST},
    ['}'] = {"EMPTY_DICT", run_empty, 0, PICKLE_DICT},
    [0x8F] = {"EMPTY_SET", run_empty, 0, PICKLE_LIST},
    ['t'] = {"TUPLE", run_collect, 0, PICKLE_TUPLE},
    ['l'] = {"LIST", run_collect, 0, PICKLE_LIST},
    ['d'] = {"DICT", run_collect, 0, PICKLE_DICT},
    [0x91] = {"FROZENSET", run_collect, 0, PICKLE_LIST},
    [0x85] = {"TUPLE1", run_tuple, 1},
    [0x86] = {"TUPLE2", run_tuple, 2},
    [0x87] = {"TUPLE3", run_tuple, 3},
    ['a'] = {"APPEND", run_add, 1, PICKLE_LIST},
    ['e'] = {"APPENDS", run_add, 0, PICKLE_LIST},
    [0x90] = {"ADDITEMS", run_add, 0, PICKLE_LIST},
    ['s'] = {"SETITEM", run_add, 2, PICKLE_DICT},
    ['u'] = {"SETITEMS", run_add, 0, PICKLE_DICT},
    ['q'] = {"BINPUT", run_put, 1},
    ['r'] = {"LONG_BINPUT", run_put, 4},
    [0x94] = {"MEMOIZE", run_memoize},
    ['h'] = {"BINGET", run_get, 1},
    ['j'] = {"LONG_BINGET", run_get, 4},
    [0x80] = {"PROTO", run_proto},
    [0x95] = {"FRAME", run_frame},
    ['R'] = {"REDUCE", run_call, 2},
    [0x81] = {"NEWOBJ", run_call, 2},
    [0x92] = {"NEWOBJ_EX", run_call, 3},
    ['b'] = {"BUILD", run_build},
    ['Q'] = {"BINPERSID", run_persistent},
};

bool pickle_load(struct pickle *p, const void *data, uint64_t bytes, struct pickle_value *result, struct err *e)
{
    *p = (struct pickle){.data = data, .bytes = min_u64(bytes, PICKLE_BYTES_MAX)};
    for (const uint8_t *code = NULL; take(p, 1, &code, e);) {
        if (*code == STOP) {
            const struct pickle_value *v = top(p, 1, e);
            if (v) *result = *v;
            return v != NULL;
        }
        const struct opcode *op = &opcodes[*code];
        if (!op->run)
            return err_set(e, ERR_FORMAT, "pickle: opcode 0x%02X at byte %llu is not one that torch.save writes", *code,
                           (unsigned long long)p->pos - 1);
        if (!op->run(p, op, e)) return false;
    }
    return false;
}

void pickle_close(struct pickle *p)
{
    free(p->stack);
    free(p->memo);
    free(p->cell);
    free(p->list);
    free(p->storage);
    free(p->tensor);
    *p = (struct pickle){0};
}

bool pickle_counts(const struct pickle *p, struct pickle_value v, uint64_t *out, uint32_t most, uint32_t *n)
{
    if ((v.kind != PICKLE_TUPLE && v.kind != PICKLE_LIST) || p->list[v.as.id].n > most) return false;
    *n = 0;
    for (uint32_t c = p->list[v.as.id].first; c; c = p->cell[c].next) {
        const struct pickle_value m = p->cell[c].v;
        if (m.kind != PICKLE_INT || m.as.i < 0) return false;
        out[(*n)++] = (uint64_t)m.as.i;
    }
    return true;
}

bool pickle_is_text(struct pickle_value v, const char *text)
{
    return v.kind == PICKLE_TEXT && v.bytes == strlen(text) && !memcmp(v.as.text, text, v.bytes);
}

struct pickle_value pickle_get(const struct pickle *p, struct pickle_value dict, const char *key)
{
    for (uint32_t c = p->list[dict.as.id].first; c; c = p->cell[p->cell[c].next].next)
        if (pickle_is_text(p->cell[c].v, key)) return p->cell[p->cell[c].next].v;
    return (struct pickle_value){0};
}

const char *pickle_kind_name(enum pickle_kind kind)
{
    static const char *const names[] = {
        [PICKLE_UNSET] = "nothing", [PICKLE_MARK] = "a mark",       [PICKLE_NONE] = "None",
        [PICKLE_BOOL] = "a bool",   [PICKLE_INT] = "a number",      [PICKLE_FLOAT] = "a number",
        [PICKLE_TEXT] = "text",     [PICKLE_BYTES] = "bytes",       [PICKLE_TUPLE] = "a tuple",
        [PICKLE_LIST] = "a list",   [PICKLE_DICT] = "a dictionary", [PICKLE_OBJECT] = "an object",
        [PICKLE_GLOBAL] = "a name", [PICKLE_STORAGE] = "a storage", [PICKLE_TENSOR] = "a tensor",
    };
    return names[kind];
}
