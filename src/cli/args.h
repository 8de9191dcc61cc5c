// args.h — ONE option table; parsing, help, manual, completions and picture metadata all come from it.
// Knows nothing about what a command does with the values.
#ifndef VKDIT_ARGS_H
#define VKDIT_ARGS_H

#include "cli/settings.h"

#include <jansson.h>

enum command_bit {
    IN_GENERATE = 1,
    IN_EVAL = 2,
    IN_INSPECT = 4,
    IN_DEVICES = 8,
    IN_SAMPLERS = 16,
    IN_CLASSES = 32,
    IN_HELP = 64,
    IN_OTHER = 128,
    IN_MODELS = 256,
    IN_TRACE = 1024,
    IN_WINDOW = 2048,
    IN_BENCH = 4096,
    IN_SELFTEST = 8192,
    IN_TUNE = 16384,
    IN_MODEL = IN_GENERATE | IN_EVAL | IN_INSPECT | IN_CLASSES | IN_TRACE | IN_WINDOW | IN_TUNE, // takes a model
    IN_EVERY = 65535,
};

struct option;

// How a value is read from text, checked, and kept as JSON. One row per kind, in kinds.c.
struct option_kind {
    bool takes_value;
    bool (*read)(const struct option *o, const char *text, void *to, struct err *e); // the error lacks the name
    json_t *(*keep)(const struct option *o, const void *from);                       // new reference, NULL: nothing
};

struct option {
    const char *name;    // long name, without dashes
    const char *also;    // further names with their dashes, space separated: "-S --cfg", or NULL
    char letter;         // or 0
    const char *value;   // placeholder, NULL when it takes none
    const char *without; // value may be left out: what is then meant
    const struct option_kind *kind;
    size_t at;            // offset in struct settings
    int32_t constant;     // what a flag stores
    double min, max;      // of numbers
    const char *words;    // the only values, space separated; their place is the value of a `choice`
    char *(*known)(void); // for documents: the words that the library knows, as new memory; not checked here
    const char *env;      // environment variable read when the option is not given
    unsigned commands;    // mask of enum command_bit
    bool recipe;          // decides the picture: kept in its metadata, read by --from
    const char *group;    // heading in the help
    const char *help;     // a sentence or two without the final stop
};

extern const struct option option_table[];
uint32_t option_count(void);
// Is it one of these commands' options? The window takes everything that decides a picture.
static inline bool option_applies(const struct option *o, unsigned command_bits)
{
    return o->commands & command_bits || (command_bits & IN_WINDOW && o->recipe);
}
extern const struct option_kind kind_flag, kind_counter, kind_text, kind_texts, kind_word, kind_choice, kind_u32,
    kind_size, kind_seed, kind_real, kind_interval;

json_t *json_u64(uint64_t v); // JSON has no unsigned 64 bits: what does not fit is text

// A row of the command table, one per file cmd_*.c.
struct cli;
struct command {
    const char *name, *operand, *about; // operand: placeholder, NULL when there is none
    unsigned bit;
    bool operand_needed;
    uint32_t operands_most;    // 0: one
    const char *operand_words; // the only values, or NULL
    const char *details;       // paragraphs for help and manual
    const char *examples;      // lines "what it does\tcommand"
    int (*run)(struct cli *c);
};
extern const struct command *const command_table[]; // NULL ended
char *sampler_names(void);                          // of every sampler, space separated; cmd_samplers.c
const struct command *command_find(const char *name);

// Options of `command` from words[0..n) into s. Errors are complete sentences for the user.
bool args_parse(struct settings *s, const struct command *command, int n, char **words, struct err *e);
// Options not given that name an environment variable which is set.
bool args_environment(struct settings *s, const struct command *command, struct err *e);
// The recipe options as an object {name: value}, and back. `object` must outlive s (texts point into it).
json_t *args_recipe(const struct settings *s);
bool args_from_recipe(struct settings *s, json_t *object, struct err *e);

const struct option *option_find(const char *name, unsigned command_bits); // long name or further name
char *option_words(const struct option *o); // `words` or what `known` gives, as new memory, or NULL
enum origin option_origin(const struct settings *s, const char *name);
// Marks an option as given, after a command filled its value in.
void option_resolve(struct settings *s, const char *name);
void option_forget(struct settings *s, const char *name); // as if it had not been given
// The known name most like `text`, or NULL when nothing is near.
const char *nearest_name(const char *text, const char *const *names, uint32_t n);
// Iterates over a space separated list: copies the next word, returns where to go on, NULL at the end.
const char *word_next(const char *list, char *word, size_t room);

#endif
